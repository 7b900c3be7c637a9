"""The nodes that have joined, and what they have done so far."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from synthetic1.pool.errors import RequestRefused
from synthetic1.pool.orchestrator.books import Books, Member
from synthetic1.pool.orchestrator.conduct import Conduct
from synthetic1.pool.orchestrator.settings import PoolSettings
from synthetic1.pool.wire import JoinRequest

IDLE_S = 600.0
"""After which a node that has done nothing makes room for another, where there is none."""


@dataclass(slots=True)
class Record:
    """A node, and its sums."""

    member: Member
    conduct: Conduct
    deciding: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while something of its is written, or its standing changes."""
    counts: Counter[str] = field(default_factory=Counter)
    """``accepted``, ``rejected``, ``crashed``, ``pending``, ``verified``, and ``recomputed``."""

    @property
    def is_quarantined(self) -> bool:
        return self.member.standing == "quarantined"


class Members:
    """All nodes, in memory and in the books."""

    def __init__(self, settings: PoolSettings, books: Books, clock: Callable[[], float]) -> None:
        self._settings, self._books, self._clock = settings, books, clock
        self._records: dict[str, Record] = {}
        for member in books.members():
            self._records[member.node] = self._record(member)
        for node, state, proof, many, verified in books.counts():
            if node in self._records:
                counts = self._records[node].counts
                counts[state] += many
                counts["verified"] += verified if state == "accepted" else 0
                counts["recomputed"] += many if proof in ("accept", "reject") else 0
        for record in self._records.values():
            settled = books.of_node(record.member.node, settings.audit.window)
            if record.member.since:  # it was released: what was before does not count
                settled = [s for s in settled if s.at >= record.member.since]
                record.counts["recomputed"] = sum(s.proof in ("accept", "reject") for s in settled)
            record.conduct.note(s.state == "rejected" for s in reversed(settled) if s.state != "crashed")

    def __iter__(self) -> Iterator[Record]:
        return iter(self._records.values())

    def __len__(self) -> int:
        return len(self._records)

    def get(self, node: str) -> Record | None:
        return self._records.get(node)

    def knows(self, node: str) -> bool:
        return node in self._records or node in self._settings.admins

    def committed_ms(self, node: str) -> int:
        """For ``RequestCheck``: when the latest request of a node that changed something was signed."""
        record = self._records.get(node)
        return 0 if record is None else record.member.committed_ms

    def of(self, node: str) -> Record:
        """A node's record; it has been heard of now.

        Raises:
            RequestRefused: it has not joined.
        """
        record = self._records.get(node)
        if record is None:
            raise RequestRefused(403, "not_joined", "this node has not joined: POST /v1/join first")
        record.member.seen = self._clock()
        return record

    def active(self, node: str) -> Record:
        """As ``of``, where it may work.

        Raises:
            RequestRefused: it may not; says why.
        """
        record = self.of(node)
        if record.member.standing == "new":
            raise RequestRefused(403, "not_challenged", "this node has not passed the hardware challenge")
        if record.member.standing == "quarantined":
            raise RequestRefused(403, "quarantined", f"this node is quarantined: {record.member.why}")
        return record

    def join(self, node: str, said: JoinRequest) -> tuple[Record, bool]:
        """Take a node in, or its new words; and whether it has to pass the challenge again.

        Raises:
            RequestRefused: it is not invited, or there are too many.
        """
        record, now = self._records.get(node), self._clock()
        if record is None:
            if self._settings.admission == "invited" and node not in self._settings.invited:
                raise RequestRefused(403, "not_invited", "only invited keys may join this pool")
            if len(self._records) >= self._settings.nodes and not self._make_room():
                raise RequestRefused(503, "full", f"{len(self._records)} nodes have joined already", 600.0)
            member = Member(node, said.name, said.region, said.device, said.memory_bytes, "new", "", now, 0, 0, now)
            record = self._records[node] = self._record(member)
            return record, True
        member = record.member
        other = (member.device, member.memory_bytes) != (said.device, said.memory_bytes)
        member.name, member.region, member.device = said.name, said.region, said.device
        member.memory_bytes, member.seen = said.memory_bytes, now
        if other and member.standing == "active":
            member.standing = "new"
        return record, member.standing == "new"

    def _make_room(self) -> bool:
        """Whether a node could be forgotten: one that joined long ago, and has neither passed the challenge nor done
        anything."""
        before = self._clock() - IDLE_S
        for record in self._records.values():
            member = record.member
            if member.standing == "new" and not record.counts.total() and member.seen < before:
                del self._records[member.node]
                self._books.forget_member(member)
                return True
        return False

    def keep(self, record: Record) -> None:
        self._books.put_member(record.member)

    def begin_anew(self, record: Record) -> None:
        """What a node has done before does not speak against it any more; all it does next is recomputed."""
        record.conduct = self._record(record.member).conduct
        record.counts["recomputed"] = 0
        record.member.lapsed, record.member.since = 0, self._clock()

    def _record(self, member: Member) -> Record:
        audit = self._settings.audit
        return Record(member, Conduct(audit.window, audit.false_rejections, audit.certain))
