"""The orchestrator over HTTP on loopback: what is handed in once is settled once, liars do not get in, a crash loses
nothing."""

from __future__ import annotations

import asyncio
import json
import random
import threading
from collections import Counter
from dataclasses import asdict

import pytest
from pools import led_pool, work_of

from synthetic1.datagen.exporting.columns import rows_of
from synthetic1.datagen.journal.runs import open_runs
from synthetic1.pool.hardware.messages import HardwareChallenge, HardwareClaim
from synthetic1.pool.hardware.prover import HardwareProver
from synthetic1.pool.ledger import verify_ledger
from synthetic1.pool.node_key import NodeKey
from synthetic1.pool.orchestrator.settling import Recomputed

LONG = "So we add the two numbers, and write down what comes out of it. " * 10


def records(folder, pool="t"):
    """(problem, sample, score, reason, node) of all rollouts in the journal."""
    found = []
    for group in open_runs(pool, str(folder / "runs")).groups():
        for stored in group.rollouts:
            details = {} if stored.verdict is None else stored.verdict.details
            node = details.get("pool", {}).get("node")
            found.append((group.task.problem_id, stored.rollout.sample_index, stored.score, stored.reason, node))
    return sorted(found)


def believing(pairs):
    return [Recomputed("accept")] * len(pairs)


def test_all_tasks_are_settled_once_and_exported_with_who_made_them(tmp_path):
    async def main():
        async with led_pool(tmp_path, samples=2, recompute=believing, audit={"share": 1.0}) as bed:
            one, other = bed.node(), bed.node()
            await one.join(name="one", region="europe")
            await other.join()
            while True:
                mine, theirs = await one.lease(), await other.lease(5)
                if not mine and not theirs:
                    break
                for node, tasks, right in ((one, mine, True), (other, theirs, False)):
                    if tasks:
                        said = await node.submit(tasks, right=right)
                        assert (len(said["taken"]), said["refused"]) == (len(tasks), {})
                        again = await node.submit(tasks, right=not right)  # the answer was lost: the first one counts
                        assert set(again["taken"]) == set(said["taken"])
            await bed.settled(80)
            assert (await one.ok("/v1/leases", {}))["done"]
            earned = [await node.earned() for node in (one, other)]
            assert sum(e["accepted"] for e in earned) == 80
            assert earned[0]["verified"] == earned[0]["accepted"]
            assert earned[1]["verified"] == 0
            assert [e["units"] for e in earned] == [9 * e["accepted"] for e in earned]
            return one.id, other.id, earned, bed.pool

    one, other, earned, pool = asyncio.run(main())
    found = records(tmp_path)
    assert len({(problem, sample) for problem, sample, *_ in found}) == len(found) == 80
    assert {(score, node) for *_, score, _, node in found} == {(1.0, one), (0.0, other)}
    count, head = verify_ledger(tmp_path / "runs/generate/t/ledger.jsonl", pool)
    assert head == earned[0]["ledger_head"]
    assert count >= 2 + 80 / 8
    groups = list(open_runs("t", str(tmp_path / "runs")).groups())
    (row, *_) = rows_of(groups[0], "synthetic1", everything=groups[0], threshold=1.0)
    assert json.loads(row["verification_result_info"])["pool"]["proof"] == "accept"


def test_a_group_with_a_lie_in_it_is_recomputed_whole_and_a_liar_is_quarantined(tmp_path):
    def recompute(pairs):
        return [Recomputed("reject", "another model") if "lie" in w["text"] else Recomputed("accept") for _, w in pairs]

    async def main():
        async with led_pool(tmp_path, recompute=recompute, audit={"probation": 0, "share": 0.3}) as bed:
            honest, liar = bed.node(), bed.node()
            await honest.join()
            await liar.join()
            tasks = await liar.lease()
            await liar.submit(tasks[:1])  # an honest one does not hide the others
            await bed.settled(1)
            lies = [work_of(task, text=f"lie {task['prompt']}") for task in tasks[1:]]
            await liar.ok("/v1/submissions", {"work": lies})
            await bed.settled(8)
            assert (await liar.post("/v1/leases"))[1]["reason"] == "quarantined"
            while tasks := await honest.lease():
                await honest.submit(tasks)
            await bed.settled(40 + bed.state("rejected"))
            assert (await liar.earned())["units"] == 9
            return honest.id, liar.id

    honest, liar = asyncio.run(main())
    nodes = Counter(node for *_, node in records(tmp_path))
    assert nodes == {honest: 39, liar: 1}


