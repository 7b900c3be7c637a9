"""Many clients at once, a queue that is full, and the end of a server that is busy."""

from __future__ import annotations

import asyncio
import signal
import threading
import time

import aiohttp
import pytest

from synthetic1 import open_tasks
from synthetic1.rewards.registry import get_verifier
from synthetic1.serving.client import AsyncRewardClient

KEY = "a-key-for-the-tests-only"


async def test_fifty_clients_with_all_kinds_of_tasks(server):
    cases = []
    for family in ("math", "code_understanding", "stem"):
        for task in list(open_tasks(f"embedded:{family}"))[:30]:
            gold = get_verifier(task.task_type).gold_completion(task)
            cases += [(task, f"<think>so</think>{gold}", 1.0), (task, "<think>endless", 0.0)]
    todo = iter(cases * 5)
    wrong = []

    async def one_client():
        async with AsyncRewardClient(server.url, api_key=KEY, tries=1) as client:
            for task, text, score in todo:
                verdict = await client.score(task, text)
                if verdict.score != score:
                    wrong.append((task.problem_id, verdict))

    await asyncio.gather(*(one_client() for _ in range(50)))
    assert wrong == []


async def test_who_comes_to_a_full_server_is_asked_to_come_again(run_server, waiting_row):
    with run_server(
        "--import", "waiting_verifier", "--families", "serving_waits,math", "--concurrency", "2", "--queue", "3"
    ) as server:
        headers = {"Authorization": f"Bearer {KEY}"}
        async with aiohttp.ClientSession(headers=headers) as session:

            async def ask(seconds):
                body = {"task": waiting_row(seconds), "completion": "x"}
                async with session.post(f"{server.url}/v1/score", json=body) as response:
                    return response.status, response.headers.get("Retry-After")

            held = [asyncio.create_task(ask(600)) for _ in range(5)]
            while server_metric(await text_of(session, server), "synthetic1_requests_queued") < 3:
                await asyncio.sleep(0.02)
            assert await ask(0) == (503, "1")
            held[-1].cancel()  # one that waited: its place is free
            while server_metric(await text_of(session, server), "synthetic1_requests_queued") > 2:
                await asyncio.sleep(0.02)
            last = asyncio.create_task(ask(0))
            held[0].cancel()
            held[1].cancel()
            held[2].cancel()
            assert (await last)[0] == 200
            held[3].cancel()
            await asyncio.gather(*held, return_exceptions=True)


async def text_of(session, server):
    async with session.get(f"{server.url}/metrics") as response:
        return await response.text()


def server_metric(text, name):
    return next(float(line.split()[1]) for line in text.splitlines() if line.startswith(f"{name} "))


def test_what_was_accepted_is_finished(run_server, waiting_row, row):
    with run_server("--import", "waiting_verifier", "--families", "serving_waits,math") as server:
        answers = []
        asking = [
            threading.Thread(
                target=lambda: answers.append(server.ask("/v1/score", {"task": waiting_row(2), "completion": "x"}))
            )
            for _ in range(5)
        ]
        for thread in asking:
            thread.start()
        while server.metric("synthetic1_requests_in_flight") < 5:
            time.sleep(0.02)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        with pytest.raises(OSError, match=r"refused|reset"):  # nobody new is let in
            server.ask("/v1/score", {"task": row, "completion": "x"})
        for thread in asking:
            thread.join()
        assert [(status, verdict["score"]) for status, _, verdict in answers] == [(200, 1)] * 5
        assert server.process.wait(30) in (0, -signal.SIGTERM)


def test_the_end_does_not_wait_for_ever(run_server, waiting_row):
    with run_server("--import", "waiting_verifier", "--families", "serving_waits", "--grace", "1") as server:
        answers = []
        thread = threading.Thread(
            target=lambda: answers.append(server.ask("/v1/score", {"task": waiting_row(600), "completion": "x"}))
        )
        thread.start()
        while server.metric("synthetic1_requests_in_flight") < 1:
            time.sleep(0.02)
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(30)
        thread.join()
        assert answers[0][0] == 503


def test_scoring_past_the_time_limit_is_ours_to_answer_for(run_server, waiting_row, row):
    with run_server("--import", "waiting_verifier", "--families", "serving_waits,math", "--timeout", "0.5") as server:
        tasks = [row, waiting_row(600), waiting_row(0)]
        pairs = [{"task": task, "completion": r"\boxed{2}"} for task in tasks]
        verdicts = server.ask("/v1/score_batch", {"pairs": pairs})[2]["verdicts"]
        assert [verdict["score"] for verdict in verdicts] == [1, None, 1]
        assert verdicts[1]["reason"] == "unscorable_infra"
        assert "--timeout" in verdicts[1]["details"]["why"]
