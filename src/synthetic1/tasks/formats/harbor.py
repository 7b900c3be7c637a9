"""Harbor task directories of ours: where in one the task stands, and how it is read back.

``format=harbor`` of an export writes them. Those of others are no tasks here: an agent has to work in their containers.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from synthetic1.task import Task, TaskError

CONFIG = "task.toml"
"""What makes a folder a Harbor task."""
INSTRUCTION = "instruction.md"
ROW = "tests/task.json"
"""The whole task, as its row: Harbor takes ``tests`` into a container only to verify, so no agent sees the gold."""


def is_harbor_task(folder: Path) -> bool:
    return (folder / CONFIG).is_file()


def harbor_tasks(folder: Path) -> list[Path]:
    """The Harbor tasks that a folder is or holds, by name; none where it is something else."""
    if is_harbor_task(folder):
        return [folder]
    return sorted(path.parent for path in folder.glob(f"*/{CONFIG}") if not path.parent.name.startswith((".", "__")))


def instruction_bytes(text: str) -> bytes:
    """A text as ``instruction.md`` holds it; lone surrogates, which UTF-8 lacks, as their escapes."""
    return text.encode("utf-8", "backslashreplace")


def read_harbor_row(folder: Path, where: str) -> dict[str, Any]:
    """The row of the task that an export wrote into ``folder``.

    Raises:
        TaskError: somebody else's Harbor task, or one that was changed since; begins with ``where``.
    """
    path = folder / ROW
    if not path.is_file():
        raise TaskError(
            f"{where}: a Harbor task that needs an agent in its container: it has no {ROW}, which an export with "
            "format=harbor writes; run it with Harbor itself"
        )
    try:
        row = json.loads(path.read_bytes())
        instruction = (folder / INSTRUCTION).read_bytes()
    except (OSError, ValueError, RecursionError) as error:
        raise TaskError(f"{where}: {getattr(error, 'strerror', None) or error}") from None
    prompt = Task.from_row(row, where=where).prompt
    if not instruction.startswith(instruction_bytes(prompt)):
        raise TaskError(
            f"{where}: {INSTRUCTION} does not begin with the prompt in {ROW}: change a task before it is exported, or "
            "both"
        )
    assert isinstance(row, dict)  # else it were no task
    return row
