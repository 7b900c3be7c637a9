"""A server process that is killed amid a batch and comes back: the batch completes."""

from __future__ import annotations

import asyncio

from scripted_process import scripted

from synthetic1.inference.client import Client
from synthetic1.inference.engine import Sampling
from synthetic1.inference.server import Server

CALLS = 600


async def test_the_batch_outlives_its_server():
    with scripted("--latency", "0.1", "--right", "1.0") as server:
        async with Client(Server(server.url, max_in_flight=16)) as client:
            calls = [
                client.complete([{"role": "user", "content": f"1 + {i} = {1 + i}"}], 1, Sampling(64, seed=i))
                for i in range(CALLS)
            ]
            batch = asyncio.gather(*calls)
            while client.usage.completed < 30:
                await asyncio.sleep(0.01)
            assert client.usage.in_flight > 0
            await asyncio.to_thread(server.kill)
            while not client.usage.errors:
                assert not batch.done()
                await asyncio.sleep(0.01)
            assert not batch.done()
            before = client.usage.completed
            await asyncio.to_thread(server.start)
            found = [one.answer.strip() for (one,) in await batch]
            usage, counts = client.usage, server.counts()
    assert found == [f"\\boxed{{{1 + i}}}" for i in range(CALLS)]
    assert (usage.completed, usage.failed, usage.in_flight) == (CALLS, 0, 0)
    assert 30 <= before < CALLS
    assert counts["completed"] == counts["distinct"] == CALLS - before, "no answer that had arrived is asked for again"
    lost = usage.errors["server_error"]
    assert usage.errors.keys() <= {"server_error", "unreachable"}
    assert 0 < lost == usage.usage_unknown
    assert usage.requests == CALLS + sum(usage.errors.values())
