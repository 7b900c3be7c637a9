"""What an orchestrator has to know after a crash: tables of its own in the run's journal.

They lie in the journal's database, and are written by its thread, in order: what was said before something else is on
the disk before it. So a completion is pending, or in the journal, and in no moment neither; what is redone after a
crash is known by its key.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from synthetic1.datagen.journal.writer import Journal

Standing = Literal["new", "active", "quarantined"]
State = Literal["pending", "accepted", "rejected", "crashed"]
ProofState = Literal["none", "accept", "reject", "crashed"]
_TABLES = (
    "CREATE TABLE IF NOT EXISTS pool_nodes (node TEXT PRIMARY KEY, name TEXT NOT NULL, region TEXT NOT NULL,"
    " device TEXT NOT NULL, memory BIGINT NOT NULL, standing TEXT NOT NULL, why TEXT NOT NULL, joined DOUBLE PRECISION"
    " NOT NULL, committed BIGINT NOT NULL, lapsed BIGINT NOT NULL, since DOUBLE PRECISION NOT NULL)",
    "CREATE TABLE IF NOT EXISTS pool_leases (unit TEXT NOT NULL, node TEXT NOT NULL, task TEXT NOT NULL, sample BIGINT"
    " NOT NULL, position BIGINT NOT NULL, seed BIGINT NOT NULL, repeated BIGINT NOT NULL, until DOUBLE PRECISION NOT"
    " NULL, PRIMARY KEY (unit, node))",
    "CREATE TABLE IF NOT EXISTS pool_submissions (unit TEXT NOT NULL, node TEXT NOT NULL, task TEXT NOT NULL, sample"
    " BIGINT NOT NULL, position BIGINT NOT NULL, seed BIGINT NOT NULL, repeated BIGINT NOT NULL, at DOUBLE PRECISION"
    " NOT NULL, digest TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL, proof TEXT NOT NULL, score DOUBLE"
    " PRECISION, units BIGINT NOT NULL, work TEXT NOT NULL, PRIMARY KEY (unit, node))",
    "CREATE INDEX IF NOT EXISTS pool_submissions_by_state ON pool_submissions (state)",
    "CREATE INDEX IF NOT EXISTS pool_submissions_by_digest ON pool_submissions (digest)",
)
_NODE = (
    "INSERT INTO pool_nodes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (node) DO UPDATE SET name ="
    " excluded.name, region = excluded.region, device = excluded.device, memory = excluded.memory, standing ="
    " excluded.standing, why = excluded.why, committed = excluded.committed, lapsed = excluded.lapsed,"
    " since = excluded.since"
)
_LEASE = (
    "INSERT INTO pool_leases VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (unit, node) DO UPDATE SET until ="
    " excluded.until"
)
_SUBMISSION = (
    "INSERT INTO pool_submissions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (unit, node) DO"
    " UPDATE SET seed = excluded.seed, at = excluded.at, digest = excluded.digest, state = excluded.state, reason ="
    " excluded.reason, proof = excluded.proof, score = excluded.score, units = excluded.units, work = excluded.work"
    " WHERE pool_submissions.state IN ('rejected', 'crashed')"
)
_SUBMITTED = "unit, node, task, sample, position, seed, repeated, at, digest, state, reason, proof, score, units, work"


@dataclass(slots=True)
class Member:
    """A node that has joined."""

    node: str
    """Its public key."""
    name: str
    region: str
    device: str
    memory_bytes: int
    """These four are what it says of itself."""
    standing: Standing
    """``new``: it has not passed the challenge, and gets no tasks."""
    why: str
    """It is quarantined; one line."""
    joined: float
    """Seconds since 1970, as all moments here."""
    committed_ms: int = 0
    """When its latest request that changed something was signed, by its own clock."""
    lapsed: int = 0
    """Tasks that it was lent and has not answered."""
    seen: float = 0.0
    since: float = 0.0
    """What it did before this moment, when it was released, does not count any more."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A task lent to a node, to be answered once."""

    unit: str
    """The key of the rollout that it is to become."""
    node: str
    task: str
    sample: int
    position: int
    seed: int
    """That the node has to sample with: no other node has it."""
    repeated: bool
    """It was another node's, and is settled."""
    until: float


@dataclass(slots=True)
class Submission:
    """What a node has handed in for a lease."""

    lease: Lease
    at: float
    digest: str
    """Of the completion's text."""
    work: dict[str, Any]
    """``text``, ``finish_reason``, ``usage``, ``proofs``: the wire's, as it came."""
    state: State = "pending"
    reason: str = ""
    proof: ProofState = "none"
    score: float | None = None
    units: int = 0
    """Work units that it has earned: tokens."""
    tries: int = field(default=0, compare=False)
    """So often a failure of ours kept it from being settled."""

    @property
    def node(self) -> str:
        return self.lease.node


