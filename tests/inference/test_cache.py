"""The cache: what is known is not paid for again, and only what would come again is kept."""

from __future__ import annotations

import asyncio
import sqlite3

import pytest
from scripted_server import Fault

from synthetic1.inference.client import Client
from synthetic1.inference.engine import Sampling
from synthetic1.inference.errors import ServerError
from synthetic1.inference.server import Server

GREEDY = Sampling(64, temperature=0.0)


def ask(number):
    return [{"role": "user", "content": f"number {number}"}]


def answer(messages, sample):
    return f"<think>hm</think>{messages[-1]['content']}"


@pytest.fixture
def cache(tmp_path):
    return str(tmp_path / "cache" / "answers.sqlite")


async def test_the_same_call_is_charged_once(scripted_server, cache):
    async with scripted_server(answer) as server:
        found = []
        for _ in range(2):  # the second with a client that reads the file
            async with Client(Server(server.url, cache=cache)) as client:
                found += [await client.complete(ask(1), 1, GREEDY) for _ in range(3)]
                usage = client.usage
        assert len(server.requests) == 1
    assert (usage.requests, usage.completed, usage.cached) == (0, 0, 3)
    assert all(one == found[0] for one in found)
    assert (found[0][0].reasoning, found[0][0].answer) == ("hm", "number 1")


async def test_equal_calls_at_once_are_one_request(scripted_server, cache):
    async with scripted_server(answer, latency=0.1) as server, Client(Server(server.url, cache=cache)) as client:
        found = await asyncio.gather(*(client.complete(ask(i % 2), 1, GREEDY) for i in range(20)))
        assert len(server.requests) == 2
        assert client.usage.cached == 18
    assert [one.answer for (one,) in found] == [f"number {i % 2}" for i in range(20)]


async def test_whoever_waits_for_a_call_that_is_cancelled_asks_itself(scripted_server, cache):
    async with scripted_server(answer, latency=0.2) as server, Client(Server(server.url, cache=cache)) as client:
        first, second = (asyncio.create_task(client.complete(ask(1), 1, GREEDY)) for _ in range(2))
        while not server.requests:
            await asyncio.sleep(0.01)
        first.cancel()
        (completion,) = await second
    assert completion.answer == "number 1"


async def test_what_is_drawn_by_chance_is_not_kept(scripted_server, cache):
    async with scripted_server(answer) as server, Client(Server(server.url, cache=cache)) as client:
        for _ in range(2):
            await client.complete(ask(1), 1, Sampling(64, temperature=0.1))
        assert len(server.requests) == 2
        assert client.usage.cached == 0


@pytest.mark.parametrize(
    ("other", "more"),
    [(Sampling(65, temperature=0.0), {}), (Sampling(64, temperature=0.0, stop=("x",)), {}), (GREEDY, {"a": 1})],
    ids=["max_tokens", "stop", "extra_body"],
)
async def test_all_that_can_change_an_answer_is_in_the_key(scripted_server, cache, other, more):
    async with scripted_server(answer) as server:
        async with Client(Server(server.url, cache=cache)) as client:
            await client.complete(ask(1), 1, GREEDY)
        async with Client(Server(server.url, cache=cache, extra_body=more)) as client:
            await client.complete(ask(1), 1, other)
        assert len(server.requests) == 2


async def test_an_answer_that_was_lost_is_not_kept(scripted_server, cache):
    async with (
        scripted_server([Fault("aborted"), "well", "number 1"]) as server,  # asked whether it is well, it is
        Client(Server(server.url, cache=cache, retries=0)) as client,
    ):
        with pytest.raises(Exception, match="abort"):
            await client.complete(ask(1), 1, GREEDY)
        (completion,) = await client.complete(ask(1), 1, GREEDY)
    assert completion.answer == "number 1"


async def test_a_file_that_is_no_cache_is_one_line(scripted_server, tmp_path):
    text, later = tmp_path / "notes.txt", tmp_path / "later.sqlite"
    text.write_text("no data base, " * 100)
    with sqlite3.connect(later) as rows:
        rows.execute("PRAGMA user_version=99")
    rows.close()
    async with scripted_server(answer) as server:
        for path in (text, later):
            with pytest.raises(ServerError, match="name another file"):
                async with Client(Server(server.url, cache=str(path))) as client:
                    await client.complete(ask(1), 1, GREEDY)
    assert text.read_text().startswith("no data base"), "and it is left as it was"
