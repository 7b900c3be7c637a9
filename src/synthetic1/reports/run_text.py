"""A run as text: what it is, the settings that matter, its numbers, and its samples."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from synthetic1.reports import before_after, terminal
from synthetic1.reports.before_after import mapping
from synthetic1.reports.readable import one_line
from synthetic1.reports.run_facts import result_rows, settings_rows
from synthetic1.reports.run_folder import RunFolder
from synthetic1.reports.run_list import ago, last_rows, status_of, summary
from synthetic1.reports.series import number
from synthetic1.reports.storage import RunFolderError
from synthetic1.reports.text_table import text_table

SORTS = ("verified", "refuted", "unscored")
STEPS_SHOWN = 5


def describe(path: Path, only: str = "", limit: int = 20) -> str:
    """All that a screen holds of a run.

    Args:
        only: of the samples those that are ``verified``, ``refuted`` or ``unscored``, or have this reason.
        limit: how many samples.

    Raises:
        RunFolderError: a file of it is damaged.
    """
    run = RunFolder.open(path)
    result = run.read_result() or {}
    parts = [head(path), settings_text(run.read_config()), _numbers(result), _last_steps(path)]
    samples = [row for row in run.read_samples() if wants(row, only)]
    if samples or only:
        parts.append(samples_text(samples, only, limit, path))
    return "\n\n".join(filter(None, parts))


def head(path: Path) -> str:
    """Where it is, how far, and what it is doing or why it ended."""
    said = summary(path)
    facts = [said.program, said.state, said.progress, said.quote, f"last written {ago(said.written)}"]
    why = status_of(path, RunFolder.open(path).read_result() or {}).said
    return "\n".join(filter(None, (str(path), ", ".join(filter(None, facts)), one_line(why, 400))))


def settings_text(config: Mapping[str, Any]) -> str:
    """The settings that matter, a section a line; what is null or empty is left out."""
    rows = [f"  {name:<9} {said}" for name, said in settings_rows(config)]
    return "\n".join(["settings", *rows]) if rows else ""


def problem_text(path: Path, problem: str, only: str = "") -> str:
    """The samples whose task is ``problem``, whole; without any, of those whose ids begin so.

    Raises:
        RunFolderError: there are none, or a file is damaged.
    """
    rows = [row for row in RunFolder.open(path).read_samples() if wants(row, only)]
    found = [row for row in rows if _task(row) == problem] or [row for row in rows if _task(row).startswith(problem)]
    if not found:
        kept = "its samples.jsonl holds some samples of a run, not all" if rows else "it has no samples"
        raise RunFolderError(f"run `{path.name}` has no sample whose problem id begins with `{problem}`: {kept}")
    return "\n\n".join(map(_whole, found))


def wants(row: Mapping[str, Any], only: str) -> bool:
    """Whether a sample is one of those that are asked for; see ``describe``."""
    if not only:
        return True
    score, reason = verdict_of(row)
    sort = "unscored" if score is None else "verified" if score >= 1 else "refuted"
    return only in (sort, reason)


def verdict_of(row: Mapping[str, Any]) -> tuple[float | None, str]:
    """(score, reason) of a sample, whichever program wrote it."""
    said = mapping(row.get("verdict")) or row
    return number(said, "score"), str(said.get("reason") or "no_verdict")


def samples_text(rows: Sequence[Mapping[str, Any]], only: str, limit: int, path: Path) -> str:
    """A line a sample, the last written first."""
    lines = [("step", "phase", "task", "score", "reason", "expected → answer")]
    for row in list(reversed(rows))[:limit]:
        score, reason = verdict_of(row)
        answer, expected = row.get("answer"), row.get("expected")
        said = "nothing that could be read" if answer is None else one_line(str(answer), 36)
        if expected is not None and expected != answer:
            said = f"{one_line(str(expected), 36)} → {said}"
        phase = str(row.get("phase") or row.get("kind") or "")
        shown = "-" if score is None else f"{score:.2f}"
        lines.append((str(row.get("step", "")), phase, one_line(_task(row), 32), shown, reason, said))
    asked = f" with --only {only}" if only else ""
    if len(lines) == 1:
        return f"no samples{asked}"
    more = f"\n… and {len(rows) - limit:,} more samples; --limit shows more" if len(rows) > limit else ""
    return f"{len(rows):,} samples{asked}\n{text_table(lines)}{more}\none whole: synthetic1 show {path.name} TASK"


def _numbers(result: Mapping[str, Any]) -> str:
    """``result.json``: the comparison before and after, or whatever numbers it has."""
    if result.get("before") or result.get("after"):
        shown = io.StringIO()
        terminal.show_before_after(result, stream=shown)
        return shown.getvalue().strip("\n")
    rows = result_rows(result)
    return f"result\n{text_table([('  ' + name, value) for name, value in rows])}" if rows else ""


def _last_steps(path: Path) -> str:
    rows = last_rows(path / "metrics.jsonl", STEPS_SHOWN)
    return "\n".join(["last steps", *(f"  {_step(row)}" for row in rows)]) if rows else ""


def _step(row: Mapping[str, Any]) -> str:
    if "eval" in row:
        return (
            f"step {number(row, 'step') or 0:.0f} | held-out pass@1 {before_after.score(mapping(row['eval'])) or '-'}"
        )
    if number(row, "reward") is not None:
        return terminal.step_line(row)
    facts = [terminal.step_line({key: row.get(key) for key in ("step", "steps")})]
    for name in ("loss", "token_accuracy", "grad_norm", "learning_rate"):
        value = number(row, name)
        facts += [f"{name.replace('_', ' ')} {value:.4g}"] if value is not None else []
    return " | ".join(facts)


def _task(row: Mapping[str, Any]) -> str:
    return str(row.get("task_id") or row.get("task") or "?")


def _whole(row: Mapping[str, Any]) -> str:
    score, reason = verdict_of(row)
    facts = [f"step {row['step']}" if "step" in row else "", str(row.get("phase") or row.get("kind") or "")]
    facts += [reason if score is None else f"{reason}, score {score:g}"]
    parts = [f"═══ {_task(row)} ({', '.join(filter(None, facts))})"]
    parts += [str(row["prompt"])] if row.get("prompt") else []
    parts += [f"─── {name}\n{row[name]}" for name in ("expected", "answer", "completion") if row.get(name) is not None]
    if mapping(row.get("verdict")).get("details"):
        parts.append(f"─── details\n{json.dumps(row['verdict']['details'], ensure_ascii=False)}")
    return "\n\n".join(parts)
