"""What an audit found: error rates by family, kind and source, and the errors themselves, in bounded memory; and the
tasks to quarantine, all of them."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from synthetic1.evaluation.auditing.case import AuditCase
from synthetic1.evaluation.auditing.solutions import Quarantine
from synthetic1.reports.readable import cut
from synthetic1.reports.statistics import wilson
from synthetic1.verdict import Verdict

KEPT_PER_KIND = 8
KEPT_UNSCORABLE = 1_000
SHOWN_CAP = 500  # characters of a gold or a completion that are kept


@dataclass
class ErrorCount:
    """Cases with one expected score, and how many of them got another one."""

    cases: int = 0
    """Those with a score; what the oracle refuted is not among them."""
    wrong: int = 0

    @property
    def rate(self) -> float:
        """0 without cases."""
        return self.wrong / self.cases if self.cases else 0.0

    @property
    def ci95(self) -> tuple[float, float]:
        return wilson(self.wrong, self.cases)

    def add(self, wrong: bool) -> None:
        self.cases += 1
        self.wrong += wrong

    def to_dict(self) -> dict[str, Any]:
        return {"cases": self.cases, "wrong": self.wrong, "rate": self.rate, "ci95": list(self.ci95)}


@dataclass
class KindCount(ErrorCount):
    """The cases of one kind."""

    expected: float = 1.0
    unscored: int = 0
    """The verifier gave no score though the gold has one."""
    refuted: int = 0
    """The oracle says that the case is not what its kind claims: left out."""
    unread: int = 0
    """Left out because the oracle could not read both sides, where the kind wants that."""

    def to_dict(self) -> dict[str, Any]:
        more = {name: getattr(self, name) for name in ("expected", "unscored", "refuted", "unread")}
        return {**more, **super().to_dict()}


@dataclass
class Group:
    """The golds of a family or source, and both kinds of errors in them."""

    golds: int = 0
    unscorable: int = 0
    equivalents: ErrorCount = field(default_factory=ErrorCount)
    mutants: ErrorCount = field(default_factory=ErrorCount)

    def side(self, expected: float) -> ErrorCount:
        return self.equivalents if expected == 1.0 else self.mutants

    def to_dict(self) -> dict[str, Any]:
        """``false_accept_rate`` and ``false_reject_rate`` come with 95 % intervals (Wilson)."""
        return {
            "golds": self.golds,
            "unscorable": self.unscorable,
            "equivalents": self.equivalents.cases,
            "false_rejects": self.equivalents.wrong,
            "mutants": self.mutants.cases,
            "false_accepts": self.mutants.wrong,
            "false_reject_rate": self.equivalents.rate,
            "false_reject_ci95": list(self.equivalents.ci95),
            "false_accept_rate": self.mutants.rate,
            "false_accept_ci95": list(self.mutants.ci95),
        }


@dataclass(frozen=True)
class Offender:
    """A case with the wrong verdict."""

    kind: str
    expected: float
    score: float | None
    gold: str
    answer: str
    completion: str
    source: str
    task: str
    reason: str
    note: str


@dataclass(frozen=True)
class UnscorableGold:
    """A gold without a score: no case was made of it, or a row that is not a task."""

    source: str
    task: str | None
    gold: str
    reason: str
    why: str


class AuditCounts:
    """All that an audit remembers. Of the errors it keeps a few of each kind, the shortest: they are read first."""

    def __init__(self) -> None:
        self.total = Group()
        self.by_family: defaultdict[str, Group] = defaultdict(Group)
        self.by_source: defaultdict[str, Group] = defaultdict(Group)
        self.by_kind: dict[str, KindCount] = {}
        self.unscorable: list[UnscorableGold] = []
        """The first 1,000."""
        self.not_audited: defaultdict[str, int] = defaultdict(int)
        """Tasks that no cases can be made of, by why."""
        self.quarantine = Quarantine()
        self._offenders: defaultdict[str, list[tuple[int, int, Offender]]] = defaultdict(list)
        self._seen = 0

    def add_gold(self, family: str, source: str) -> None:
        for group in self._groups(family, source):
            group.golds += 1

    def add_unscorable(self, family: str, source: str, gold: UnscorableGold) -> None:
        for group in self._groups(family, source):
            group.unscorable += 1
        self.keep_unscorable(gold)

    def keep_unscorable(self, gold: UnscorableGold) -> None:
        """Remember it, without counting, if there is room."""
        if len(self.unscorable) < KEPT_UNSCORABLE:
            self.unscorable.append(gold)

    def add_case(self, family: str, source: str, case: AuditCase, verdict: Verdict, gold: str, task_id: str) -> None:
        """Count a case that the oracle, where it was asked, has not refuted."""
        kind = self.kind(case)
        if verdict.score is None:
            kind.unscored += 1
            return
        wrong = is_wrong(case, verdict)
        kind.add(wrong)
        for group in self._groups(family, source):
            group.side(case.expected).add(wrong)
        if wrong:
            self._keep(
                Offender(
                    case.kind,
                    case.expected,
                    verdict.score,
                    cut(gold, SHOWN_CAP),
                    cut(case.answer, SHOWN_CAP),
                    cut(case.completion, SHOWN_CAP),
                    source,
                    task_id,
                    verdict.reason,
                    case.note,
                )
            )

    def kind(self, case: AuditCase) -> KindCount:
        """The count of the kind that made ``case``."""
        if case.kind not in self.by_kind:
            self.by_kind[case.kind] = KindCount(expected=case.expected)
        return self.by_kind[case.kind]

    def offenders(self, expected: float, per_kind: int = KEPT_PER_KIND) -> Iterator[Offender]:
        """Errors of one side: kinds with the most errors first, the shortest of each kind first."""
        kinds = [kind for kind, count in self.by_kind.items() if count.wrong and count.expected == expected]
        for kind in sorted(kinds, key=lambda kind: -self.by_kind[kind].wrong):
            kept = sorted(self._offenders[kind], key=lambda entry: (-entry[0], -entry[1]))
            yield from (offender for *_, offender in kept[:per_kind])

    def to_dict(self) -> dict[str, Any]:
        """The whole audit as JSON values."""
        return {
            **self.total.to_dict(),
            "by_family": {name: group.to_dict() for name, group in self.by_family.items()},
            "by_kind": {kind: count.to_dict() for kind, count in sorted(self.by_kind.items())},
            "by_source": {name: group.to_dict() for name, group in self.by_source.items()},
            "not_audited": dict(self.not_audited),
            "quarantined": [one.to_dict() for one in self.quarantine.tasks],
            "several_golds": self.quarantine.several.to_dict(),
            "unscorable_golds": [asdict(gold) for gold in self.unscorable],
            "offenders": [asdict(offender) for side in (0.0, 1.0) for offender in self.offenders(side)],
        }

    def _groups(self, family: str, source: str) -> tuple[Group, ...]:
        return self.total, self.by_family[family], self.by_source[source]

    def _keep(self, offender: Offender) -> None:
        self._seen += 1  # of two equally long ones the earlier stays; and offenders are never compared
        kept = self._offenders[offender.kind]
        entry = (-len(offender.gold) - len(offender.answer), -self._seen, offender)
        if len(kept) < KEPT_PER_KIND:
            heapq.heappush(kept, entry)
        else:
            heapq.heappushpop(kept, entry)


def is_wrong(case: AuditCase, verdict: Verdict) -> bool:
    """Whether a score is not the expected one: partial credit is wrong on either side."""
    return verdict.score is not None and verdict.score != case.expected
