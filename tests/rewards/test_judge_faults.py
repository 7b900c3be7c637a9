"""A server that fails: every judgement ends, none is 0 for our own failure, and what arrives is what is true."""

from __future__ import annotations

import asyncio

import judge_replies as replies
import judge_server as servers
import pytest

from synthetic1.rewards.judging.judge import Judge, judge_settings
from synthetic1.rewards.judging.rubrics import CLAIMS
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.rewards.similarity import Similarity
from synthetic1.task import Task

WIRE = "llm_judgeable_groundtruth_similarity"


def right(candidate):
    """An arbitrary truth that depends on the text alone."""
    return len(candidate) % 2 == 0


def task(number):
    return Task(str(number), WIRE, f"What comes after {number}?", gold_standard_solution=f"It is {number + 1}.")


async def judge_all(settings, count):
    """Verdicts of ``count`` different candidates, through the scorer, as training asks for them."""
    pairs = [(task(number % 100), f"My answer is {'x' * (number % 7)} number {number}.") for number in range(count)]
    with Scorer([Similarity(settings)]) as scorer:
        return await scorer.score(pairs)


async def test_a_thousand_judgements_of_a_server_that_fails_three_times_in_ten():
    async with servers.JudgeServer(replies.honest(right)) as sound:
        truth = await judge_all(judge_settings(sound.url), 1_000)
    assert {verdict.score for verdict in truth} == {1.0, 0.01}
    faults = (*servers.LOST, *servers.SPOILT)
    async with servers.JudgeServer(replies.honest(right), faults=faults, share=0.3, seed=1) as failing:
        verdicts = await judge_all(judge_settings({"url": failing.url, "timeout_s": 0.5}), 1_000)
        assert set(failing.counts) == {"answered", *faults}, "all its ways of failing were met"
    assert len(verdicts) == 1_000
    scored = [(verdict, true) for verdict, true in zip(verdicts, truth, strict=True) if verdict.score is not None]
    assert len(scored) >= 995
    assert all(verdict == true for verdict, true in scored)
    assert {verdict.reason for verdict in verdicts if verdict.score is None} <= {"unscorable_judge"}


async def test_nothing_kept_is_charged_again_however_the_server_fails(tmp_path):
    cache = str(tmp_path / "judge.sqlite")
    settings = {"timeout_s": 0.5, "cache": cache}
    faults = (*servers.LOST, *servers.SPOILT)
    async with servers.JudgeServer(replies.honest(right), faults=faults, share=0.3, seed=2) as failing:
        first = await judge_all(judge_settings({"url": failing.url, **settings}), 150)
        answered = failing.counts["answered"]
        assert answered >= 150 - sum(verdict.score is None for verdict in first)
        again = await judge_all(judge_settings({"url": failing.url, **settings}), 150)
        known = [(a, b) for a, b in zip(first, again, strict=True) if a.score is not None]
        assert all(a == b for a, b in known)
        assert failing.counts["answered"] - answered <= 150 - len(known)


async def test_the_account_agrees_with_the_servers(tmp_path):
    async with servers.JudgeServer(replies.honest(right), faults=("500", "refusal"), share=0.3, seed=3) as server:
        judge = Judge(judge_settings(server.url))
        asked = [judge.ask(CLAIMS, question="Why?", reference="So.", candidate=f"Since {n}") for n in range(60)]
        await asyncio.gather(*asked)
        usage = judge.client.usage
        whole = server.counts["answered"] + server.counts["refusal"]
        assert usage.completed == whole
        assert usage.prompt_tokens == whole * servers.PROMPT_TOKENS
        assert usage.completion_tokens == whole * servers.COMPLETION_TOKENS
        await judge.aclose()


async def test_a_server_that_dies_amid_a_batch_and_comes_back():
    async with servers.JudgeServer(replies.honest(right)) as server:
        server.delay_s = 0.02
        batch = asyncio.create_task(judge_all(judge_settings({"url": server.url, "max_in_flight": 8}), 120))
        while server.counts["answered"] < 30:
            await asyncio.sleep(0.01)
        await server.stop()
        await asyncio.sleep(0.5)
        assert not batch.done()
        await server.start()
        verdicts = await batch
    assert len(verdicts) == 120
    assert {verdict.score for verdict in verdicts} == {1.0, 0.01}


@pytest.mark.parametrize("fault", servers.LOST)
async def test_a_server_that_only_fails_is_no_reason_for_a_zero(fault):
    async with servers.JudgeServer(replies.fooled, faults=(fault,), share=1.0) as server:
        settings = judge_settings({"url": server.url, "timeout_s": 0.2, "retries": 1, "outage_s": 0.2})
        judge = Judge(settings)
        verdict = await judge.ask(CLAIMS, question="Why?", reference="So.", candidate="Because of that.")
        assert (verdict.score, verdict.reason) == (None, "unscorable_judge")
        assert "could not be asked" in verdict.details["why"]
        await judge.aclose()


async def test_a_server_that_is_not_there_is_no_reason_for_a_zero():
    server = servers.JudgeServer(replies.fooled)
    await server.start()
    await server.stop()
    (verdict,) = await judge_all(judge_settings({"url": server.url, "outage_s": 0.2}), 1)
    assert verdict.reason == "unscorable_judge"
    assert server.url in verdict.details["why"]
