"""Refilling a batch: what is generated, what is kept, and that neither timing nor the number of processes matters."""

from __future__ import annotations

import itertools
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthetic1.trainers.reinforcement.sampling.refill import CandidateGroup, Refill, batch_of, share_of
from synthetic1.verdict import Verdict

SIZE = 3
RIGHT, WRONG, OURS = Verdict(1.0, "correct"), Verdict(0.0, "wrong_answer"), Verdict.unscorable("infra", "down")


def kind_of(task, luck):
    """What a group of this task is like: a function of the task, as far as these tests go."""
    return np.random.default_rng([luck, task]).choice(["mixed", "right", "wrong", "ours", "half ours"])


VERDICTS = {
    "mixed": [RIGHT, WRONG, RIGHT],
    "right": [RIGHT, RIGHT, RIGHT],
    "wrong": [WRONG, WRONG, WRONG],
    "ours": [OURS, OURS, OURS],
    "half ours": [RIGHT, OURS, RIGHT],
}


class Machine:
    """Generates and verifies; keeps in which order it was asked to."""

    def __init__(self, luck):
        self.luck, self.tasks, self.events = luck, itertools.count(), []

    def draw(self, n):
        return [next(self.tasks) for _ in range(n)]

    def generate(self, tasks, first):
        self.events.append(("generate", tasks))
        return [CandidateGroup(first + i, task, [[task, j] for j in range(SIZE)], None) for i, task in enumerate(tasks)]

    def verify(self, groups):
        tasks = [group.task for group in groups]
        self.events.append(("verify", tasks))

        def wait():
            self.events.append(("wait", tasks))
            return [VERDICTS[kind_of(task, self.luck)] for task in tasks]

        return wait


def refill(machine, wanted, most_refills, **other):
    calls = {"draw": machine.draw, "generate": machine.generate, "verify": machine.verify}
    return Refill(wanted, most_refills, **calls, **{"overlap": False, **other}).fill()


@given(luck=st.integers(0, 999), wanted=st.integers(1, 9), most=st.integers(1, 5), overlap=st.booleans())
@settings(max_examples=40, deadline=None)
def test_a_batch_is_full_of_groups_that_teach(luck, wanted, most, overlap):
    machine = Machine(luck)
    filled = refill(machine, wanted, most, overlap=overlap)
    drawn = next(machine.tasks)
    teach = [task for task in range(drawn) if kind_of(task, luck) == "mixed"]
    assert len(filled.kept) == wanted
    assert filled.completions == drawn * SIZE <= wanted * (1 + most) * SIZE
    assert filled.tokens == 2 * filled.completions
    assert sorted(g.task for g in (*filled.kept, *filled.dropped)) == list(range(drawn))
    # The first that teach, in the order they were drawn; others only where there are no more.
    kept = [group.task for group in filled.kept]
    assert kept == sorted(kept)
    assert [task for task in kept if task in teach] == teach[:wanted]
    assert filled.missing == max(0, wanted - len(teach))
    assert not filled.missing or drawn == wanted * (1 + most)
    assert not any(group.teaches for group in filled.dropped)  # nothing that teaches was made in vain


@given(luck=st.integers(0, 999), wanted=st.integers(1, 9), overlap=st.booleans())
@settings(max_examples=40, deadline=None)
def test_nothing_is_generated_that_is_not_certainly_needed(luck, wanted, overlap):
    """At every call: even if all open groups survive, and all of this call, the batch is not more than full."""
    machine = Machine(luck)
    refill(machine, wanted, 5, overlap=overlap)
    known, asked = set(), set()
    for event, tasks in machine.events:
        if event == "generate":
            asked |= set(tasks)
            survivors = sum(kind_of(task, luck) == "mixed" for task in known)
            assert survivors + len(asked - known) <= wanted
        elif event == "wait":
            known |= set(tasks)


def test_slow_verdicts_are_waited_for_while_the_next_groups_are_generated():
    machine = Machine(3)
    refill(machine, 6, 5, overlap=True)
    events = [event for event, _ in machine.events]
    assert events[:5] == ["generate", "verify", "generate", "verify", "wait"]  # the first batch comes in halves
    assert [len(tasks) for event, tasks in machine.events if event == "generate"][:2] == [3, 3]
    order = [event for event in events if event != "verify"]
    for before, after in itertools.pairwise(order):
        if before == after == "wait":  # two in a row: nothing more could be generated before the second
            break
    else:
        raise AssertionError(order)


def test_verdicts_at_once_are_not_cut_into_halves():
    machine = Machine(3)
    refill(machine, 6, 5)
    assert [event for event, _ in machine.events][:3] == ["generate", "verify", "wait"]
    assert len(machine.events[0][1]) == 6


@given(
    luck=st.integers(0, 999),
    each=st.integers(1, 3),
    processes=st.integers(2, 4),
    most=st.integers(1, 3),
    overlap=st.booleans(),
)
@settings(max_examples=15, deadline=None)
def test_processes_share_one_batch(luck, each, processes, most, overlap):
    """Each in a thread with its own sampler; they meet in ``gather``, as processes do."""
    barrier = threading.Barrier(processes, timeout=20)
    told = [None] * processes
    filled = [None] * processes
    machines = [Machine(luck) for _ in range(processes)]

    def work(process):
        def gather(own):
            told[process] = own
            barrier.wait()
            together = [item for part in told for item in part]
            barrier.wait()
            return together

        filled[process] = refill(
            machines[process],
            each * processes,
            most,
            overlap=overlap,
            gather=gather,
            process=process,
            processes=processes,
        )

    threads = [threading.Thread(target=work, args=(process,)) for process in range(processes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(len(f.kept) == each for f in filled)
    kept = [group.number for f in filled for group in f.kept]
    dropped = [group.number for f in filled for group in f.dropped]
    assert kept == sorted(kept)
    assert len({(f.completions, f.tokens, f.rounds, f.missing) for f in filled}) == 1
    drawn = filled[0].completions // SIZE
    assert sorted(kept + dropped) == list(range(drawn))
    assert drawn <= each * processes * (1 + most)
    teach = [task for task in range(drawn) if kind_of(task, luck) == "mixed"]
    assert [number for number in kept if number in teach] == teach[: each * processes]
    for rounds in zip(*([e for e in m.events if e[0] == "generate"] for m in machines), strict=True):
        assert len({len(tasks) for _, tasks in rounds}) == 1  # as many on each, or collectives would hang


@given(wanted=st.integers(1, 20), flags=st.lists(st.booleans(), min_size=20, max_size=60), parts=st.integers(1, 5))
@settings(max_examples=40, deadline=None)
def test_the_batch_and_its_shares(wanted, flags, parts):
    teaching = [number for number, flag in enumerate(flags) if flag]
    batch = batch_of(wanted, teaching[::-1], len(flags))
    assert len(batch) == len(set(batch)) == wanted
    assert set(teaching[:wanted]) <= set(batch)
    assert [i for part in range(parts) for i in batch[share_of(wanted, part, parts)]] == batch


@pytest.mark.parametrize(("kind", "teaches"), [(kind, kind == "mixed") for kind in VERDICTS])
def test_which_groups_teach(kind, teaches):
    assert CandidateGroup(0, 0, [[]] * SIZE, None, VERDICTS[kind]).teaches == teaches