class Books:
    """The tables, over a journal that is open for writing.

    What is put is on the disk once ``recorded`` has returned; reading is for the start.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        for statement in _TABLES:
            journal.put_beside(statement, ())
        journal.flush()

    async def recorded(self) -> None:
        """All that was put is on the disk.

        Raises:
            JournalError: it cannot be.
        """
        await self._journal.recorded()

    def put_member(self, member: Member) -> None:
        m, text = member, self._journal.text
        said = text(m.name), text(m.region), text(m.device)
        row = (m.node, *said, m.memory_bytes, m.standing, text(m.why), m.joined, m.committed_ms, m.lapsed, m.since)
        self._journal.put_beside(_NODE, row)

    def forget_member(self, member: Member) -> None:
        """One that has never done anything."""
        self._journal.put_beside("DELETE FROM pool_nodes WHERE node = ?", (member.node,))

    def put_lease(self, lease: Lease) -> None:
        self._journal.put_beside(_LEASE, (*_lease_row(lease), lease.until))

    def end_lease(self, lease: Lease) -> None:
        self._journal.put_beside("DELETE FROM pool_leases WHERE unit = ? AND node = ?", (lease.unit, lease.node))

    def put_submission(self, submission: Submission) -> None:
        """Record what a node handed in; its lease ends with it."""
        s = submission
        row = (*_lease_row(s.lease), s.at, s.digest, s.state, s.reason, s.proof, s.score, s.units, json.dumps(s.work))
        self._journal.put_beside(_SUBMISSION, row)
        self.end_lease(s.lease)

    def settle(self, submission: Submission) -> None:
        """Record how it ended. Of what was accepted the text is in the journal, and is not kept here."""
        s = submission
        work = {name: s.work[name] for name in ("proofs",) if name in s.work} if s.state == "accepted" else s.work
        self._journal.put_beside(
            "UPDATE pool_submissions SET state = ?, reason = ?, proof = ?, score = ?, units = ?, work = ?"
            " WHERE unit = ? AND node = ?",
            (s.state, s.reason, s.proof, s.score, s.units, json.dumps(work), s.lease.unit, s.lease.node),
        )

    def members(self) -> Iterator[Member]:
        text = self._journal.text_of
        for node, name, region, device, memory, standing, why, joined, *rest in self._journal.beside(
            "SELECT node, name, region, device, memory, standing, why, joined, committed, lapsed, since FROM pool_nodes"
        ):
            committed, lapsed, since = rest
            said = text(name), text(region), text(device)
            yield Member(node, *said, memory, standing, text(why), joined, committed, lapsed, joined, since)

    def leases(self) -> Iterator[Lease]:
        for *row, until in self._journal.beside(
            "SELECT unit, node, task, sample, position, seed, repeated, until FROM pool_leases"
        ):
            yield _lease(row, until)

    def submissions(self, states: Iterable[State]) -> Iterator[Submission]:
        """Those in one of these states, in the order in which they came."""
        chosen = tuple(states)
        marks = ",".join("?" * len(chosen))
        for row in self._journal.beside(
            f"SELECT {_SUBMITTED} FROM pool_submissions WHERE state IN ({marks}) ORDER BY at", chosen
        ):
            yield _submission(row)

    def of_node(self, node: str, last: int) -> list[Submission]:
        """Its last settled submissions, the latest first."""
        found = self._journal.beside(
            f"SELECT {_SUBMITTED} FROM pool_submissions WHERE node = ? AND state <> 'pending' ORDER BY at DESC LIMIT ?",
            (node, last),
        )
        return [_submission(row) for row in found]

    def with_digest(self, digest: str) -> Iterator[tuple[str, str]]:
        """WantedRollout and node of what was accepted, or waits, with this text, in the order in which they came."""
        found = self._journal.beside(
            "SELECT unit, node FROM pool_submissions WHERE digest = ? AND state IN ('pending', 'accepted') ORDER BY at",
            (digest,),
        )
        return ((str(unit), str(node)) for unit, node in found)

    def has_submission(self, unit: str, node: str) -> bool:
        """Whether the node has handed this in already, and it waits or was accepted."""
        found = self._journal.beside(
            "SELECT 1 FROM pool_submissions WHERE unit = ? AND node = ? AND state IN ('pending', 'accepted')",
            (unit, node),
        )
        return next(iter(found), None) is not None

    def counts(self) -> Iterator[tuple[str, str, str, int, int]]:
        """Node, state, proof; how many, and of these verified (score 1)."""
        for node, state, proof, many, verified in self._journal.beside(
            "SELECT node, state, proof, count(*), sum(CASE WHEN score = 1.0 THEN 1 ELSE 0 END)"
            " FROM pool_submissions GROUP BY node, state, proof"
        ):
            yield node, state, proof, int(many), int(verified or 0)


def _lease_row(lease: Lease) -> tuple[Any, ...]:
    return (lease.unit, lease.node, lease.task, lease.sample, lease.position, lease.seed, int(lease.repeated))


def _lease(row: Any, until: float) -> Lease:
    unit, node, task, sample, position, seed, repeated = row
    return Lease(unit, node, task, sample, position, seed, bool(repeated), until)


def _submission(row: tuple[Any, ...]) -> Submission:
    at, digest, state, reason, proof, score, units, work = row[7:]
    return Submission(_lease(row[:7], at), at, digest, json.loads(work), state, reason, proof, score, units)
