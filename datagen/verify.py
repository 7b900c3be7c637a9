"""Verify a run's rollouts anew, with the verifiers of today; nothing is generated.

    python datagen/verify.py run=r1-math
    python datagen/verify.py run=r1-math env.answer_style=any     # the environment of the run, with other settings
    python datagen/verify.py run=r1-math engine=ray       # on all nodes of a Ray cluster (docs/scale.md)
    python datagen/verify.py run=swe judge=http://localhost:8001/v1     # by another judge
    python datagen/verify.py --help

Verdicts are rows of their own: the old ones stay, exports and ``synthetic1 show`` take the newest. What this verifier
has scored already is passed over, so the same command goes on where it stopped.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

from synthetic1.datagen.verify_settings import VerifySettings
from synthetic1.jobs.program import run_program
from synthetic1.jobs.stopping import like_ctrl_c

if TYPE_CHECKING:
    import asyncio

    from synthetic1.datagen.journal.rollouts import StoredRollout, TaskRollouts
    from synthetic1.datagen.journal.writer import Journal
    from synthetic1.rewards.scoring.scorer import Scorer
    from synthetic1.rewards.verifier import Verifier
    from synthetic1.task import Task
    from synthetic1.verdict import Verdict

BATCHES_AT_ONCE = 2


class _Work(NamedTuple):
    """A rollout to be verified."""

    task: Task
    stored: StoredRollout
    verifier: Verifier


@like_ctrl_c()
def verify(settings: VerifySettings) -> None:
    """Stream the run through the scorer."""
    import asyncio
    import json

    from synthetic1.datagen.journal.judges import record
    from synthetic1.datagen.journal.runs import find_run, open_journal
    from synthetic1.jobs.env_settings import EnvSettings
    from synthetic1.jobs.judge_settings import with_judge
    from synthetic1.jobs.judge_trust import task_types, trusted
    from synthetic1.jobs.opening import open_environment
    from synthetic1.reports.progress import progress
    from synthetic1.reports.run_folder import RunFolder
    from synthetic1.scale.choice import chosen_scorer

    path = find_run(settings.run, settings.runs)
    with RunFolder.create(path, resume=True):
        journal = open_journal(path, alone=True)
        try:
            config = json.loads(journal.meta("config") or "{}")
            judge = settings.judge_of(config.get("judge"))
            env = EnvSettings.model_validate({**config.get("env", {}), **settings.env})
            source, scorer = open_environment(with_judge(env, judge), bad_rows="quarantine")
            with chosen_scorer(scorer, settings.cluster) as scorer:
                record(journal, asyncio.run(trusted(task_types(source), scorer, judge)))
                number = int(journal.meta("judgings") or 1) + 1
                with progress(journal.counts(("answered",))["answered"], "tasks") as advance:
                    changes = asyncio.run(_verify(journal, scorer, number, settings.tasks_at_once, advance))
                journal.set_meta("judgings", str(number))
                journal.flush()
        finally:
            journal.close()
    for change, count in sorted(changes.items(), key=lambda item: -item[1]):
        print(f"{count:>9,}  {change}")


async def _verify(
    journal: Journal, scorer: Scorer, number: int, at_once: int, advance: Callable[[], None]
) -> Counter[str]:
    """Verify what this verifier has not scored yet, and record its verdicts in the run's order; the changes, counted.

    While the last pairs of some tasks are at work, the next tasks have begun: nobody waits for the slowest program.
    """
    import asyncio
    from itertools import islice

    changes: Counter[str] = Counter()
    groups = journal.groups()
    begun: deque[tuple[int, list[_Work], asyncio.Task[list[Verdict]]]] = deque()
    try:
        while True:
            while len(begun) < BATCHES_AT_ONCE and (batch := list(islice(groups, at_once))):
                work = _unscored(batch, scorer, changes)
                pairs = [(one.task, one.stored.rollout.completion) for one in work]
                begun.append((len(batch), work, asyncio.create_task(scorer.score(pairs))))
            if not begun:
                return changes
            tasks, work, scoring = begun[0]
            for one, verdict in zip(work, await scoring, strict=True):
                stored, verifier = one.stored, one.verifier
                name = f"{verifier.task_type}@{verifier.version}"
                journal.put_verdict(stored.rollout, stored.part, verifier.key, name, verdict, number)
                changes[_change(stored.score, verdict.score)] += 1
            journal.flush()
            begun.popleft()
            for _ in range(tasks):
                advance()
    finally:
        for *_, scoring in begun:
            scoring.cancel()


def _unscored(batch: Iterable[TaskRollouts], scorer: Scorer, changes: Counter[str]) -> list[_Work]:
    """The rollouts that their verifier has not scored yet; the others are counted."""
    work = []
    for group in batch:
        verifier = scorer.verifier(group.task.task_type)
        for stored in group.rollouts:
            if stored.verifier_key == verifier.key and stored.score is not None:
                changes["scored by this verifier already"] += 1
            else:
                work.append(_Work(group.task, stored, verifier))
    return work


def _change(before: float | None, after: float | None) -> str:
    if before == after:
        return "as before"
    shown = ["not scored" if score is None else f"{score:g}" for score in (before, after)]
    return f"{shown[0]} → {shown[1]}"


def main() -> None:
    """Compose the configuration from the command line, and verify."""
    run_program("verify", VerifySettings, verify, open_groups={"judge": ("server", "judge.url")})


if __name__ == "__main__":
    main()
