"""What the dashboard shows: sums of the whole run, and the last traces."""

from __future__ import annotations

import time
from collections import Counter, deque
from typing import TYPE_CHECKING

from synthetic1.datagen.journal.writer import Journal
from synthetic1.jobs.opening import OpenedTasks
from synthetic1.pool.dashboard.state import FamilyCount, NodeRow, PoolState, ReasonCount, TraceRow
from synthetic1.pool.orchestrator.books import Submission
from synthetic1.pool.orchestrator.members import Members, Record
from synthetic1.pool.orchestrator.settings import PoolSettings
from synthetic1.rewards.registry import canonical_task_type
from synthetic1.task import Task
from synthetic1.verdict import Verdict

if TYPE_CHECKING:
    from fastapi import FastAPI

    from synthetic1.pool.orchestrator.service import PoolService

TRACES = 50
PACE_S = 60.0
"""Over which the pace is taken."""
GONE_S = 300.0
"""A node that has been silent for so long is shown as gone."""
NODES = 500
"""Rows of nodes that are shown, those heard of last first."""


class Telling:
    """Counts what is settled; after a restart, from what the journal holds."""

    def __init__(self, settings: PoolSettings, members: Members, opened: OpenedTasks, journal: Journal) -> None:
        self._settings, self._members = settings, members
        self._began = time.time()
        most = min(len(opened.tasks), settings.limit or len(opened.tasks))
        self._wanted = most * settings.samples
        self._families: dict[str, Counter[str]] = {}
        self._reasons: Counter[str] = Counter()
        self._traces: deque[TraceRow] = deque(maxlen=TRACES)
        self._pace: deque[tuple[float, int]] = deque()
        self._tokens = journal.tokens()[3]
        self._service: PoolService | None = None
        self._count(journal)

    def settled(self, submission: Submission, task: Task, verdict: Verdict | None) -> None:
        """One more is settled."""
        s, now = submission, time.time()
        family = canonical_task_type(task.task_type)
        accepted = s.state == "accepted"
        reason = s.reason if not accepted or verdict is None else verdict.reason
        if accepted and not s.lease.repeated:
            self._add(family, reason, None if verdict is None else verdict.score)
            self._tokens += s.units
            self._pace.append((now, s.units))
        elif not accepted:
            self._reasons["rejected"] += 1
        self._traces.append(
            TraceRow(
                key=s.lease.unit,
                node=s.node,
                family=family,
                prompt=task.prompt,
                completion=s.work["text"],
                score=s.score,
                reason=reason,
                proof=s.proof,
                at=s.at,
            )
        )

    def add_to(self, app: FastAPI, service: PoolService) -> None:
        """Put the dashboard on the application."""
        from synthetic1.pool.dashboard.routes import add_dashboard

        self._service = service
        add_dashboard(app, self.state, join_url=self._settings.url, public=self._settings.public)

    def state(self) -> PoolState:
        """As it is now."""
        now = time.time()
        while self._pace and now - self._pace[0][0] > PACE_S:
            self._pace.popleft()
        over_s = min(PACE_S, max(now - self._began, 1.0))
        judged = sum(family["judged"] for family in self._families.values())
        many = len(self._pace)
        left = max(0, self._wanted - judged)
        pending = sum(record.counts["pending"] for record in self._members)
        latest = sorted(self._members, key=lambda record: -record.member.seen)[:NODES]
        return PoolState(
            run=self._settings.name,
            environment=self._settings.env.name,
            model=self._settings.model_name,
            wanted=self._wanted,
            started_at=self._began,
            now=now,
            rollouts=judged + pending,
            judged=judged,
            verified=sum(family["verified"] for family in self._families.values()),
            pending=pending,
            tokens=self._tokens,
            tokens_per_s=sum(tokens for _, tokens in self._pace) / over_s,
            eta_s=left * over_s / many if many else None,
            families=[FamilyCount(name, c["judged"], c["verified"]) for name, c in sorted(self._families.items())],
            reasons=[ReasonCount(reason, count) for reason, count in self._reasons.most_common()],
            nodes=[self._row(record, now) for record in latest],
            traces=list(self._traces),
        )

    def _row(self, record: Record, now: float) -> NodeRow:
        member, counts = record.member, record.counts
        silent_s = now - member.seen
        gone = silent_s > GONE_S and member.standing == "active"
        units = 0 if self._service is None else self._service.ledger.units(member.node)
        return NodeRow(
            node=member.node,
            name=member.name,
            region=member.region,
            device=member.device,
            status="gone" if gone else member.standing,
            judged=counts["accepted"],
            verified=counts["verified"],
            rejected=counts["rejected"],
            units=units,
            last_seen_s=silent_s,
        )

    def _add(self, family: str, reason: str, score: float | None) -> None:
        counts = self._families.setdefault(family, Counter())
        counts["judged"] += 1
        verified = score is not None and score >= self._settings.threshold
        counts["verified"] += verified
        if not verified:
            self._reasons[reason] += 1

    def _count(self, journal: Journal) -> None:
        """What was settled before this process began."""
        for group in journal.groups():
            for stored in group.rollouts:
                if stored.verdict is not None:
                    self._add(group.family, stored.verdict.reason, stored.verdict.score)
