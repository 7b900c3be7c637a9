"""Several servers as one: who gets which call, and what happens when one of them goes away."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from synthetic1.inference.client import Client
from synthetic1.inference.engine import Sampling
from synthetic1.inference.server import Server


def ask(number):
    return [{"role": "user", "content": f"number {number}"}]


def answer(messages, sample):
    return messages[-1]["content"]


@pytest.fixture
def replicas(scripted_server):
    @asynccontextmanager
    async def started(count, **settings):
        async with AsyncExitStack() as stack:
            servers = [await stack.enter_async_context(scripted_server(answer, **settings)) for _ in range(count)]
            yield servers, tuple(server.url for server in servers)

    return started


async def test_calls_with_the_same_affinity_meet_the_same_replica(replicas):
    async with replicas(3) as (servers, urls), Client(Server(urls)) as client:
        for i in range(60):
            await client.complete(ask(f"{i} of {i % 12}"), 1, Sampling(64), affinity=f"task {i % 12}")
        homes = [{body["messages"][0]["content"].split(" of ")[1] for body in server.requests} for server in servers]
    assert sum(map(len, homes)) == 12, "no task has two homes"
    assert len([home for home in homes if home]) > 1, "and they are not all at one"


async def test_a_replica_that_is_full_gives_of_its_calls_to_the_others(replicas):
    async with replicas(2, latency=0.05) as (servers, urls), Client(Server(urls, max_in_flight=8)) as client:
        await asyncio.gather(*(client.complete(ask(i), 1, Sampling(64), affinity="one") for i in range(40)))
        assert all(len(server.requests) >= 8 for server in servers)


async def test_affinity_does_not_depend_on_the_order_of_the_urls(replicas):
    async with replicas(3) as (servers, urls):
        for order in (urls, urls[::-1]):
            async with Client(Server(order)) as client:
                for i in range(10):
                    await client.complete(ask(i), 1, Sampling(64), affinity=str(i))
        asked = [[body["messages"][0]["content"] for body in server.requests] for server in servers]
    assert all(len(contents) == 2 * len(set(contents)) for contents in asked)


async def test_calls_without_affinity_are_spread(replicas):
    async with replicas(3, latency=0.02) as (servers, urls), Client(Server(urls, max_in_flight=24)) as client:
        await asyncio.gather(*(client.complete(ask(i), 1, Sampling(64)) for i in range(120)))
        shares = [len(server.requests) for server in servers]
        peaks = sum(server.counts["peak"] for server in servers)
    assert sum(shares) == 120
    assert min(shares) >= 20
    assert peaks <= 24, "the limit is that of all replicas together"


async def test_one_replica_dies_and_the_others_do_its_work(replicas):
    async with replicas(2, latency=0.05) as (servers, urls), Client(Server(urls, max_in_flight=16)) as client:
        batch = asyncio.gather(*(client.complete(ask(i), 1, Sampling(64), affinity=str(i)) for i in range(100)))
        while servers[0].counts["completed"] < 10:
            await asyncio.sleep(0.01)
        await servers[0].stop()
        found = [one.answer for (one,) in await batch]
        usage = client.usage
    assert found == [f"number {i}" for i in range(100)]
    assert (usage.completed, usage.failed, usage.in_flight) == (100, 0, 0)
    assert usage.completed == sum(server.counts["completed"] for server in servers)


async def test_replicas_that_serve_different_models_are_refused(scripted_server):
    async with (
        scripted_server(model="a") as one,
        scripted_server(model="b") as other,
        Client(Server((one.url, other.url))) as client,
    ):
        with pytest.raises(Exception, match=r"serves b, and .* a"):
            await client.check()
