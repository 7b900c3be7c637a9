"""Lending tasks out: to whom, for how long, and what becomes of those that do not come back."""

from __future__ import annotations

import hashlib
import heapq
import random
import secrets
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from synthetic1.pool.orchestrator.books import Books, Lease, Member
from synthetic1.pool.orchestrator.settings import LeaseSection
from synthetic1.pool.orchestrator.window import LendingWindow, WantedRollout
from synthetic1.task import Task

REPEATABLE = 4096
"""Settled units that are kept to be lent once more."""
AHEAD = 64
"""Tasks that are read at once."""
LAPSES_LOOKED_AT = 40
"""A node's tasks before its lapses are judged."""


class Lending:
    """All leases. A task is lent to one node at a time; the same one, to others, only to compare them.

    Args:
        put_task: records a task that is lent, and its position: after a crash it is known again.
        wanted: units in the run's order, without those that are in the journal.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        settings: LeaseSection,
        books: Books,
        put_task: Callable[[Task, int], None],
        wanted: Iterator[WantedRollout | None],
        *,
        clock: Callable[[], float],
        samples: random.Random | None = None,
    ) -> None:
        self._settings, self._books, self._put_task, self._clock = settings, books, put_task, clock
        self._random = samples or random.Random(secrets.randbits(64))
        self.away: dict[str, WantedRollout] = {}
        """Units that are lent out, or wait for their verdict."""
        self._window = LendingWindow(self._not_away(wanted), settings.window, self._epoch)
        self._leases: dict[tuple[str, str], Lease] = {}
        self._of_node: dict[str, dict[str, Lease]] = {}
        self._began: dict[tuple[str, str], float] = {}
        self._tries: Counter[tuple[str, str]] = Counter()
        """How often a node was rejected for a unit that is wanted still."""
        self._ends: list[tuple[float, str, str]] = []
        self._repeatable: deque[tuple[WantedRollout, set[str], bool]] = deque(maxlen=REPEATABLE)
        self.repeated: dict[str, tuple[WantedRollout, bool]] = {}
        """Units that are lent once more, and whether the first node's was verified."""

    def __len__(self) -> int:
        return len(self._leases)

    @property
    def is_done(self) -> bool:
        """All that is wanted is settled."""
        return not self.away and self._window.is_exhausted

    def read_ahead(self) -> None:
        """Have some more tasks ready, so that nobody who asks waits until they are read."""
        self._window.fill(AHEAD)

    def restore(self, leases: Iterable[Lease], units: Mapping[str, WantedRollout]) -> None:
        """Take up what was lent before a crash.

        Args:
            units: of those leases and of pending submissions; others are let go of.
        """
        self.away.update(units)
        for lease in leases:
            if lease.unit in units and not lease.repeated:  # nobody could renew it while this was away
                self._hold(replace(lease, until=self._clock() + self._settings.seconds))
            else:
                self._books.end_lease(lease)

    def held(self, node: str) -> list[Lease]:
        return list(self._of_node.get(node, {}).values())

    def lease(self, unit: str, node: str) -> Lease | None:
        return self._leases.get((unit, node))

    def lend(self, member: Member, many: int, *, waiting: int = 0) -> list[tuple[WantedRollout, Lease]]:
        """Lend a node at most so many. What it holds already, and what waits for its verdict, counts against ``held``.

        Args:
            waiting: so many of its completions are to be settled.
        """
        room = min(many, self._settings.tasks, self._settings.held - len(self.held(member.node)) - waiting)
        if room <= 0:
            return []
        lent = []
        for _ in range(room):
            if self._random.random() < self._settings.repeated and (again := self._to_repeat(member.node)):
                lent.append(self._lend(again, member.node, repeated=True))
        for unit in self._window.take(member.node, room - len(lent)):
            self.away[unit.key] = unit
            lent.append(self._lend(unit, member.node, repeated=False))
        return lent

    def renew(self, node: str, units: Iterable[str]) -> list[str]:
        """Those of the units that are the node's still; they are so for as long again."""
        now, kept = self._clock(), []
        until = now + self._settings.seconds
        for unit in units:
            lease = self._leases.get((unit, node))
            if lease is not None and now - self._began[unit, node] <= self._settings.longest_s:
                self._hold(replace(lease, until=until))
                self._books.put_lease(self._leases[unit, node])
                kept.append(unit)
        return kept

    def handed_in(self, lease: Lease) -> None:
        """It waits for its verdict from now on. The books end the lease with the submission."""
        self._drop(lease)

    def let_lapse(self) -> list[Lease]:
        """Those that have run out: their tasks are anybody's."""
        now, lapsed = self._clock(), []
        while self._ends and self._ends[0][0] <= now:
            until, unit, node = heapq.heappop(self._ends)
            lease = self._leases.get((unit, node))
            if lease is not None and lease.until == until:  # else it was renewed, or is over
                self.take_back(lease)
                lapsed.append(lease)
        return lapsed

    def take_back(self, lease: Lease) -> None:
        """The node does not have it any more."""
        self._drop(lease)
        self._books.end_lease(lease)
        self._again(lease)

    def rejected(self, lease: Lease) -> None:
        """What was handed in for it is not believed: somebody has to do it anew."""
        self._tries[lease.unit, lease.node] += 1
        self._again(lease)

    def settled(self, lease: Lease, verified: bool) -> None:
        """It is in the journal."""
        self._tries.pop((lease.unit, lease.node), None)
        if lease.repeated:
            self.repeated.pop(lease.unit, None)
        elif (unit := self.away.pop(lease.unit, None)) is not None:
            self._repeatable.append((unit, {lease.node}, verified))

    def _again(self, lease: Lease) -> None:
        if lease.repeated:
            self.repeated.pop(lease.unit, None)
        elif (unit := self.away.pop(lease.unit, None)) is not None:
            self._window.give_back(unit)

    def _not_away(self, wanted: Iterator[WantedRollout | None]) -> Iterator[WantedRollout | None]:
        for unit in wanted:
            if unit is None or unit.key not in self.away:
                yield unit

    def _to_repeat(self, node: str) -> WantedRollout | None:
        for _ in range(min(8, len(self._repeatable))):
            unit, by, verified = self._repeatable[self._random.randrange(len(self._repeatable))]
            if node not in by and unit.key not in self.repeated:
                by.add(node)  # once each: it would be paid twice for the same
                self.repeated[unit.key] = unit, verified
                return unit
        return None

    def _lend(self, unit: WantedRollout, node: str, *, repeated: bool) -> tuple[WantedRollout, Lease]:
        until = self._clock() + self._settings.seconds
        seed = seed_of(unit.key, node, self._tries[unit.key, node])
        lease = Lease(unit.key, node, unit.task.key, unit.sample, unit.position, seed, repeated, until)
        self._hold(lease)
        self._put_task(unit.task, unit.position)
        self._books.put_lease(lease)
        return unit, lease

    def _hold(self, lease: Lease) -> None:
        self._leases[lease.unit, lease.node] = lease
        self._began.setdefault((lease.unit, lease.node), self._clock())
        self._of_node.setdefault(lease.node, {})[lease.unit] = lease
        heapq.heappush(self._ends, (lease.until, lease.unit, lease.node))

    def _drop(self, lease: Lease) -> None:
        self._leases.pop((lease.unit, lease.node), None)
        self._began.pop((lease.unit, lease.node), None)
        held = self._of_node.get(lease.node, {})
        held.pop(lease.unit, None)
        if not held:
            self._of_node.pop(lease.node, None)

    def _epoch(self) -> int:
        return int(self._clock() // self._settings.epoch_s)


def seed_of(unit: str, node: str, tries: int = 0) -> int:
    """The seed that a node samples a unit with, 31 bits: no other node's, so what it copies was sampled otherwise."""
    return int.from_bytes(hashlib.sha256(f"{unit}:{node}:{tries}".encode()).digest()[:4], "big") & 0x7FFFFFFF
