"""The worker against a real pool and a scripted server, both on loopback."""

from __future__ import annotations

import asyncio

import pytest
from pools import led_pool
from scripted_server import ScriptedServer

from synthetic1.inference.client import Client
from synthetic1.inference.server import Server
from synthetic1.jobs.program import ProgramError
from synthetic1.pool.node_key import NodeKey
from synthetic1.pool.wire import JoinRequest, WorkDone
from synthetic1.pool.worker.connection import PoolConnection, PoolRefused
from synthetic1.pool.worker.spool import Spool
from synthetic1.pool.worker.worker import PoolWorker, join


def reply(messages, sample):
    return f"The sum is \\boxed{{{messages[0]['content'].rpartition(' = ')[2]}}}"


async def at_work(bed, server, folder, key=None, *, until=None, **more):
    """A worker until the pool has nothing left, or ``until`` is over; its counts."""
    key = key or NodeKey.generate()
    connection = await PoolConnection.open(bed.url, key, bed.pool)
    try:
        terms = (await join(connection, key, JoinRequest(device="test", memory_bytes=1 << 20))).terms
        async with Client(Server((server.url,), "scripted", outage_s=5.0)) as client:
            worker = PoolWorker(
                connection, terms, client, Spool(folder), None, concurrency=4, on_news=lambda counts: None, **more
            )
            if until is None:
                await worker.run()
            else:
                task = asyncio.create_task(worker.run())
                await asyncio.wait({task, asyncio.ensure_future(until())}, return_when="FIRST_COMPLETED")
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        return worker.counts
    finally:
        await connection.aclose()


def test_workers_do_all_there_is_and_pass_the_challenge(tmp_path):
    async def main():
        async with (
            ScriptedServer(reply, latency=0.01) as server,
            led_pool(
                tmp_path, challenge={"memory_bytes": 1 << 20, "commit_within_s": 30, "answer_within_s": 10}
            ) as bed,
        ):
            counts = await asyncio.gather(*(at_work(bed, server, tmp_path / str(i)) for i in range(3)))
            await bed.settled(40)
            assert sum(count.handed_in for count in counts) == 40
            assert bed.state("verified") == 40
            assert server.counts["requests"] == 40
            seeds = {request["seed"] for request in server.requests}
            assert len(seeds) == 40

    asyncio.run(main())


def test_a_worker_that_was_killed_hands_in_what_it_had_done_and_asks_nothing_twice(tmp_path):
    async def main():
        key = NodeKey.generate()
        async with ScriptedServer(reply, latency=0.05) as server, led_pool(tmp_path) as bed:

            async def some():
                while server.counts["completed"] < 10:
                    await asyncio.sleep(0.01)

            await at_work(bed, server, tmp_path / "spool", key, until=some)
            under_way = server.counts["lost"]
            await at_work(bed, server, tmp_path / "spool", key)
            await bed.settled(40)
            assert bed.state("verified") == 40
            assert server.counts["completed"] <= 40 + 4  # four were under way when it ended
            assert server.counts["requests"] - under_way <= 44
            assert not list((tmp_path / "spool").iterdir())
            assert (await bed.node(key).earned())["lapsed"] == 0

    asyncio.run(main())


def test_a_pool_that_is_away_is_waited_for(tmp_path):
    async def main():
        key = NodeKey.generate()
        async with ScriptedServer(reply, latency=0.02) as server:
            async with led_pool(tmp_path) as bed:
                connection = await PoolConnection.open(bed.url, key)
                await join(connection, key, JoinRequest())
                port = int(bed.url.rpartition(":")[2])
            from synthetic1.pool.wire import EarnedReply, EmptyRequest

            asking = asyncio.create_task(connection.post("/v1/earned", EmptyRequest(), EarnedReply))
            await asyncio.sleep(0.5)
            assert not asking.done()
            async with led_pool(tmp_path, port=port) as bed:
                assert bed.url == connection.url
                assert (await asyncio.wait_for(asking, 30)).standing == "active"
                await connection.aclose()
                await at_work(bed, server, tmp_path / "spool", key)
                await bed.settled(40)

    asyncio.run(main())


def test_a_challenge_that_the_pool_forgets_is_begun_anew(tmp_path):
    async def main():
        challenge = {"memory_bytes": 1 << 20, "commit_within_s": 30, "answer_within_s": 10}
        async with led_pool(tmp_path, challenge=challenge) as bed:
            key, forgotten = NodeKey.generate(), 0
            product = bed.service.challenges.product

            async def forgetful(node, said):
                nonlocal forgotten
                if forgotten < 3:
                    forgotten += 1
                    bed.service.challenges.drop(node)
                return await product(node, said)

            bed.service.challenges.product = forgetful
            connection = await PoolConnection.open(bed.url, key)
            assert (await join(connection, key, JoinRequest())).standing == "active"
            assert forgotten == 3
            await connection.aclose()

    asyncio.run(main())


def test_a_quarantined_worker_says_so_and_ends(tmp_path):
    async def main():
        key, admin = NodeKey.generate(), NodeKey.generate()
        async with ScriptedServer(reply, latency=0.2) as server, led_pool(tmp_path, admins=[admin.node_id]) as bed:

            async def later():
                await asyncio.sleep(0.5)
                await bed.node(admin).ok(
                    "/v1/admin/nodes", {"action": "quarantine", "node": key.node_id, "why": "tests"}
                )

            _, ended = await asyncio.gather(
                later(), at_work(bed, server, tmp_path / "spool", key), return_exceptions=True
            )
            assert isinstance(ended, PoolRefused)
            assert "quarantined: tests" in str(ended)
            with pytest.raises(PoolRefused, match="quarantined"):
                await at_work(bed, server, tmp_path / "spool", key)

    asyncio.run(main())


def test_no_pool_or_another_one_is_said_in_one_line(tmp_path):
    async def main():
        key = NodeKey.generate()
        async with ScriptedServer(reply) as server, led_pool(tmp_path) as bed:
            for url, pool, why in (
                ("http://127.0.0.1:9", None, "no pool answers"),
                (server.url.removesuffix("/v1"), None, "is no pool"),
                (bed.url, key.node_id, "that is the pool"),
                ("localhost:8470", None, "must be the address"),
            ):
                with pytest.raises(ProgramError, match=why) as caught:
                    await PoolConnection.open(url, key, pool)
                assert "\n" not in str(caught.value)

    asyncio.run(main())


def test_the_spool_survives_what_was_cut_off(tmp_path):
    spool = Spool(tmp_path)
    work = WorkDone(
        unit="0" * 32, text="\ufffd é\x00", finish_reason="stop", prompt_tokens=1, completion_tokens=2, proofs=["a"]
    )
    spool.put(work)
    (tmp_path / f"{'1' * 32}.json").write_text('{"unit": "11')
    assert list(Spool(tmp_path)) == [work]
    assert [path.stem for path in tmp_path.iterdir()] == ["0" * 32]
    spool.drop(work.unit)
    spool.drop(work.unit)
    assert list(spool) == []