def test_what_was_not_recomputed_of_a_liars_work_is_withdrawn(tmp_path):
    lying = False

    def recompute(pairs):
        return [Recomputed("reject", "another model") if lying else Recomputed("accept") for _ in pairs]

    async def main():
        nonlocal lying
        async with led_pool(
            tmp_path, recompute=recompute, audit={"probation": 0, "share": 0.01, "false_rejections": 0.001}
        ) as bed:
            node = bed.node()
            await node.join()
            for _ in range(3):
                await node.submit(await node.lease())
            await bed.settled(24)
            before = (await node.earned())["units"]
            lying = True
            await node.submit(await node.lease())
            await bed.settled(32)
            earned = await node.earned()
            assert earned["standing"] == "quarantined"
            assert before == 24 * 9
            assert earned["units"] == 3 * 9  # one of each group was recomputed, and is believed
            return bed.pool

    pool = asyncio.run(main())
    found = records(tmp_path)
    assert sum(reason == "tampered" for *_, reason, _ in found) == 21
    assert sum(score == 1.0 for _, _, score, *_ in found) == 3
    verify_ledger(tmp_path / "runs/generate/t/ledger.jsonl", pool)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"completion_tokens": 2_000}, "more than max_tokens"),
        ({"completion_tokens": 0}, "no tokens"),
        ({"finish_reason": "length"}, "says it ran into max_tokens"),
        ({"text": "x" * 2_000}, "characters of 9 tokens"),
    ],
)
def test_what_cannot_be_is_rejected_without_recomputing(tmp_path, more, why):
    async def main():
        async with led_pool(tmp_path) as bed:
            node = bed.node()
            await node.join()
            await node.submit(await node.lease(1), **more)
            await bed.settled(1)
            assert (await node.earned())["rejected"] == 1
            (last,) = bed.service.settling._books.of_node(node.id, 1)
            assert why in last.reason
            again = bed.node()
            await again.join()
            assert len(await again.lease(8)) == 8

    asyncio.run(main())
    assert records(tmp_path) == []


def test_a_copied_text_is_rejected_and_the_first_one_stays(tmp_path):
    async def main():
        async with led_pool(tmp_path, lease={"repeated": 0.0}, samples=2) as bed:
            honest, thief = bed.node(), bed.node()
            await honest.join()
            await thief.join()
            first = await honest.lease(8)
            texts = [f"{LONG}{task['unit']} \\boxed{{0}}" for task in first]
            for task, text in zip(first, texts, strict=True):
                await honest.submit([task], text=text, completion_tokens=300)
            await bed.settled(8)
            stolen = await thief.lease(8)
            work = [
                work_of(task, text=f"{text} ", completion_tokens=300) for task, text in zip(stolen, texts, strict=True)
            ]
            await thief.ok("/v1/submissions", {"work": work})
            await bed.settled(16)
            assert (await honest.earned())["accepted"] == 8
            earned = await thief.earned()
            assert (earned["accepted"], earned["rejected"], earned["standing"]) == (0, 8, "quarantined")

    asyncio.run(main())


