"""Tasks as Harbor task directories: an agent writes its answer to a file, our verifier scores that file.

A folder a task::

    task.toml               verifier in a container of its own; /app/answer.md is all that gets there
    instruction.md          the prompt, and where the answer goes
    environment/Dockerfile  FROM an image that has synthetic1
    tests/task.json         the task with its gold; Harbor shows it to no agent
    tests/test.sh           writes the score to /logs/verifier/reward.txt, or nothing where there is none
    solution/               the gold, written as an answer; only where the task has one

The agent's container is gone when the answer is verified, in a fresh one of the same image: whatever an agent did to
the Python in its own, the verifier never runs there. Neither needs a network.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from synthetic1.datagen.exporting.shards import Shard, checksum
from synthetic1.rewards.registry import UnknownTaskType, get_verifier
from synthetic1.task import Task
from synthetic1.tasks.formats.harbor import CONFIG, INSTRUCTION, ROW, instruction_bytes

IMAGE = "synthetic1"
"""The image that has synthetic1, unless another is named."""
ANSWER = "/app/answer.md"
ASKED = f"""

---

Write your whole answer, as you would reply to the above, to the file `{ANSWER}`. Nothing else is read.
"""
_TEST = f"""#!/bin/sh
# Writes reward.txt, or, where our own failure leaves no score, nothing, and ends with 3.
exec python3 -m synthetic1.adapters.harbor "$(dirname "$0")/task.json" {ANSWER} /logs/verifier
"""
_SOLVE = f"""#!/bin/sh
mkdir -p "$(dirname {ANSWER})" && cp "$(dirname "$0")/answer.md" {ANSWER}
"""


class FolderWriter:
    """Writes a folder a task; has the methods of ``ShardWriter``.

    Args:
        image: what the tasks' Dockerfiles begin from.
    """

    def __init__(self, folder: Path, image: str) -> None:
        self.folder, self.image = folder, image
        self._files: list[Path] = []

    def write(self, row: dict[str, Any]) -> None:
        """Args:
        row: of the task, as ``Task.to_dict`` gives it.
        """
        made = write_task(Task.from_row(row), self.folder, image=self.image)
        self._files += sorted(path for path in made.rglob("*") if path.is_file())

    def finish(self) -> list[Shard]:
        """Of every file what the manifest says; the rows are counted at ``tests/task.json``."""
        found = []
        for path in self._files:
            with path.open("rb") as file:
                os.fsync(file.fileno())
            name = path.relative_to(self.folder).as_posix()
            found.append(Shard(name, int(name.endswith(f"/{ROW}")), path.stat().st_size, checksum(path)))
        return found


def write_tasks(tasks: Iterable[Task], folder: str | os.PathLike[str], *, image: str = IMAGE) -> list[Path]:
    """Write tasks of any source, such as ``open_tasks("tasks.jsonl")``, as Harbor tasks below ``folder``.

    Returns:
        Their folders. ``open_tasks(folder)`` gives equal tasks.

    Raises:
        OSError: the folder cannot be written.
    """
    return [write_task(task, Path(folder), image=image) for task in tasks]


def write_task(task: Task, folder: Path, *, image: str = IMAGE) -> Path:
    """Write one; the same task gives the same bytes, in a folder named for its ``problem_id`` and key."""
    made = folder / folder_name(task)
    # ASCII with escapes: Python's JSON has lone surrogates, UTF-8 files do not
    files = {
        CONFIG: _config(task).encode(),
        INSTRUCTION: instruction_bytes(task.prompt + ASKED),
        "environment/Dockerfile": f"FROM {image}\nWORKDIR /app\n".encode(),
        ROW: (json.dumps(task.to_dict(), sort_keys=True) + "\n").encode(),
        "tests/test.sh": _TEST.encode(),
    }
    if (gold := _gold(task)) is not None:
        files["solution/answer.md"] = instruction_bytes(gold)
        files["solution/solve.sh"] = _SOLVE.encode()
    for name, content in files.items():
        path = made / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        if name.endswith(".sh"):
            path.chmod(0o755)
    return made


def folder_name(task: Task) -> str:
    """What is readable of the ``problem_id``, and the key's first digits; lower case, for containers are named so."""
    words = re.sub(r"[^a-z0-9]+", "-", task.problem_id.lower()).strip("-")
    return f"{words[:40].strip('-') or 'task'}-{task.key[:12]}"


def _config(task: Task) -> str:
    facts = {"problem_id": task.problem_id, "task_type": task.task_type, "source": task.source, "key": task.key}
    lines = [f"{name} = {_toml(value)}" for name, value in facts.items()]
    return "\n".join(
        [
            'schema_version = "1.4"',
            f"artifacts = [{_toml(ANSWER)}]",
            "",
            "[task]",
            f"name = {_toml(f'synthetic1/{folder_name(task)}')}",
            "",
            "[metadata]",
            *lines,
            "",
            "[agent]",
            "timeout_sec = 1800.0",
            "",
            "[verifier]",
            "timeout_sec = 600.0",
            'environment_mode = "separate"',
            "",
        ]
    )


def _toml(text: str) -> str:
    """A basic string of TOML, which escapes as JSON does, but has no lone surrogates and no bare DEL."""
    text = text.encode("utf-8", "replace").decode()
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _gold(task: Task) -> str | None:
    try:
        return get_verifier(task.task_type).gold_completion(task)
    except UnknownTaskType:
        return None
