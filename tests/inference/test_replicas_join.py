"""Servers that join and leave while they are asked: every call is answered once, and no slot is lost."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthetic1.inference.client import Client
from synthetic1.inference.engine import Sampling
from synthetic1.inference.errors import InferenceError
from synthetic1.inference.replicas import Replicas
from synthetic1.inference.server import ChangingServer, Roster, Server
from synthetic1.inference.usage import Account

MOST = 12


def ask(number):
    return [{"role": "user", "content": f"number {number}"}]


def answer(messages, sample):
    return messages[-1]["content"]


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr("synthetic1.inference.failure.BACK_OFF_S", (0.01, 0.02))
    monkeypatch.setattr("synthetic1.inference.replicas.PROBE_S", (0.001, 0.002))


class SimulatedServers:
    """Servers that are there or not, by URL, and callers of ``Replicas`` that go on until they have an answer."""

    def __init__(self, urls):
        self.there = set(urls)
        self.answered = []
        self.in_flight = dict.fromkeys(urls, 0)
        self.replicas = Replicas(list(urls), MOST, self.probe, 60.0)

    async def probe(self, url):
        return url in self.there

    async def call(self, number, seconds):
        again = False
        while True:
            replica = await self.replicas.acquire(f"task {number % 7}", again=again)
            self.in_flight[replica.url] = self.in_flight.get(replica.url, 0) + 1
            try:
                async with replica.attempt():
                    await asyncio.sleep(seconds)
                    if replica.url not in self.there:
                        self.replicas.went_down(replica, "refused")
                        continue
                self.replicas.answered(replica, seconds, 10)
                self.answered.append(number)
                return
            except TimeoutError:
                assert replica.gone
            finally:
                self.in_flight[replica.url] -= 1
                self.replicas.release(replica)
                again = True


@settings(max_examples=150)
@given(st.integers(0, 2**32), st.integers(1, 4), st.integers(5, 40))
def test_every_call_is_answered_once_whoever_joins_leaves_or_fails(seed, begin, changes):
    async def run():
        draw = random.Random(seed)
        known = [f"http://s{n}" for n in range(begin)]
        servers = SimulatedServers(known)
        replicas = servers.replicas
        calls = [asyncio.create_task(servers.call(n, draw.uniform(0, 0.004))) for n in range(60)]
        cancelled = set()
        for _ in range(changes):
            what = draw.choice(["join", "leave", "fail", "back", "cancel", "wait", "wait"])
            if what == "join" and len(known) < 8:
                known.append(f"http://j{len(known)}-{draw.random()}")
                servers.there.add(known[-1])
                replicas.join(known[-1])
            elif what == "leave" and known:
                url = known.pop(draw.randrange(len(known)))
                servers.there.add(url)  # given up, it may answer yet
                if draw.random() < 0.5:
                    servers.there.discard(url)
                replicas.leave(url, "it was killed")
            elif what == "fail" and known:
                servers.there.discard(draw.choice(known))
            elif what == "back" and known:
                url = draw.choice(known)
                servers.there.add(url)
                if draw.random() < 0.5:
                    replicas.join(url)  # somebody knows before the next probe
            elif what == "cancel":
                number = draw.randrange(len(calls))
                if calls[number].cancel():
                    cancelled.add(number)
            await asyncio.sleep(draw.choice([0, 0, 0.001, 0.003]))
            live = [one for one in replicas.all if one.up]
            assert sum(one.window.size for one in live) <= MOST
            assert replicas.window == sum(one.window.size for one in live), "none that has left is asked"
            assert {one.url for one in replicas.all} == set(known)
            assert not any(one.waiting for one in replicas.all if not one.up), "nobody waits for one that is away"
        if not known:
            known.append("http://last")
            replicas.join("http://last")
        servers.there |= set(known)
        ended = await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), 20)
        failed = {n for n, one in enumerate(ended) if one is not None}
        assert failed <= cancelled
        assert sorted(servers.answered) == sorted(set(range(len(calls))) - failed)
        assert not any(servers.in_flight.values())
        assert [one.window.in_flight for one in replicas.all] == [0] * len(known), "no slot is lost"
        for replica in replicas.all:
            if not replica.up:
                replicas.join(replica.url)
        assert replicas.window == MOST, "all of it is shared out again"
        await replicas.aclose()

    asyncio.run(run())


@given(st.sets(st.integers(0, 99), min_size=2, max_size=9), st.integers(100, 120))
@settings(max_examples=30)
def test_affinities_of_others_stay_when_one_joins_or_leaves(numbers, new):
    async def run():
        urls = [f"http://s{n}" for n in sorted(numbers)]
        replicas = Replicas(urls, 1000, SimulatedServers([]).probe, 1.0)

        async def home(task):
            replica = await replicas.acquire(task)
            replicas.release(replica)
            return replica.url

        tasks = [f"task {n}" for n in range(60)]
        before = {task: await home(task) for task in tasks}
        replicas.join(f"http://s{new}")
        joined = {task: await home(task) for task in tasks}
        assert {joined[task] for task in tasks if joined[task] != before[task]} <= {f"http://s{new}"}
        replicas.leave(f"http://s{new}", "gone")
        assert {task: await home(task) for task in tasks} == before
        replicas.leave(urls[0], "gone")
        left = {task: await home(task) for task in tasks}
        assert all(left[task] == before[task] for task in tasks if before[task] != urls[0])
        await replicas.aclose()

    asyncio.run(run())


async def test_without_a_server_calls_wait_for_one_that_joins():
    servers = SimulatedServers([])
    calls = [asyncio.create_task(servers.call(n, 0.0)) for n in range(5)]
    await asyncio.sleep(0.01)
    assert not servers.answered
    servers.there.add("http://new")
    servers.replicas.join("http://new")
    await asyncio.gather(*calls)
    assert sorted(servers.answered) == list(range(5))
    servers.replicas.leave("http://new", "its node is gone")
    servers.replicas.outage_s = 0.0
    with pytest.raises(InferenceError, match=r"http://new is gone \(its node is gone\); waited 0 s"):
        await servers.replicas.acquire()
    await servers.replicas.aclose()


async def test_clients_of_one_server_follow_its_roster(scripted_server):
    """Also one that is made later of the same server with other settings, as for completions that are continued."""
    async with scripted_server(answer, latency=0.01) as one, scripted_server(answer, latency=0.01) as two:
        roster = Roster()
        roster.join(one.url)
        server = ChangingServer.like(Server(one.url, "scripted", max_in_flight=8), roster)
        async with (
            Client(server) as client,
            Client(replace(server, extra_body={"x": 1}), Account(None)) as other,
        ):
            assert (await client.check()).model == "scripted"

            async def all_answered(numbers):
                calls = [(client, other)[n % 2].complete(ask(n), 1, Sampling(8), affinity=str(n)) for n in numbers]
                assert [found.answer for (found,) in await asyncio.gather(*calls)] == [f"number {n}" for n in numbers]

            await all_answered(range(40))
            assert not two.requests
            roster.join(two.url)
            await all_answered(range(40, 100))
            assert {body.get("x") for body in two.requests} == {None, 1}
            one.latency = 600.0  # it hangs, as a machine without power
            waiting = asyncio.create_task(all_answered(range(100, 160)))
            while not one.counts["in_flight"]:
                await asyncio.sleep(0.001)
            await asyncio.sleep(0.05)
            roster.leave(one.url, "its node is gone")
            await asyncio.wait_for(waiting, 60)
            asked = len(one.requests)
            await all_answered(range(160, 180))
            assert len(one.requests) == asked
            assert client.usage.in_flight == other.usage.in_flight == 0
            assert server.now().urls == (two.url,)
        roster.leave(two.url, "over")
        assert server.now().urls == (one.url,), "a client that opens now has an address to wait for"
