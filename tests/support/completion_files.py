"""Files of completions, as `synthetic1 score` reads and writes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from synthetic1.task import Task
from synthetic1.tasks.sources.spec import open_tasks

TASKS = open_tasks("embedded:math")
ROWS = 8


def right(task: Task) -> str:
    return f"<think>so</think>It is \\boxed{{{task.verification_info['ground_truth']}}}."


def rows() -> list[dict[str, Any]]:
    """Every second completion is right; the last has none in a box."""
    made = []
    for place in range(ROWS):
        text = right(TASKS[place]) if place % 2 == 0 else "It is \\boxed{12345}."
        made.append({**TASKS[place].to_row(), "completion": text, "mine": place})
    made[-1]["completion"] = "I cannot say."
    return made


def written(path: Path, content: list[Any]) -> str:
    path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in content))
    return str(path)


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]
