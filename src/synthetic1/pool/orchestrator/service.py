"""What an orchestrator does for each request, once it is known who asks."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

from synthetic1.pool.errors import RequestRefused
from synthetic1.pool.ledger import Ledger
from synthetic1.pool.orchestrator.books import Books, Lease, Submission
from synthetic1.pool.orchestrator.challenges import Challenges
from synthetic1.pool.orchestrator.lending import Lending
from synthetic1.pool.orchestrator.looking import digest_of
from synthetic1.pool.orchestrator.members import Members, Record
from synthetic1.pool.orchestrator.settings import PoolSettings
from synthetic1.pool.orchestrator.settling import Settling
from synthetic1.pool.orchestrator.standings import Standings
from synthetic1.pool.wire import (
    EarnedReply,
    JoinReply,
    JoinRequest,
    LeaseReply,
    LeaseRequest,
    LentTask,
    RenewReply,
    RenewRequest,
    Standing,
    SubmitReply,
    SubmitRequest,
    Terms,
)

RETRY_S = 2.0
"""Where there is nothing to lend at the moment."""


class PoolService:
    """The orchestrator without HTTP. Methods are called on one event loop, with the sender's public key.

    Whatever changes something is on the disk before its method returns.
    """

    def __init__(
        self,
        settings: PoolSettings,
        members: Members,
        lending: Lending,
        settling: Settling,
        standings: Standings,
        books: Books,
        ledger: Ledger,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.settings, self.members, self.lending, self.settling = settings, members, lending, settling
        self.ledger = ledger
        self.challenges = Challenges(settings.challenge)
        self._told: set[str] = set()
        """Nodes that know that nothing is left."""
        self.events: Counter[str] = Counter()
        """For metrics: ``leased``, ``lapsed``, ``submitted``, ``refused`` …"""
        self._standings, self._books, self._clock = standings, books, clock

    @property
    def all_told(self) -> bool:
        """Whether all nodes that may work know that nothing is left."""
        return all(r.member.node in self._told for r in self.members if r.member.standing == "active")

    @property
    def terms(self) -> Terms:
        s = self.settings
        sampling = {name: value for name, value in s.plan.items() if name != "seed"}
        return Terms(
            run=s.name,
            model=s.model_name,
            sampling=sampling,
            thinking_open=s.opens_thinking,
            proof=s.audit.proof,
            dtype=s.audit.dtype,
            lease_tasks=s.lease.tasks,
            lease_s=s.lease.seconds,
        )

    async def join(self, node: str, signed_ms: int, said: JoinRequest) -> JoinReply:
        """Take a node in; it is challenged where it has not been."""
        record, new = self.members.join(node, said)
        member, challenge = record.member, None
        if new and self.challenges.wanted and member.standing == "new":
            challenge = self.challenges.begin(member)
        elif member.standing == "new":
            await self._welcome(record)
        await self._commit(record, signed_ms)
        return JoinReply(standing=member.standing, why=member.why, terms=self.terms, challenge=challenge)

    async def passed(self, node: str) -> Standing:
        """The node has passed its challenge; one that was quarantined meanwhile stays so."""
        record = self.members.of(node)
        if record.member.standing == "new":
            await self._welcome(record)
        self.members.keep(record)
        await self._books.recorded()
        return Standing(standing=record.member.standing, why=record.member.why)

    async def lend(self, node: str, signed_ms: int, said: LeaseRequest) -> LeaseReply:
        """Lend tasks. A node that asks again before it has the answer gets other ones; what it does not know of
        lapses, unless it asks for what it holds: see ``held``."""
        record = self.members.active(node)
        lent = self.lending.lend(record.member, said.many, waiting=record.counts["pending"])
        if not lent:
            if self.lending.is_done:
                self._told.add(node)
            return LeaseReply(tasks=[], retry_s=RETRY_S, done=self.lending.is_done)
        self.events["leased"] += len(lent)
        await self._commit(record, signed_ms)
        return LeaseReply(tasks=[self._lent(lease, unit.task.prompt) for unit, lease in lent])

    def held(self, node: str) -> LeaseReply:
        """What the node holds: for one that was started again."""
        self.members.active(node)
        units = self.lending.away | {key: unit for key, (unit, _) in self.lending.repeated.items()}
        held = [(lease, units[lease.unit]) for lease in self.lending.held(node) if lease.unit in units]
        return LeaseReply(tasks=[self._lent(lease, unit.task.prompt) for lease, unit in held])

    async def renew(self, node: str, signed_ms: int, said: RenewRequest) -> RenewReply:
        """A sign of life: what the node holds is its own for as long again."""
        record = self.members.active(node)
        kept = self.lending.renew(node, dict.fromkeys(said.units))
        if kept:
            await self._commit(record, signed_ms)
        return RenewReply(kept=kept)

    async def submit(self, node: str, signed_ms: int, said: SubmitRequest) -> SubmitReply:
        """Take what a node has done. The same twice is taken once, and said to be taken both times."""
        record = self.members.active(node)
        taken, refused = [], {}
        for work in said.work:
            lease = self.lending.lease(work.unit, node)
            if lease is None:
                if self._books.has_submission(work.unit, node):
                    taken.append(work.unit)
                else:
                    refused[work.unit] = "it is not lent to this node, or not any more"
                continue
            known = self.lending.repeated.get(work.unit, (None,))[0] if lease.repeated else self.lending.away[work.unit]
            assert known is not None, "what is lent is known"
            done = work.model_dump()
            submission = Submission(lease, self._clock(), digest_of(work.text), done)
            self._books.put_submission(submission)
            self.lending.handed_in(lease)
            record.counts["pending"] += 1
            self.settling.add(submission, known.task)
            taken.append(work.unit)
        self.events["submitted"] += len(taken)
        self.events["refused"] += len(refused)
        await self._commit(record, signed_ms)
        return SubmitReply(taken=taken, refused=refused)

    def earned(self, node: str) -> EarnedReply:
        """How a node stands."""
        record = self.members.of(node)
        member, counts = record.member, record.counts
        return EarnedReply(
            standing=member.standing,
            why=member.why,
            units=self.ledger.units(node),
            pending=counts["pending"],
            accepted=counts["accepted"],
            rejected=counts["rejected"],
            verified=counts["verified"],
            lapsed=member.lapsed,
            ledger_head=self.ledger.head,
        )

    async def administer(self, admin: str, action: str, node: str, why: str) -> Standing:
        """Quarantine or release a node.

        Raises:
            RequestRefused: the sender may not, or there is no such node.
        """
        if admin not in self.settings.admins:
            raise RequestRefused(403, "not_admin", "this key does not administer this pool")
        record = self.members.get(node)
        if record is None:
            raise RequestRefused(404, "unknown_node", "no such node has joined")
        if action == "quarantine":
            await self._standings.quarantine(record, why or "by an administrator")
        else:
            await self._standings.release(record, why or "by an administrator")
        return Standing(standing=record.member.standing, why=record.member.why)

    async def let_lapse(self) -> None:
        """Take back what has run out."""
        lapsed = Counter(lease.node for lease in self.lending.let_lapse())
        self.events["lapsed"] += lapsed.total()
        for node, many in lapsed.items():
            if (record := self.members.get(node)) is not None:
                await self._standings.count_lapses(record, many)
        if lapsed:
            await self._books.recorded()

    async def _welcome(self, record: Record) -> None:
        record.member.standing = "active"
        about = {"name": record.member.name, "region": record.member.region, "device": record.member.device}
        await self._standings.note("joined", record.member.node, 0, about)

    async def _commit(self, record: Record, signed_ms: int) -> None:
        """Have all that was put, and when the request was signed, on the disk."""
        record.member.committed_ms = max(record.member.committed_ms, signed_ms)
        self.members.keep(record)
        await self._books.recorded()

    def _lent(self, lease: Lease, prompt: str) -> LentTask:
        left = max(0.0, lease.until - self._clock())
        return LentTask(unit=lease.unit, prompt=prompt, seed=lease.seed, until=left)