def test_who_answers_only_the_easy_tasks_is_quarantined(tmp_path, clock):
    async def main():
        # requests are signed by this machine's clock, so the pool's starts there, too
        async with led_pool(tmp_path, clock=clock, samples=4, lease={"seconds": 5}) as bed:
            node = bed.node()
            await node.join()
            for _ in range(20):
                tasks = await node.lease()
                easy = [task for task in tasks if int(task["prompt"].split()[2]) < 10]
                if easy:
                    await node.submit(easy)
                clock.now += 6
                await asyncio.sleep(0.7)
                if (await node.earned())["standing"] == "quarantined":
                    return await node.earned()
            raise AssertionError("not caught")

    earned = asyncio.run(main())
    assert "it let go of" in earned["why"]


def test_a_lease_that_has_run_out_is_not_taken_and_an_honest_node_loses_only_that(tmp_path, clock):
    async def main():
        async with led_pool(tmp_path, clock=clock, lease={"seconds": 5}) as bed:
            slow, other = bed.node(), bed.node()
            await slow.join()
            await other.join()
            tasks = await slow.lease(4)
            assert (await slow.ok("/v1/leases/renew", {"units": [tasks[0]["unit"]]}))["kept"] == [tasks[0]["unit"]]
            clock.now += 4
            await slow.ok("/v1/leases/renew", {"units": [tasks[0]["unit"]]})
            clock.now += 2
            await asyncio.sleep(0.7)
            taken = [task["unit"] for _ in range(6) for task in await other.lease(8)]
            assert {task["unit"] for task in tasks[1:]} <= set(taken)
            assert tasks[0]["unit"] not in taken
            said = await slow.submit(tasks)
            assert said["taken"] == [tasks[0]["unit"]]
            assert set(said["refused"]) == {task["unit"] for task in tasks[1:]}
            assert (await slow.earned())["lapsed"] == 3

    asyncio.run(main())


def test_begun_again_at_any_moment_nothing_is_lost_or_doubled(tmp_path):
    """The process ends without a goodbye, again and again, while two nodes work."""
    rng, keys = random.Random(3), [NodeKey.generate(), NodeKey.generate()]
    holds = {key.node_id: {} for key in keys}

    async def some(steps):
        async with led_pool(tmp_path, samples=2, recompute=believing, audit={"group_s": 0.1, "group": 3}) as bed:
            nodes = [bed.node(key) for key in keys]
            for node in nodes:
                await node.join()
                held = (await node.ok("/v1/leases/held"))["tasks"]
                mine = holds[node.id]
                assert {task["unit"] for task in held} <= mine.keys() | {task["unit"] for task in held}
                mine.clear()
                mine.update({task["unit"]: task for task in held})
            for _ in range(steps):
                node = rng.choice(nodes)
                mine = holds[node.id]
                if mine and rng.random() < 0.6:
                    part = rng.sample(sorted(mine), min(len(mine), rng.randrange(1, 6)))
                    said = await node.submit([mine[unit] for unit in part])
                    assert sorted(said["taken"]) == sorted(part)
                    if rng.random() < 0.5:  # the answer was lost: it is sent once more
                        for unit in part:
                            del mine[unit]
                elif rng.random() < 0.8:
                    mine.update({task["unit"]: task for task in await node.lease(rng.randrange(1, 9))})
                await asyncio.sleep(rng.choice([0, 0, 0.1]))
            # no goodbye: what is being settled is cut off where it is
            done = (await nodes[0].ok("/v1/leases", {"many": 1}))["done"]
            return done and not bed.service.lending.away

    for _ in range(25):
        if asyncio.run(some(rng.randrange(2, 14))):
            break
    else:
        for _ in range(20):
            if asyncio.run(some(40)):
                break
        else:
            raise AssertionError("it did not come to an end")
    found = records(tmp_path)
    assert len(found) == len({(problem, sample) for problem, sample, *_ in found}) == 80
    assert {score for _, _, score, *_ in found} == {1.0}
    lines = [json.loads(line) for line in (tmp_path / "runs/generate/t/ledger.jsonl").read_text().splitlines()]
    worked = [unit for line in lines if line["kind"] == "work" for unit in line["about"]["rollouts"]]
    assert len(worked) == len(set(worked)) == 80
    assert sum(line["units"] for line in lines) == 80 * 9


