"""Reading tasks: what a file or folder of them holds, and one of them whole."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from synthetic1.datagen.curation.funnel import Funnel
from synthetic1.jobs.program import ProgramError
from synthetic1.reports.readable import cut, one_line
from synthetic1.task import Task, TaskError
from synthetic1.tasks.sources.bad_rows import sound
from synthetic1.tasks.sources.source import TaskSource
from synthetic1.tasks.sources.spec import open_tasks

WIDE = 88  # characters of a prompt in a list
GOLD_CAP = 6_000


def holds_tasks(name: str) -> bool:
    """Whether ``name`` is a file or folder of tasks, and not a run: those are folders with a journal."""
    path = Path(name).expanduser()
    if path.is_dir():
        return not (path / "journal.sqlite").exists() and not (path / "config.yaml").exists()
    return path.is_file() or name.startswith(("embedded:", "hf://"))


def show_tasks(name: str, problem: str, limit: int) -> str:
    """What is in it, and its first ``limit`` tasks; with ``problem``, those whole whose ids begin so.

    Raises:
        ProgramError: it cannot be read as tasks, or has no such problem.
    """
    try:
        source = sound(open_tasks(str(Path(name).expanduser()) if "://" not in name and ":" not in name else name))
        if problem:
            found = [task for task in _tasks(source) if task.problem_id.startswith(problem)][:limit]
            if not found:
                raise ProgramError(f"{name} has no problem whose id begins with `{problem}`")
            return printable("\n\n".join(map(whole, found)))
        return printable(_overview(name, source, limit))
    except TaskError as error:
        raise ProgramError(str(error)) from None


def printable(text: str) -> str:
    """Text as a terminal takes it: a lone surrogate, which no encoding has a form for, as its escape."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def _tasks(source: TaskSource) -> list[Task]:
    return [source[place] for place in range(len(source))]


def _overview(name: str, source: TaskSource, limit: int) -> str:
    first = [source[place] for place in range(min(limit, len(source)))]
    lines = [f"{name}: {len(source):,} tasks"]
    funnel = Path(name).expanduser() / "funnel.json"
    if funnel.is_file():
        lines += ["", Funnel.from_dict(json.loads(funnel.read_text(encoding="utf-8"))).table()]
    kinds = Counter(f"{task.task_type}{f' ({task.language})' if task.language else ''}" for task in first)
    lines += ["", f"the first {len(first):,}: {', '.join(f'{kind} {many}' for kind, many in kinds.items())}", ""]
    for task in first:
        lines += [
            f"{task.problem_id}",
            f"    {one_line(task.prompt, WIDE)}",
            f"    → {one_line(gold_of(task), WIDE)}",
        ]
        if (said := _history(task)) is not None:
            lines.append(f"    {said}")
    if len(source) > len(first):
        lines.append(f"… and {len(source) - len(first):,} more tasks; --limit shows more")
    return "\n".join([*lines, "", f"one task whole: synthetic1 show {name} PROBLEM"])


def whole(task: Task) -> str:
    """Prompt, gold, what verifies it and where it came from."""
    parts = [f"═══ {task.problem_id} ({task.task_type})", task.prompt]
    if task.gold_standard_solution:
        parts.append(f"─── gold\n{cut(task.gold_standard_solution, GOLD_CAP)}")
    parts.append(f"─── verification\n{cut(json.dumps(dict(task.verification_info), ensure_ascii=False), GOLD_CAP)}")
    if said := task.metadata.get("curation"):
        parts.append(f"─── curation\n{json.dumps(said, indent=1, ensure_ascii=False)}")
    return "\n\n".join(parts)


def gold_of(task: Task) -> str:
    return str(task.verification_info.get("ground_truth") or task.gold_standard_solution or "no gold")


def _history(task: Task) -> str | None:
    said = task.metadata.get("curation")
    history = said.get("history") if isinstance(said, dict) else None
    if not history:
        return None
    return "history: " + ", ".join(f"{step}: {one_line(str(what), WIDE)}" for step, what in history.items())
