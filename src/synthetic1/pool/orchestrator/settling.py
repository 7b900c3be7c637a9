"""From what a node hands in to the journal: looked at, verified, in part recomputed, and only then believed.

A node's completions are settled in groups. Which of a group are recomputed is drawn after all of it is here, so that
the node could not know; if one does not hold, all of the group are recomputed, and each stands for itself.
"""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from synthetic1.completion import Completion
from synthetic1.datagen.journal.writer import Journal
from synthetic1.pool.orchestrator.books import Books, Submission
from synthetic1.pool.orchestrator.lending import Lending
from synthetic1.pool.orchestrator.looking import fault_of, may_be_copied, units_of
from synthetic1.pool.orchestrator.members import Members, Record
from synthetic1.pool.orchestrator.settings import PoolSettings
from synthetic1.pool.orchestrator.standings import Standings
from synthetic1.pool.proving.likelihood import SamplingEvidence
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.rollout import Rollout
from synthetic1.task import Task
from synthetic1.verdict import Verdict

log = logging.getLogger(__name__)
LOOK_S = 0.2
GROUPS_AT_ONCE = 16


class Recomputed(NamedTuple):
    """What recomputing a completion has shown."""

    outcome: Literal["accept", "reject", "crashed"]
    """``crashed``: a failure of ours."""
    reason: str = ""
    evidence: SamplingEvidence = SamplingEvidence()
    """How its tokens were chosen."""


Recompute = Callable[[Sequence[tuple[Task, Mapping[str, Any]]]], list[Recomputed]]
"""Blocking, on a thread of its own: whether the pool's model wrote these (task, work)."""
OnSettled = Callable[[Submission, Task, Verdict | None], None]


@dataclass(slots=True)
class _Case:
    """A submission while it is looked at."""

    submission: Submission
    task: Task
    rejected: str = ""
    verdict: Verdict | None = None
    later: bool = False
    """A failure of ours: once more, later."""


