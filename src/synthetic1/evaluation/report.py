"""What an evaluation leaves behind and says: ``result.json``, the table, the comparison with another one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from synthetic1.evaluation.evaluation import Evaluation, difficulty_of
from synthetic1.evaluation.kept_completions import FILE as KEPT
from synthetic1.evaluation.settings import EvaluationSettings
from synthetic1.jobs.program import ProgramError
from synthetic1.jobs.provenance import versions
from synthetic1.jobs.same_run import check_same_run
from synthetic1.jobs.source_identity import fingerprint, keep_fingerprint, read_fingerprint
from synthetic1.reports.run_folder import RunFolder
from synthetic1.reports.statistics import paired_test
from synthetic1.rewards.judging.ledger import cost_line
from synthetic1.rewards.registry import canonical_task_type
from synthetic1.task import Task
from synthetic1.tasks.sources.source import TaskSource
from synthetic1.verdict import Verdict

CUT_OFF_MANY = 0.1
MAY_CHANGE = {
    *("imports", "bad_rows", "concurrency", "batch_size", "compare", "k", "run_name", "runs", "overwrite"),
    "report_to",
}
"""Settings that an evaluation which goes on may have others of."""


def open_folder(settings: EvaluationSettings, tasks: TaskSource) -> RunFolder:
    """The run folder: new, or of an evaluation that did not come to its end, to go on with.

    With ``overwrite=true`` an older one is put aside, whatever it holds.

    Args:
        tasks: the held-out ones.

    Raises:
        RunFolderError: the folder is in use, or cannot be written.
        ProgramError: it holds an evaluation that has ended, or one with other settings; names them.
    """
    path = (Path(settings.runs) / "evaluate" / settings.name).absolute()
    if settings.overwrite:
        RunFolder.put_aside(path)
    folder = RunFolder.create(path, resume=True)
    try:
        elsewhere = "choose another run_name=, or put it aside with overwrite=true"
        kept = path / KEPT
        if folder.read_result() is not None:
            kept.unlink(missing_ok=True)  # the process ended before it could do so
            raise ProgramError(f"{path} holds an evaluation already; {elsewhere}")
        stored = folder.read_config()
        may_change = MAY_CHANGE | ({"server"} if settings.server_model else set())
        wanted = settings.model_dump(mode="json")
        known, now = read_fingerprint(path), fingerprint(tasks, ordered=True)
        others = False
        if kept.exists() and kept.stat().st_size:  # else there is nothing to go on with
            others = check_same_run(
                path,
                stored,
                wanted,
                known_tasks=known,
                tasks=now,
                may_change=may_change,
                stored_whole=False,
                instead=elsewhere,
            )
        if not stored and (folder.read_samples() or folder.read_metrics()):
            raise ProgramError(f"{path} holds something else than an evaluation; {elsewhere}")
        if others:
            print(f"{tasks.name} has changed since this evaluation began: what is not the same is asked anew")
        folder.truncate_after(-1)
        keep_fingerprint(path, now)
    except BaseException:
        folder.close()
        raise
    return folder


def read_other(where: str) -> dict[str, Any]:
    """``result.json`` of another evaluation.

    Raises:
        ProgramError: there is none, or it holds no scores by task.
    """
    path = Path(where)
    path = path / "result.json" if path.is_dir() else path
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ProgramError(f"compare: cannot read {path}: {error}") from None
    if not isinstance(result, dict) or not isinstance(result.get("scores"), dict):
        raise ProgramError(f"compare: {path} is not the result of `synthetic1 evaluate`: it has no `scores` by task")
    return result


def result(
    settings: EvaluationSettings,
    made: Evaluation,
    model: str,
    seconds: float,
    other: Mapping[str, Any] | None,
    judge_usage: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """``result.json``: rates in all and by part, ``scores`` (what is right in full) by ``task.key``, the comparison,
    and what the judge cost, if one was asked."""
    families = made.by(lambda task: canonical_task_type(task.task_type))
    languages = made.by(lambda task: task.language)
    scores = made.passed_by_key
    return {
        "program": "evaluate_model",
        "env": settings.env.name,
        "env_kwargs": settings.env.kwargs if settings.env.id else settings.env.mixture,
        "model": model,
        "engine": settings.engine,
        "sampling": settings.sampling.model_dump(),
        "samples": settings.samples,
        "seed": settings.seed,
        **made.summary(),
        "pass_at_k": {str(k): made.pass_at(k) for k in settings.ks},
        "by_family": families,
        "by_language": languages,
        "by_difficulty": made.by(difficulty_of),
        "cut_off": sum(r.rollout.truncated for r in made.rollouts),
        "completions": len(made.rollouts),
        "unscorable_because": next((_why(r.verdict) for r in made.rollouts if r.score is None), None),
        "compared": compared(other, scores) if other is not None else None,
        "judge_usage": judge_usage,
        "seconds": {"total": round(seconds, 1)},
        "versions": versions(),
        "scores": scores,
    }


def check_common(other: Mapping[str, Any], tasks: Sequence[Task]) -> None:
    """Before anything is generated: two evaluations without a common task cannot be compared.

    Raises:
        ProgramError: they have none.
    """
    if not any(task.key in other["scores"] for task in tasks):
        raise ProgramError("compare: the two evaluations have no task in common; same env, arguments and seed?")


def _why(verdict: Verdict) -> str:
    return f"{verdict.reason}: {verdict.details.get('why', '')}"


def compared(other: Mapping[str, Any], scores: Mapping[str, float | None]) -> dict[str, Any]:
    """The paired test over the tasks that both evaluations scored; ``before`` is the other one.

    Raises:
        ProgramError: they have no task in common.
    """
    both = [(other["scores"].get(key), score) for key, score in scores.items()]
    pairs = [(b, a) for b, a in both if b is not None and a is not None]
    if not pairs:
        raise ProgramError("compare: the two evaluations have no task in common; same env, arguments and seed?")
    test = paired_test([b for b, _ in pairs], [a for _, a in pairs])
    return {
        "model": other.get("model"),
        "pass_at_1": sum(b for b, _ in pairs) / len(pairs),
        "n": test.n,
        "difference": test.difference,
        "difference_ci95": list(test.ci95),
        "p_value": test.p_value,
        "method": test.method,
        "significant": test.p_value < 0.05,
    }


def show(result: Mapping[str, Any], compare: str | None) -> None:
    """The table on the screen, plain where it is not a terminal."""
    from rich.console import Console
    from rich.table import Table

    table = Table("", "tasks", "pass", "95% interval", box=None, pad_edge=False)

    def row(label: str, rate: Mapping[str, Any], key: str = "pass_at_1") -> None:
        value, ends = rate[key], rate["ci95"]
        table.add_row(label, str(rate["n"]), *(("-", "-") if value is None else (f"{value:.3f}", _interval(ends))))

    row("pass@1", result)
    for k, rate in result["pass_at_k"].items():
        row(f"pass@{k}", rate, "pass_at_k")
    for title, key in (
        ("family", "by_family"),
        ("language", "by_language"),
        ("level", "by_level"),
        ("difficulty", "by_difficulty"),
    ):
        parts = result[key]
        if len(parts) > 1:
            for name, rate in parts.items():
                row(f"{title} {name}", rate)
    for name, rate in result["by_thinking"].items():
        if rate["n"]:
            row(f"{name.replace('_', ' ')}, {rate['share']:.0%}", rate)
    Console(highlight=False).print(table)
    if result["cut_off"]:
        share, limit = result["cut_off"] / result["completions"], result["sampling"]["max_tokens"]
        more = "; a reasoning model wants thousands" if share > CUT_OFF_MANY else ""
        print(f"{share:.0%} of completions were cut off at sampling.max_tokens={limit}{more}")
    if result["unscorable"]:
        print(f"{result['unscorable']} completion(s) could not be scored, a failure of ours; they count nowhere")
        print(f"  for example: {result['unscorable_because']}")
    if result.get("judge_usage"):
        print(f"judge: {cost_line(result['judge_usage'])}")
    if (test := result["compared"]) is not None:
        verdict = "significant" if test["significant"] else "not significant"
        print(
            f"against {compare}: {test['difference']:+.3f} {_interval(test['difference_ci95'], '+.3f')}, "
            f"p = {test['p_value']:.2g} on {test['n']} tasks: {verdict} at 5%"
        )


def _interval(ends: Any, spec: str = ".3f") -> str:
    low, high = ends
    return f"[{low:{spec}}, {high:{spec}}]"