def test_quarantine_is_not_left_through_a_challenge_that_was_open(tmp_path):
    async def main():
        challenge = {"memory_bytes": 1 << 20, "commit_within_s": 30, "answer_within_s": 10}
        admin = NodeKey.generate()
        async with led_pool(tmp_path, challenge=challenge, admins=[admin.node_id]) as bed:
            node = bed.node()
            asked = (await node.join(device="one"))["challenge"]
            claim = HardwareClaim(node.id, asked["device"], asked["memory_bytes"])
            prover = HardwareProver(HardwareChallenge(claim, asked["nonce"]))
            committed = prover.commit()
            await bed.node(admin).ok("/v1/admin/nodes", {"action": "quarantine", "node": node.id, "why": "tests"})
            vector = await node.ok("/v1/challenge/commitment", {"rows": committed.rows, "walk": committed.walk})
            chosen = await node.ok("/v1/challenge/product", {"product": prover.times(vector["vector"])})
            opened = {
                "rows": [asdict(row) for row in prover.open_rows(chosen["rows"])],
                "steps": [asdict(step) for step in prover.open_steps(chosen["steps"])],
            }
            assert (await node.ok("/v1/challenge/openings", opened))["standing"] == "quarantined"
            assert (await node.post("/v1/leases"))[1]["reason"] == "quarantined"

    asyncio.run(main())


def test_a_task_that_comes_back_to_the_node_that_was_rejected_is_on_the_disk_again(tmp_path):
    async def main():
        audit = {"false_rejections": 0.5, "certain": 1e-9}
        async with led_pool(tmp_path, audit=audit, limit=1) as bed:
            node = bed.node()
            await node.join()
            first = await node.lease()
            await node.submit(first, completion_tokens=0)
            await bed.settled(1)
            again = await node.lease()
            assert again[0]["unit"] == first[0]["unit"]
            assert again[0]["seed"] != first[0]["seed"]
            bed.service.settling._waiting.clear()
            bed.service.settling.add = lambda *_: None  # the process ends before it is settled
            assert (await node.submit(again))["taken"]
        async with led_pool(tmp_path, audit=audit, limit=1) as bed:
            await bed.settled(1)
            assert (await bed.node(node.key).earned())["accepted"] == 1

    asyncio.run(main())


def test_a_repeated_task_is_paid_once_to_each_node(tmp_path):
    async def main():
        async with led_pool(tmp_path, lease={"repeated": 0.5}) as bed:
            one, other = bed.node(), bed.node()
            await one.join()
            await other.join()
            await one.submit(await one.lease(8))
            await bed.settled(8)
            for _ in range(12):
                if tasks := await other.lease(8):
                    await other.submit(tasks)
                await asyncio.sleep(0.05)
            await asyncio.sleep(1)

    asyncio.run(main())
    lines = [json.loads(line) for line in (tmp_path / "runs/generate/t/ledger.jsonl").read_text().splitlines()]
    paid = [(line["node"], unit) for line in lines if line["kind"] == "work" for unit in line["about"]["rollouts"]]
    assert len(paid) == len(set(paid))


def test_what_cannot_be_recomputed_brings_nothing_else_in(tmp_path):
    def crashing(pairs):
        return [Recomputed("crashed", "out of memory")] * len(pairs)

    async def main():
        async with led_pool(tmp_path, recompute=crashing, audit={"probation": 0, "share": 0.01}) as bed:
            node = bed.node()
            await node.join()
            await node.submit(await node.lease(8))
            await bed.settled(8)
            assert (await node.earned())["accepted"] == 0
            assert bed.state("crashed") == 8

    asyncio.run(main())


def test_what_waits_for_its_verdict_counts_against_what_a_node_may_hold(tmp_path):
    async def main():
        async with led_pool(tmp_path, samples=4, lease={"held": 20}, audit={"group": 1000, "group_s": 1000}) as bed:
            node = bed.node()
            await node.join()
            bed.service.settling._begin_groups = lambda: None
            many = 0
            while tasks := await node.lease(8):
                await node.submit(tasks)
                many += len(tasks)
            assert many == 20

    asyncio.run(main())


