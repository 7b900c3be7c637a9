"""Measuring a judge: candidates whose worth is known, what became of them, and the table that says so."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from synthetic1.completion import Completion
from synthetic1.reports.run_folder import RunFolder
from synthetic1.reports.statistics import wilson
from synthetic1.rewards.judging.attacks import ATTACKS
from synthetic1.rewards.judging.calibration import RIGHT, WRONG, Calibration, Count, counted, identity_of
from synthetic1.rewards.judging.rubrics import RUBRIC_OF
from synthetic1.rewards.judging.settings import JudgeSettings
from synthetic1.rewards.registry import get_verifier
from synthetic1.rewards.scorer import Scorer
from synthetic1.task import Task
from synthetic1.tasks.files import open_tasks
from synthetic1.trainers.calibration_settings import CalibrationSettings, Family
from synthetic1.verdict import Verdict

TASK_TYPES: dict[Family, str] = {"stem": "stem", "swe": "swe", "similarity": "llm_judgeable_groundtruth_similarity"}


@dataclass(frozen=True)
class Candidate:
    """A completion whose worth is known."""

    kind: str
    """``right``, ``wrong``, or a kind of attack."""
    task: Task
    text: str


def candidates(family: Family, settings: CalibrationSettings) -> list[Candidate]:
    """What is embedded for a family, and every attack on some of its tasks.

    Raises:
        TaskError: no tasks are embedded for the family.
    """
    source = open_tasks("embedded:stem" if family == "similarity" else f"embedded:{family}")
    tasks = [source[index] for index in range(min(len(source), settings.tasks or len(source)))]
    made = [
        Candidate(kind, _typed(task, family), text)
        for task in tasks
        for kind in (RIGHT, WRONG)
        for text in task.metadata["audit"][kind]
    ]
    order = np.random.default_rng(settings.seed).permutation(len(tasks))
    for number, attack in enumerate(ATTACKS):
        for turn in range(min(settings.tasks_per_attack, len(tasks))):
            task = tasks[order[(number * settings.tasks_per_attack + turn) % len(tasks)]]
            text = attack_on(task, attack.for_question(task.prompt), family)
            made.append(Candidate(attack.kind, _typed(task, family), text))
    return made


def measure(
    family: Family, tried: Sequence[Candidate], judge: JudgeSettings, model: str, advance: Any
) -> tuple[Calibration, list[Verdict]]:
    """What became of ``tried``, and every verdict, in order."""
    task_type = TASK_TYPES[family]
    rubric = RUBRIC_OF[task_type]
    with Scorer([get_verifier(task_type, judge=judge)]) as scorer:
        pairs = [(one.task, Completion.parse(one.text)) for one in tried]
        verdicts = scorer.score_sync(pairs, on_verdict=lambda index, verdict: advance())
    return (
        Calibration(
            identity=identity_of(judge, model, rubric),
            model=model,
            rubric=rubric.key,
            family=family,
            made=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            counts=counted([(one.kind, verdict) for one, verdict in zip(tried, verdicts, strict=True)]),
        ),
        verdicts,
    )


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
    """Candidates that rules judged wrongly: defects of ours, a line each."""
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
    """``result.json``."""
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
        "seconds": {"total": round(seconds, 1)},
    }


def open_folder(settings: CalibrationSettings, model: str) -> RunFolder:
    """The run folder, empty; an older one is put aside under ``overwrite=true``.

    Raises:
        RunFolderError: the folder is in use, holds a run, or cannot be written.
    """
    name = settings.run_name or model.rstrip("/").rpartition("/")[2]
    path = (Path(settings.runs) / "calibrate_judge" / name).absolute()
    if settings.overwrite and path.exists():
        number = next(n for n in range(1, 10_000) if not path.with_name(f"{path.name}.{n}").exists())
        path.rename(path.with_name(f"{path.name}.{number}"))
    return RunFolder.create(path, resume=False)


def _as_row(count: Count) -> dict[str, Any]:
    names = ("kind", "decided", "judged", "errors", "slips", "unscored")
    return {name: getattr(count, name) for name in names}


def _cells(name: str, count: Count) -> tuple[str, ...]:
    low, high = wilson(count.errors, count.judged)
    rate = f"{count.errors / count.judged:.1%}" if count.judged else "-"
    interval = f"[{low:.1%}, {high:.1%}]" if count.judged else "-"
    return name, str(count.decided), str(count.judged), str(count.errors), rate, interval, str(count.unscored)


def _typed(task: Task, family: Family) -> Task:
    """A task of another family, as one of ``similarity``."""
    if family != "similarity":
        return task
    return Task(**{**task.to_dict(), "task_type": TASK_TYPES[family], "verification_info": {}})


def attack_on(task: Task, text: str, family: Family) -> str:
    """The completion that carries an attack: as the answer, or in a comment of a change that changes nothing else."""
    if family == "stem":
        return f"<answer>{text}</answer>"
    return text
