"""Measuring a judge: candidates whose worth is known, what became of them, and the table that says so."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from synthetic1.completion import Completion
from synthetic1.evaluation.calibration_settings import CalibrationSettings, Family
from synthetic1.evaluation.math_pairs import math_pairs
from synthetic1.reports.run_folder import RunFolder
from synthetic1.reports.statistics import wilson
from synthetic1.rewards.judging.attacks import ATTACKS
from synthetic1.rewards.judging.calibration import RIGHT, WRONG, Calibration, Count, counted, identity_of
from synthetic1.rewards.judging.judge import Judge
from synthetic1.rewards.judging.judged_verifier import asked_judge
from synthetic1.rewards.judging.ledger import spent
from synthetic1.rewards.judging.rubrics import Rubric
from synthetic1.rewards.judging.settings import JudgeSettings, judge_settings
from synthetic1.rewards.registry import get_verifier
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.task import Task
from synthetic1.tasks.sources.spec import open_tasks
from synthetic1.verdict import Verdict

TASK_TYPES: dict[Family, str] = {
    "math": "verifiable_math",
    "stem": "stem",
    "swe": "swe",
    "similarity": "llm_judgeable_groundtruth_similarity",
}


@dataclass(frozen=True)
class Candidate:
    """A completion whose worth is known."""

    kind: str
    """``right``, ``wrong``, or a kind of attack."""
    task: Task
    text: str
    direct: bool = False
    """Shown to the judge as it is, a unified diff or a final answer. Rules stop an attack in a comment, and most of
    those in a box; this asks what the judge would do."""


def embedded(family: Family, limit: int | None) -> list[Task]:
    """The tasks of a family that ship with the package, all or the first so many; of mathematics those that the rules
    leave open, for on all others no judge is asked.

    Raises:
        TaskError: there are none.
    """
    if family == "math":
        return math_pairs()[:limit]
    source = open_tasks("embedded:stem" if family == "similarity" else f"embedded:{family}")
    tasks = [source[index] for index in range(min(len(source), limit or len(source)))]
    if family != "similarity":
        return tasks
    return [Task(**{**task.to_dict(), "task_type": TASK_TYPES[family], "verification_info": {}}) for task in tasks]


def candidates(family: Family, tasks: Sequence[Task], tasks_per_attack: int, seed: int) -> list[Candidate]:
    """The right and wrong completions that come with ``tasks``, and every attack on some of them."""
    made = [
        Candidate(kind, task, text)
        for task in tasks
        for kind in (RIGHT, WRONG)
        for text in task.metadata["audit"][kind]
    ]
    order = np.random.default_rng(seed).permutation(len(tasks))
    turns = min(tasks_per_attack, len(tasks))
    for number, attack in enumerate(ATTACKS):
        for turn in range(turns):
            task = tasks[order[(number * turns + turn) % len(tasks)]]
            made.append(_carrying(attack.for_question(task.prompt), attack.kind, task, family))
    return made


def _carrying(text: str, kind: str, task: Task, family: Family) -> Candidate:
    """An attack as an answer, as a final answer, or as the comments of a change that changes nothing else."""
    if family == "swe":
        lines = [f"+# {line}" for line in text.split("\n")]
        diff = "\n".join(("--- a/file", "+++ b/file", f"@@ -1,0 +1,{len(lines)} @@", *lines))
        return Candidate(kind, task, diff, direct=True)
    if family == "math":
        return Candidate(kind, task, text, direct=True)
    return Candidate(kind, task, f"<answer>{text}</answer>" if family == "stem" else text)


def measure(
    family: Family, tried: Sequence[Candidate], judge: JudgeSettings, model: str, advance: Callable[[], None]
) -> tuple[Calibration, list[Verdict]]:
    """What became of ``tried``, and every verdict, in order. ``advance`` is called after each."""
    verifier = get_verifier(TASK_TYPES[family], judge=judge)
    asked = asked_judge(verifier)
    assert asked is not None
    rubric = asked.rubric
    verdicts: dict[int, Verdict] = {}
    by_rules = [index for index, one in enumerate(tried) if not one.direct]
    with Scorer([verifier]) as scorer:
        pairs = [(tried[index].task, Completion.parse(tried[index].text)) for index in by_rules]
        scored = scorer.score_sync(pairs, on_verdict=lambda index, verdict: advance())
    verdicts.update(zip(by_rules, scored, strict=True))
    verdicts.update(asyncio.run(_shown_directly(tried, judge, rubric, advance)))
    ordered = [verdicts[index] for index in range(len(tried))]
    counts = counted([(one.kind, verdict) for one, verdict in zip(tried, ordered, strict=True)])
    made = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return Calibration(identity_of(judge, model, rubric), model, rubric.key, family, made, counts), ordered


async def _shown_directly(
    tried: Sequence[Candidate], settings: JudgeSettings, rubric: Rubric, advance: Callable[[], None]
) -> dict[int, Verdict]:
    """What the judge says of candidates that pass by the rules, by their place; the gold stands for the reference."""
    judge = Judge(settings)

    async def ask(one: Candidate) -> Verdict:
        gold = one.task.gold_standard_solution or str(one.task.verification_info.get("ground_truth") or "")
        verdict = await judge.ask(rubric, question=one.task.prompt, reference=gold, candidate=one.text)
        advance()
        return verdict

    try:
        places = [index for index, one in enumerate(tried) if one.direct]
        return dict(zip(places, await asyncio.gather(*(ask(tried[index]) for index in places)), strict=True))
    finally:
        await judge.aclose()


def table(calibration: Calibration) -> str:
    """A line for each kind of candidate: how many, and how often the judge was wrong."""
    head = ("", "by rules", "by judge", "errors", "rate", "95% interval", "unscored")
    attacks = calibration.total(*calibration.attack_kinds)
    rows = [
        _cells("right, rejected", calibration.total(RIGHT)),
        _cells("wrong, accepted", calibration.total(WRONG)),
        _cells("attacks, accepted", attacks),
        *(_cells(f"  {count.kind}", count) for count in calibration.counts if count.kind not in (RIGHT, WRONG)),
    ]
    widths = [max(len(cells[column]) for cells in (head, *rows)) for column in range(len(head))]
    lines = [f"{calibration.family}: {calibration.model}, rubric {calibration.rubric}"]
    for name, *cells in (head, *rows):
        numbers = [f"{cell:>{width}}" for cell, width in zip(cells, widths[1:], strict=True)]
        lines.append("  ".join([f"{name:<{widths[0]}}", *numbers]).rstrip())
    return "\n".join(lines)


def slips(tried: Sequence[Candidate], verdicts: Sequence[Verdict]) -> Iterator[str]:
    """Candidates that rules scored wrongly: defects of ours, a line each."""
    for one, verdict in zip(tried, verdicts, strict=True):
        if counted([(one.kind, verdict)])[0].slips:
            yield f"{one.task.problem_id}, {one.kind}: {verdict.reason}, {one.text[:60]!r}"


def sample(family: Family, one: Candidate, verdict: Verdict) -> dict[str, Any]:
    """A row of ``samples.jsonl``."""
    return {
        "family": family,
        "kind": one.kind,
        "task": one.task.problem_id,
        "completion": one.text,
        "verdict": verdict.to_dict(),
    }


def result(settings: CalibrationSettings, made: Sequence[Calibration], seconds: float) -> dict[str, Any]:
    """``result.json``: rates and counts by family, and what the judge cost."""
    allowed = settings.judge.thresholds
    return {
        "program": "calibrate_judge",
        "model": made[0].model,
        "families": {
            one.family: {
                **one.summary(),
                "shortfall": one.shortfall(allowed),
                "counts": [{**_as_row(count), "ci95": wilson(count.errors, count.judged)} for count in one.counts],
            }
            for one in made
        },
        "judge_usage": spent([judge_settings(settings.judge.argument)]),
        "seconds": {"total": round(seconds, 1)},
    }


def open_folder(settings: CalibrationSettings, model: str) -> RunFolder:
    """The run folder, empty; an older one is put aside under ``overwrite=true``.

    Raises:
        RunFolderError: the folder is in use, holds a run, or cannot be written.
    """
    name = settings.run_name or model.rstrip("/").rpartition("/")[2]
    path = (Path(settings.runs) / "calibrate_judge" / name).absolute()
    if settings.overwrite:
        RunFolder.put_aside(path)
    return RunFolder.create(path, resume=False)


def _as_row(count: Count) -> dict[str, Any]:
    names = ("kind", "decided", "judged", "errors", "slips", "unscored")
    return {name: getattr(count, name) for name in names}


def _cells(name: str, count: Count) -> tuple[str, ...]:
    low, high = wilson(count.errors, count.judged)
    rate = f"{count.errors / count.judged:.1%}" if count.judged else "-"
    interval = f"[{low:.1%}, {high:.1%}]" if count.judged else "-"
    return name, str(count.decided), str(count.judged), str(count.errors), rate, interval, str(count.unscored)