def test_an_absence_of_the_pool_costs_nobody_a_lease(tmp_path, clock):
    async def main():
        async with led_pool(tmp_path, clock=clock, lease={"seconds": 5}) as bed:
            node = bed.node()
            await node.join()
            tasks = await node.lease(8)
        clock.now += 10_000
        async with led_pool(tmp_path, clock=clock, lease={"seconds": 5}) as bed:
            node = bed.node(node.key)
            await asyncio.sleep(0.7)
            assert len((await node.submit(tasks))["taken"]) == 8
            assert (await node.earned())["lapsed"] == 0

    asyncio.run(main())


def test_signs_of_life_alone_do_not_keep_a_task_for_ever(tmp_path, clock):
    async def main():
        async with led_pool(tmp_path, clock=clock, lease={"seconds": 50, "longest_s": 100}) as bed:
            node = bed.node()
            await node.join()
            units = [task["unit"] for task in await node.lease(8)]
            for _ in range(6):
                clock.now += 40
                kept = (await node.ok("/v1/leases/renew", {"units": units * 100}))["kept"]
                await asyncio.sleep(0.6)
            assert kept == []
            assert (await node.earned())["lapsed"] == 8
            assert len(bed.service.lending._ends) <= 8 * 8

    asyncio.run(main())


def test_release_outlasts_a_restart(tmp_path):
    admin = NodeKey.generate()

    async def main():
        async with led_pool(tmp_path, recompute=believing, admins=[admin.node_id]) as bed:
            node = bed.node()
            await node.join()
            await node.submit(await node.lease(8), completion_tokens=0)
            await bed.settled(8)
            assert (await node.earned())["standing"] == "quarantined"
            await bed.node(admin).ok("/v1/admin/nodes", {"action": "release", "node": node.id})
        async with led_pool(tmp_path, recompute=believing, admins=[admin.node_id]) as bed:
            record = bed.service.members.get(node.id)
            assert record.conduct.is_dishonest is None
            assert record.conduct.rejected == 0
            assert record.counts["recomputed"] == 0

    asyncio.run(main())


def test_a_quarantine_while_a_group_is_looked_at_lets_none_of_it_in(tmp_path):
    admin = NodeKey.generate()
    begun, go = threading.Event(), threading.Event()

    def slow(pairs):
        begun.set()
        go.wait(20)
        return believing(pairs)

    async def main():
        async with led_pool(tmp_path, recompute=slow, admins=[admin.node_id]) as bed:
            node = bed.node()
            await node.join()
            await node.submit(await node.lease(8))
            while not begun.is_set():
                await asyncio.sleep(0.02)
            await bed.node(admin).ok("/v1/admin/nodes", {"action": "quarantine", "node": node.id})
            go.set()
            await bed.settled(8)
            assert (await node.earned())["units"] == 0

    asyncio.run(main())
    assert records(tmp_path) == []


@pytest.mark.parametrize("moment", ["before the ledger", "after it"])
def test_what_was_in_the_journal_at_the_end_is_paid_once_whatever_an_audit_would_say_now(tmp_path, moment):
    def disbelieving(pairs):
        return [Recomputed("reject", "drawn anew")] * len(pairs)

    async def main():
        async with led_pool(tmp_path, recompute=believing) as bed:
            note = bed.service.settling._standings.note

            async def interrupted(kind, *more):
                if kind == "work" and moment == "after it":
                    await note(kind, *more)
                if kind == "work":
                    raise RuntimeError("the process ends here")
                await note(kind, *more)

            bed.service.settling._standings.note = interrupted
            node = bed.node()
            await node.join()
            await node.submit(await node.lease(8))
            while not bed.failed:
                await asyncio.sleep(0.02)
        for _ in range(2):
            async with led_pool(tmp_path, recompute=disbelieving) as bed:
                earned = await bed.node(node.key).earned()
                assert (earned["accepted"], earned["pending"], earned["units"]) == (8, 0, 72)

    asyncio.run(main())
    assert len(records(tmp_path)) == 8


