"""The tasks of ``code_server.py``: reference programs and wrong ones, in a form that all its graders can read."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from synthetic1 import Task, open_tasks

DATA = Path(os.environ.get("SYNTHETIC1_SHARED_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")
T = TypeVar("T")


@dataclass(frozen=True)
class Graded:
    """A program with its task, as all can read it."""

    task: Task
    source: str
    job: dict[str, Any]
    """For the alternatives: ``language``, ``inputs``, ``outputs``, ``function``, ``script``; ``code`` is added."""

    def marked(self, mark: str) -> Graded:
        """With a comment before it, which makes it another source text."""
        comment = "#" if self.task.language == "python" else "//"
        return replace(self, source=f"{comment} {mark}\n{self.source}")

    def request(self) -> dict[str, Any]:
        code = self.source
        if self.job["script"]:  # HumanEval's way
            assertions = self.task.verification_info["assertions"]
            code = "\n".join((code, assertions["code"], f"check({assertions['entry_point']})"))
        return {**self.job, "code": code}


Example = tuple[Graded, list[Graded]]
"""The reference of a task, and programs that are wrong."""

# What a model learns to write where the one who compares, or who counts, lives in the program's own process.
EQUAL_TO_ALL = """\
class Same(str):
    def __eq__(self, other):
        return True


def {0}(*args):
    return Same("x")
"""
ENDS = "    import os\n    os._exit(0)\n"


def embedded(language: str, *, calls: bool, count: int) -> list[Example]:
    """Of ``count`` tasks: the reference, and wrong programs: mutants, nothing, always the first answer.

    Of Python's functions also one whose value says that it equals whatever it is compared with.
    """
    found = []
    for task in open_tasks("embedded:code"):
        tests, checker = task.verification_info["test_cases"], task.verification_info["checker"]
        if task.language != language or not isinstance(checker, str) or calls != bool(tests[0]["fn_name"]):
            continue
        job = {
            "language": language,
            "function": tests[0]["fn_name"],
            "script": False,
            "inputs": ["\n".join(map(json.dumps, t["input"])) if calls else t["input"] for t in tests],
            "outputs": [json.dumps(t["output"]) if calls else t["output"] for t in tests],
        }
        assert task.gold_standard_solution is not None
        wrong = [text.split("\n", 1)[1].removesuffix("```") for text in task.metadata["audit"]["wrong"][:-3]]
        if calls and language == "python":
            wrong.append(EQUAL_TO_ALL.format(tests[0]["fn_name"]))
        found.append((Graded(task, task.gold_standard_solution, job), [Graded(task, one, job) for one in wrong]))
    return evenly_chosen(found, count)


def humaneval(count: int) -> list[Example]:
    """The same of HumanEval; wrong are a body that does nothing, and one that ends the process as if all were well."""
    path = DATA / "HumanEval.jsonl.gz"
    if not path.is_file():
        return []
    found = []
    job = {"language": "python", "function": None, "script": True, "inputs": [""], "outputs": [""]}
    for task in evenly_chosen(list(open_tasks(str(path))), count):
        prelude, gold = task.verification_info["assertions"]["prelude"], task.gold_standard_solution
        assert gold is not None
        source = gold if gold.startswith(prelude) else prelude + gold
        wrong = [f"{prelude}\n{body}" for body in ("    pass\n", ENDS)]
        found.append((Graded(task, source, job), [Graded(task, one, job) for one in wrong]))
    return found


def evenly_chosen(items: Sequence[T], count: int) -> list[T]:
    return [items[index * len(items) // count] for index in range(count)] if count < len(items) else list(items)
