"""Leases: each task to one node at a time, none lost, none doubled, whatever nodes do."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from synthetic1.pool.orchestrator.books import Books, Member
from synthetic1.pool.orchestrator.lending import Lending, seed_of
from synthetic1.pool.orchestrator.settings import LeaseSection
from synthetic1.pool.orchestrator.window import LendingWindow, WantedRollout
from synthetic1.task import Task


class NoBooks(Books):
    """Keeps nothing: these tests are about what is in memory."""

    def __init__(self):
        self.leases_put = Counter()

    def put_lease(self, lease):
        self.leases_put[lease.unit] += 1

    def end_lease(self, lease):
        pass


def units(many):
    for i in range(many):
        task = Task(problem_id=f"p{i}", task_type="verifiable_math", prompt=f"{i}?", verification_info={})
        yield WantedRollout(f"{i:032x}", task, 0, i)


def member(name):
    return Member(f"{name:064x}", "", "", "", 0, "active", "", 0.0)


def lending(clock, many, **section):
    return Lending(
        LeaseSection(**{"repeated": 0.0, **section}),
        NoBooks(),
        lambda task, position: None,
        units(many),
        clock=clock,
        samples=random.Random(0),
    )


def test_every_task_is_settled_once_whatever_nodes_do(clock):
    rng = random.Random(1)
    lent, settled = lending(clock, 500, seconds=10, window=64, held=16), Counter()
    nodes = [member(i) for i in range(8)]
    holds = {}
    while not lent.is_done:
        clock.now += rng.uniform(0, 2)
        for lease in lent.let_lapse():
            holds.pop((lease.unit, lease.node))
        node = rng.choice(nodes)
        for unit, lease in lent.lend(node, rng.randrange(1, 20)):
            assert not any(key == unit.key for key, _ in holds), "lent to two"
            assert settled[unit.key] == 0
            holds[unit.key, node.node] = lease
        mine = [lease for (_, who), lease in holds.items() if who == node.node]
        if rng.random() < 0.3:
            kept = lent.renew(node.node, [lease.unit for lease in mine])
            assert sorted(kept) == sorted(lease.unit for lease in mine)
        elif rng.random() < 0.8:
            for lease in mine:
                assert lent.lease(lease.unit, lease.node) is not None
                lent.handed_in(lease)
                del holds[lease.unit, lease.node]
                if rng.random() < 0.1:
                    lent.rejected(lease)
                else:
                    lent.settled(lease, True)
                    settled[lease.unit] += 1
    assert len(settled) == 500
    assert set(settled.values()) == {1}


def test_a_lease_ends_when_it_is_not_renewed(clock):
    lent = lending(clock, 4, seconds=10)
    node = member(1)
    first = lent.lend(node, 2)
    clock.now += 9
    assert lent.renew(node.node, [first[0][0].key]) == [first[0][0].key]
    clock.now += 2
    assert [lease.unit for lease in lent.let_lapse()] == [first[1][0].key]
    assert lent.renew(node.node, [first[1][0].key]) == []
    clock.now += 8
    assert [lease.unit for lease in lent.let_lapse()] == [first[0][0].key]
    assert len({unit.key for unit, _ in lent.lend(member(2), 8)}) == 4


def test_a_node_holds_no_more_than_it_may(clock):
    lent = lending(clock, 100, tasks=8, held=20)
    assert [len(lent.lend(member(1), 50)) for _ in range(4)] == [8, 8, 4, 0]
    assert len(lent.lend(member(2), 3)) == 3


def test_what_a_node_gets_is_its_keys_and_the_epochs_not_its_own_choice(clock):
    def chosen(node, epoch):
        window = LendingWindow(units(1_000), 256, lambda: epoch)
        return [unit.key for unit in window.take(node.node, 8)]

    first = chosen(member(1), 5)
    assert first == chosen(member(1), 5)
    assert len({*first, *chosen(member(2), 5), *chosen(member(1), 6)}) > 20
    # who lets go of them to get easier ones gets the same again, as long as nobody else has taken them
    window = LendingWindow(units(1_000), 256, lambda: 5)
    taken = window.take(member(1).node, 8)
    for unit in taken:
        window.give_back(unit)
    again = window.take(member(1).node, 8)
    assert {unit.key for unit in again} == {unit.key for unit in taken}
    # and over all tasks, no place in the order is favoured
    counts = Counter(int(key, 16) // 64 for i in range(200) for key in chosen(member(i), 1))
    assert min(counts.values()) > 0.6 * max(counts.values())


def test_seeds_are_of_a_unit_and_a_node():
    seeds = {seed_of(f"{unit:032x}", f"{node:064x}") for unit in range(50) for node in range(50)}
    assert len(seeds) == 2_500
    assert all(0 <= seed < 2**31 for seed in seeds)


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_some_leases_are_settled_tasks_of_another_node(clock, share):
    lent = lending(clock, 400, repeated=share, held=1000, tasks=8)
    one, other = member(1), member(2)
    for _, lease in [pair for _ in range(25) for pair in lent.lend(one, 8)]:
        assert not lease.repeated  # nobody else's are there
        lent.handed_in(lease)
        lent.settled(lease, True)
    got = [pair for _ in range(25) for pair in lent.lend(other, 8)]
    repeated = [lease for _, lease in got if lease.repeated]
    assert 0.4 * share * len(got) < len(repeated) < 1.8 * share * len(got)
    for lease in repeated:
        assert lease.seed == seed_of(lease.unit, other.node)
        lent.handed_in(lease)
        lent.rejected(lease)  # it is not wanted again: it was settled before
    assert not {lease.unit for lease in repeated} & lent.away.keys()
