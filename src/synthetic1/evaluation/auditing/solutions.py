"""Golds of one task against each other: is there a task whose tests refuse what it publishes as right?

A test knows one output. Where a problem has several right ones and the task no checker, a right program scores 0, and a
policy is taught to guess whose output was published. Nobody can see that from one gold. From several one can:

``solutions disagree``
    At least one gold passes all tests, and at least one runs to its end and gives another output (``wrong_answer`` is
    how it fails its first failed test). Both are published as right, so either the problem has several outputs and
    wants a checker, or a gold is wrong, and nobody knows which. One such gold is enough: a task that is left out costs
    one task, a wrong reward every step on it.
``no gold passes``
    Not one of the golds that were run, which may be only one: nobody has shown that the tests can be passed.

A gold that does not compile, raises or hits a limit says nothing about outputs (published golds are now and then in
Python 2, or for other machines): beside one that passes it is not a reason. One without a score is left out.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from synthetic1.reports.readable import cut
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.task import Task
from synthetic1.verdict import Verdict

SOLUTIONS_RUN = 8
"""Golds of a task that are run, the first included: some rows publish thousands, and each is a run of all tests."""
FAILURES_KEPT = 3
WHY_CAP = 300  # characters
DIFFERING = ("wrong_answer", "partial")
"""How a program fails that runs to its end; the second of verifiers that do not tell which test failed."""
NO_GOLD_PASSES = "no gold passes"
NEEDS_CHECKER = "solutions disagree: needs a checker"
CHECKER_REFUSES = "solutions disagree: its checker refuses some"


@dataclass(frozen=True)
class FailedSolution:
    """A gold that does not pass."""

    gold: int
    """Its place: 0 is ``gold_standard_solution``, then come ``other_solutions``."""
    status: str
    """How it fails the first test that it fails."""
    test: int | None
    why: str


@dataclass(frozen=True)
class QuarantinedTask:
    """A task that nobody should be rewarded by."""

    key: str
    task: str
    source: str
    why: str
    passing: int
    failing: int
    golds: int
    """How many are published; ``passing`` and ``failing`` are of those that were run."""
    failures: tuple[FailedSolution, ...]
    """The first three."""

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "failures": [asdict(one) for one in self.failures]}


@dataclass
class SolutionCount:
    """The golds of tasks with several."""

    tasks: int = 0
    passing: int = 0
    differing: int = 0
    """They run to their end, and give another output than a test expects."""
    crashing: int = 0
    """They do not compile, raise, or hit a limit."""
    unscored: int = 0

    @property
    def run(self) -> int:
        return self.passing + self.differing + self.crashing + self.unscored

    def to_dict(self) -> dict[str, int]:
        return {**asdict(self), "run": self.run}


@dataclass
class Quarantine:
    """What came of golds of programs."""

    tasks: list[QuarantinedTask] = field(default_factory=list)
    several: SolutionCount = field(default_factory=SolutionCount)

    def add(self, task: Task, source: str, verdicts: Mapping[int, Verdict]) -> None:
        """Look at the golds of one task: verdicts by place, of those that were run."""
        scored = {place: verdict for place, verdict in verdicts.items() if verdict.score is not None}
        failing = {place: verdict for place, verdict in scored.items() if verdict.score != 1.0}
        differing = sum(failed(verdict)[0] in DIFFERING for verdict in failing.values())
        passing = len(scored) - len(failing)
        if task.other_solutions:
            count = self.several
            count.tasks += 1
            count.passing += passing
            count.differing += differing
            count.crashing += len(failing) - differing
            count.unscored += len(verdicts) - len(scored)
        if (why := reason_of(task, passing, differing, len(failing))) is not None:
            failures = tuple(_failure(place, verdict) for place, verdict in [*failing.items()][:FAILURES_KEPT])
            golds = 1 + len(task.other_solutions)
            found = QuarantinedTask(task.key, task.problem_id, source, why, passing, len(failing), golds, failures)
            self.tasks.append(found)

    def whys(self) -> Counter[str]:
        return Counter(one.why for one in self.tasks)


def reason_of(task: Task, passing: int, differing: int, failing: int) -> str | None:
    """Why a task is quarantined whose golds have fared so; None if it is not. The rule stands above."""
    if not passing:
        return NO_GOLD_PASSES if failing else None
    if not differing:
        return None
    checker = task.verification_info.get("checker")
    return CHECKER_REFUSES if isinstance(checker, Mapping) and "program" in checker else NEEDS_CHECKER


def run_solutions(tasks: Iterable[Task], scorer: Scorer, seed: int) -> list[dict[int, Verdict]]:
    """The verdicts of the further golds of each task, by place, from the verifier of the task.

    Of more than ``SOLUTIONS_RUN`` golds some are drawn, by ``seed`` and the task's content.
    """
    found: list[dict[int, Verdict]] = []
    asked: list[tuple[dict[int, Verdict], int]] = []
    pairs = []
    for task in tasks:
        verdicts: dict[int, Verdict] = {}
        found.append(verdicts)
        for place in drawn(task, seed):
            gold = replace(task, gold_standard_solution=task.other_solutions[place - 1])
            try:
                completion = scorer.verifier(task.task_type).gold_completion(gold)
            except Exception as error:  # of a verifier that is not ours
                why = f"gold_completion raised {type(error).__name__}: {error}"
                verdicts[place] = Verdict.unscorable("infra", why)
                continue
            if completion is not None:
                asked.append((verdicts, place))
                pairs.append((task, completion))
    for (verdicts, place), verdict in zip(asked, scorer.score_sync(pairs), strict=True):
        verdicts[place] = verdict
    return found


def drawn(task: Task, seed: int) -> Sequence[int]:
    """The places of the further golds that are run, in their order."""
    places = range(1, 1 + len(task.other_solutions))
    if len(places) < SOLUTIONS_RUN:
        return places
    return sorted(random.Random(f"{seed}/solutions/{task.key}").sample(places, SOLUTIONS_RUN - 1))


def failed(verdict: Verdict) -> tuple[str, int | None, str]:
    """How the first failed test failed, which one it was, and why; of verifiers that do not tell, the reason."""
    details = verdict.details.get("failed")
    if not isinstance(details, Mapping):
        return verdict.reason, None, str(verdict.details.get("why", ""))
    index = details.get("index")
    return str(details.get("status")), index if isinstance(index, int) else None, str(details.get("why") or "")


def _failure(place: int, verdict: Verdict) -> FailedSolution:
    status, test, why = failed(verdict)
    return FailedSolution(place, status, test, cut(why, WHY_CAP))