class Settling:
    """Takes submissions, and settles them in groups until ``stop``.

    Args:
        recompute: ``None``: nothing can be recomputed in this pool.
        on_settled: for whoever shows it.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        settings: PoolSettings,
        members: Members,
        lending: Lending,
        books: Books,
        journal: Journal,
        standings: Standings,
        scorer: Scorer,
        recompute: Recompute | None,
        *,
        on_settled: OnSettled,
        clock: Callable[[], float],
    ) -> None:
        self._settings, self._members, self._lending = settings, members, lending
        self._books, self._journal, self._standings, self._scorer = books, journal, standings, scorer
        self._recompute, self._on_settled, self._clock = recompute, on_settled, clock
        self._waiting: dict[str, list[tuple[Submission, Task]]] = {}
        self._busy: set[str] = set()
        self._draw = random.Random(secrets.randbits(64))
        self._recomputing = ThreadPoolExecutor(1, thread_name_prefix="synthetic1-recompute")
        self._groups: set[asyncio.Task[None]] = set()
        self.fatal: Exception | None = None

    @property
    def pending(self) -> int:
        return sum(len(queue) for queue in self._waiting.values()) + len(self._groups)

    def add(self, submission: Submission, task: Task) -> None:
        """It is in the books, and is to be settled."""
        self._waiting.setdefault(submission.node, []).append((submission, task))

    async def run(self) -> None:
        """Settle what is there, until cancelled.

        Raises:
            JournalError, PoolError: journal or ledger take nothing more; what was before is whole.
        """
        try:
            while self.fatal is None:
                self._begin_groups()
                await asyncio.sleep(LOOK_S)
            raise self.fatal
        finally:
            for group in self._groups:
                group.cancel()
            await asyncio.gather(*self._groups, return_exceptions=True)
            self._recomputing.shutdown(wait=False, cancel_futures=True)
            self._standings.close()

    def _begin_groups(self) -> None:
        now, audit = self._clock(), self._settings.audit
        for node, queue in sorted(self._waiting.items(), key=lambda one: one[1][0][0].at):  # who waits longest
            if node in self._busy or len(self._groups) >= GROUPS_AT_ONCE:
                continue
            last = not self._lending.held(node)  # it has handed in all it had: it may be gone
            if len(queue) >= audit.group or last or now - queue[0][0].at >= audit.group_s:
                group, rest = queue[: audit.group], queue[audit.group :]
                self._waiting[node] = rest
                if not rest:
                    del self._waiting[node]
                self._busy.add(node)
                task = asyncio.create_task(self._settle_group(node, group))
                self._groups.add(task)
                task.add_done_callback(self._groups.discard)

    async def _settle_group(self, node: str, group: list[tuple[Submission, Task]]) -> None:
        try:
            record = self._members.get(node)
            assert record is not None, "whoever hands something in has joined"
            await self._settle(record, [_Case(submission, task) for submission, task in group])
        except asyncio.CancelledError:
            raise
        except Exception as error:  # of journal or ledger, or a defect of ours: nothing is taken from now on
            self.fatal = self.fatal or error
        finally:
            self._busy.discard(node)

    async def _settle(self, record: Record, cases: list[_Case]) -> None:
        if record.is_quarantined:
            for case in cases:
                case.rejected = "the node was quarantined meanwhile"
            await self._write(record, cases)
            return
        self._look(cases)
        await self._judge([case for case in cases if not case.rejected])
        ready = [case for case in cases if not case.rejected and not case.later]
        await self._audit(record, ready)
        looked_at = [case for case in cases if not case.later]
        record.conduct.note(bool(case.rejected) for case in looked_at if case.submission.state != "crashed")
        self._compare(record, [case for case in looked_at if not case.rejected])
        async with record.deciding:
            if record.is_quarantined:  # while this was looked at
                for case in looked_at:
                    case.rejected = case.rejected or "the node was quarantined meanwhile"
            await self._write(record, looked_at)
        for case in cases:
            if case.later:
                self.add(case.submission, case.task)
        if (why := record.conduct.is_dishonest) is not None:
            await self._standings.quarantine(record, why)

    def _look(self, cases: list[_Case]) -> None:
        sampling = self._settings.plan
        here: dict[str, tuple[str, str]] = {}
        for case in cases:
            s = case.submission
            case.rejected = fault_of(s.work, sampling) or ""
            if case.rejected or not may_be_copied(s.work["text"], sampling):
                continue
            mine = s.lease.unit, s.node
            first = here.setdefault(s.digest, mine)
            earlier = next(iter(self._books.with_digest(s.digest)), mine)
            if first != mine or earlier != mine:
                case.rejected = "the same text was handed in before"

    async def _judge(self, cases: list[_Case]) -> None:
        completions = [self._completion(case.submission) for case in cases]
        verdicts = await self._scorer.score(
            [(c.task, completion) for c, completion in zip(cases, completions, strict=True)]
        )
        for case, verdict in zip(cases, verdicts, strict=True):
            case.verdict = verdict
            if verdict.reason in ("unscorable_infra", "unscorable_judge"):
                case.later = self._again(case.submission)

    async def _audit(self, record: Record, cases: list[_Case]) -> None:
        if self._recompute is None or not cases:
            return
        audit = self._settings.audit
        chosen = [
            case
            for number, case in enumerate(cases, record.counts["recomputed"])
            if number < audit.probation
            or record.conduct.is_doubtful
            or case.submission.lease.repeated
            or self._draw.random() < audit.share
        ]
        chosen = chosen or [self._draw.choice(cases)]
        await self._recompute_all(record, chosen)
        if any(case.rejected for case in chosen) and len(chosen) < len(cases):
            await self._recompute_all(record, [case for case in cases if case.submission.proof == "none"])
        if not any(case.submission.proof in ("accept", "reject") for case in cases):
            for case in cases:  # nothing of the group could be recomputed: then none of it is believed
                if not case.later and case.submission.state != "crashed":
                    case.later = self._again(case.submission)
                    case.submission.state = "pending" if case.later else "crashed"
        record.counts["recomputed"] += sum(case.submission.proof in ("accept", "reject") for case in cases)

    async def _recompute_all(self, record: Record, cases: list[_Case]) -> None:
        assert self._recompute is not None
        pairs = [(case.task, case.submission.work) for case in cases]
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(self._recomputing, self._recompute, pairs)
        except Exception as error:
            log.exception("recomputing failed")
            found = [Recomputed("crashed", f"{type(error).__name__}: {error}")] * len(pairs)
        for case, (outcome, reason, evidence) in zip(cases, found, strict=True):
            record.conduct.note_sampling(evidence)
            case.submission.proof = outcome
            if outcome == "reject":
                case.rejected = f"proof: {reason}"
            elif outcome == "crashed" and self._again(case.submission):
                case.later, case.submission.proof = True, "none"
            elif outcome == "crashed":
                log.error("a completion could not be recomputed, and is asked again: %s", reason)
                case.submission.state = "crashed"

    def _again(self, submission: Submission) -> bool:
        submission.tries += 1
        return submission.tries < self._settings.audit.tries

    def _compare(self, record: Record, cases: list[_Case]) -> None:
        """What the node did with tasks that another one has done."""
        for case in cases:
            known = self._lending.repeated.get(case.submission.lease.unit)
            if case.submission.lease.repeated and known is not None and case.verdict is not None:
                mine = self._is_verified(case.verdict)
                record.conduct.better += mine and not known[1]
                record.conduct.worse += known[1] and not mine

    async def _write(self, record: Record, cases: list[_Case]) -> None:
        """Journal, then ledger, then books: whatever a crash cuts off is done again, and known by its key."""
        accepted = []
        for case in cases:
            s, verdict = case.submission, case.verdict
            if case.rejected:
                s.state, s.reason = "rejected", case.rejected[:300]
            elif s.state != "crashed":
                assert verdict is not None
                s.state, s.reason, s.score, s.units = "accepted", verdict.reason, verdict.score, units_of(s.work)
                accepted.append(case)
                self._to_journal(case, verdict)
        if accepted:
            await self._journal.recorded()
            units = sum(case.submission.units for case in accepted)
            await self._standings.note("work", record.member.node, units, _rollouts(accepted))
        for case in cases:
            s = case.submission
            self._books.settle(s)
            record.counts[s.state] += 1
            record.counts["pending"] -= 1
            if s.state == "accepted":
                verified = case.verdict is not None and self._is_verified(case.verdict)
                record.counts["verified"] += verified
                self._lending.settled(s.lease, verified)
            else:
                self._lending.rejected(s.lease)
            self._on_settled(s, case.task, case.verdict)
        await self._books.recorded()

    def _to_journal(self, case: _Case, verdict: Verdict) -> None:
        s = case.submission
        if s.lease.repeated:
            return
        rollout = self._rollout(s)
        self._journal.put_rollout(rollout)
        verifier = self._scorer.verifier(case.task.task_type)
        provenance = {"node": s.node, "proof": s.proof}
        told = Verdict(verdict.score, verdict.reason, verdict.answer, {**verdict.details, "pool": provenance})
        name = f"{verifier.task_type}@{verifier.version}"
        self._journal.put_verdict(rollout, 0, verifier.key, name, told, 1)

    def _is_verified(self, verdict: Verdict) -> bool:
        return verdict.score is not None and verdict.score >= self._settings.threshold

    def _completion(self, s: Submission) -> Completion:
        work = s.work
        usage = {"prompt_tokens": work["prompt_tokens"], "completion_tokens": work["completion_tokens"]}
        return Completion.parse(
            work["text"],
            thinking_open=self._settings.opens_thinking,
            finish_reason=work["finish_reason"],
            usage=usage,
        )

    def _rollout(self, s: Submission) -> Rollout:
        lease = s.lease
        return Rollout(lease.task, self._completion(s), self._settings.model_name, self._settings.plan, lease.sample)


def _rollouts(cases: list[_Case]) -> dict[str, Any]:
    verified = sum(case.submission.score == 1.0 for case in cases)
    return {"rollouts": [case.submission.lease.unit for case in cases], "verified": verified}
