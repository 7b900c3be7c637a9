"""How nodes stand: quarantined where their record cannot be an honest one's, released by an administrator."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from synthetic1.datagen.journal.writer import Journal
from synthetic1.pool.ledger import EntryKind, Ledger, NewEntry
from synthetic1.pool.orchestrator.books import Books, Submission
from synthetic1.pool.orchestrator.lending import LAPSES_LOOKED_AT, Lending
from synthetic1.pool.orchestrator.members import Members, Record
from synthetic1.pool.orchestrator.settings import PoolSettings
from synthetic1.verdict import Verdict

log = logging.getLogger(__name__)
WITHDRAWN = "pool", "pool@1"
"""Key and name of who refutes what an untrusted node has handed in, in the journal."""


class Standings:
    """Changes how nodes stand, and writes the ledger, on a thread of its own.

    The ledger comes first, the books after it: what a crash leaves between them is known by the ledger, see ``agree``.
    """

    def __init__(
        self,
        settings: PoolSettings,
        members: Members,
        lending: Lending,
        books: Books,
        journal: Journal,
        ledger: Ledger,
    ) -> None:
        self._settings, self._members, self._lending = settings, members, lending
        self._books, self._journal, self._ledger = books, journal, ledger
        self._writing = ThreadPoolExecutor(1, thread_name_prefix="synthetic1-ledger")

    def close(self) -> None:
        """Wait for what is being written."""
        self._writing.shutdown()

    def agree(self) -> None:
        """Have nodes stand as the ledger says; called before anything else."""
        last: dict[str, tuple[EntryKind, str]] = {}
        for entry in self._ledger.entries():
            if entry.kind in ("quarantined", "released"):
                last[entry.node] = entry.kind, str(entry.about.get("why", ""))
        for node, (kind, why) in last.items():
            record = self._members.get(node)
            if record is not None and kind == "quarantined" and record.member.standing != "quarantined":
                record.member.standing, record.member.why = "quarantined", why
                self._members.keep(record)

    async def note(self, kind: EntryKind, node: str, units: int, about: Mapping[str, Any]) -> None:
        """An entry of the ledger; it is on the disk when this returns.

        Raises:
            PoolError: it cannot be.
        """
        await self._append([NewEntry(kind, node, units, about)])

    async def quarantine(self, record: Record, why: str) -> None:
        """Lend the node nothing more, and take back what was not recomputed of its last work."""
        async with record.deciding:
            await self._quarantine(record, why)

    async def _quarantine(self, record: Record, why: str) -> None:
        member = record.member
        if member.standing == "quarantined":
            return
        log.warning("node %s is quarantined: %s", member.node[:12], why)
        member.standing, member.why = "quarantined", why  # first: nothing is lent or taken from now on
        for lease in self._lending.held(member.node):
            self._lending.take_back(lease)
        doubtful = [
            s
            for s in self._books.of_node(member.node, self._settings.audit.window)
            if s.state == "accepted" and s.proof != "accept"
        ]
        self._refute(doubtful)
        await self._books.recorded()
        entries = [NewEntry("quarantined", member.node, 0, {"why": why})]
        if units := sum(s.units for s in doubtful):
            about = {"rollouts": [s.lease.unit for s in doubtful], "why": why}
            entries.append(NewEntry("withdrawn", member.node, -units, about))
        await self._append(entries)
        self._members.keep(record)
        await self._books.recorded()

    async def release(self, record: Record, why: str) -> None:
        """The node may work again, on probation; its record begins anew."""
        member = record.member
        await self.note("released", member.node, 0, {"why": why})
        member.standing, member.why = "new", ""
        self._members.begin_anew(record)
        self._members.keep(record)
        await self._books.recorded()

    async def count_lapses(self, record: Record, lapsed: int) -> None:
        """Tasks that a node has let go of."""
        record.member.lapsed += lapsed
        self._members.keep(record)
        counts, lost = record.counts, record.member.lapsed
        asked = lost + counts["accepted"] + counts["rejected"] + counts["pending"]
        if asked >= LAPSES_LOOKED_AT and lost > self._settings.audit.lapses * asked:
            await self.quarantine(record, f"it let go of {lost} of {asked} tasks")

    async def _append(self, entries: list[NewEntry]) -> None:
        await asyncio.get_running_loop().run_in_executor(self._writing, self._ledger.append, entries)

    def _refute(self, doubtful: list[Submission]) -> None:
        """In the journal, they are nobody's verified traces any more."""
        rollouts = self._journal.rollouts(sorted({s.lease.task for s in doubtful}))
        for s in doubtful:
            stored = rollouts.get(s.lease.task, {}).get(s.lease.sample)
            if stored is not None and not s.lease.repeated:
                verdict = Verdict(0.0, "tampered", None, {"why": "the node is quarantined", "pool": {"node": s.node}})
                self._journal.put_verdict(stored.rollout, 0, *WITHDRAWN, verdict, 2)