@pytest.mark.integrations
def test_a_pool_in_postgresql_is_that_of_a_file(tmp_path, database):
    """Texts of all kinds, a liar's work withdrawn, and going on after an end."""
    lying = False

    def recompute(pairs):
        return [Recomputed("reject", "another model") if lying else Recomputed("accept") for _ in pairs]

    async def main():
        nonlocal lying
        audit = {"probation": 0, "share": 0.01, "false_rejections": 0.001}
        async with led_pool(tmp_path, recompute=recompute, audit=audit, journal=database) as bed:
            node, other = bed.node(), bed.node()
            await node.join(name="\u202e'; DROP TABLE pool_nodes; --")
            await other.join()
            await other.submit(await other.lease(8), text="a\x00b \\boxed{0}")
            for _ in range(2):
                await node.submit(await node.lease())
            await bed.settled(24)
            lying = True
            await node.submit(await node.lease())
            await bed.settled(32)
            assert (await node.earned())["standing"] == "quarantined"
        lying = False
        async with led_pool(tmp_path, recompute=recompute, audit=audit, journal=database) as bed:
            assert bed.service.members.get(node.id).member.name.endswith("DROP TABLE pool_nodes; --")
            assert (await bed.node(node.key).post("/v1/leases"))[1]["reason"] == "quarantined"
            third = bed.node(other.key)
            while tasks := await third.lease():
                await third.submit(tasks)
            await bed.settled(48)

    asyncio.run(main())
    found = records(tmp_path)
    assert len(found) == 40
    assert sum(reason == "tampered" for *_, reason, _ in found) == 14


def test_who_joined_and_did_nothing_makes_room(tmp_path, clock):
    async def main():
        async with led_pool(tmp_path, clock=clock, nodes=3, challenge={"memory_bytes": 1 << 20}) as bed:
            idle = [bed.node() for _ in range(3)]
            for node in idle:
                await node.join()
            late = bed.node()
            assert (await late.post("/v1/join"))[1]["reason"] == "full"
            clock.now += 601
            await bed.node(idle[1].key).join()  # heard of again
            assert (await late.join())["standing"] == "new"
            assert {record.member.node for record in bed.service.members} == {idle[1].id, idle[2].id, late.id}

    asyncio.run(main())


def test_an_administrator_quarantines_and_releases(tmp_path):
    admin = NodeKey.generate()

    async def main():
        async with led_pool(tmp_path, admins=[admin.node_id]) as bed:
            boss, node = bed.node(admin), bed.node()
            await node.join()
            await node.lease(4)
            said = await boss.ok("/v1/admin/nodes", {"action": "quarantine", "node": node.id, "why": "too slow"})
            assert said == {"standing": "quarantined", "why": "too slow"}
            assert (await node.post("/v1/leases"))[1]["reason"] == "quarantined"
            assert not bed.service.lending.held(node.id)
            status, said = await node.post("/v1/admin/nodes", {"action": "release", "node": node.id})
            assert (status, said["reason"]) == (403, "not_admin")
            await boss.ok("/v1/admin/nodes", {"action": "release", "node": node.id})
            assert (await node.join())["standing"] == "active"
            assert len(await node.lease(4)) == 4

    asyncio.run(main())


def test_a_failure_of_ours_is_no_rejection(tmp_path):
    calls = 0

    def recompute(pairs):
        nonlocal calls
        calls += 1
        if calls <= 2:
            raise MemoryError("no room")
        return believing(pairs)

    async def main():
        async with led_pool(tmp_path, recompute=recompute) as bed:
            node = bed.node()
            await node.join()
            await node.submit(await node.lease(8))
            await bed.settled(8)
            earned = await node.earned()
            assert (earned["accepted"], earned["rejected"]) == (8, 0)

    asyncio.run(main())
    assert calls == 3
