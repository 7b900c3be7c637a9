"""The tasks shipped with the package: rebuilt byte for byte, and every completion of their audit judged rightly."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

import synthetic1
from synthetic1.task import Task
from synthetic1.tasks import open_tasks
from synthetic1.tasks.embedded import code_understanding
from synthetic1.tasks.programs.behaviour import BEHAVIOUR_INPUTS, split_of
from synthetic1.tasks.programs.check import check, run_python

TASKS = list(open_tasks("embedded:code_understanding"))


def test_the_file_is_what_its_command_makes() -> None:
    command = "python -m synthetic1.tasks.embedded.code_understanding"
    assert code_understanding.PATH.read_bytes() == code_understanding.content(), f"out of date; run {command}"


def test_five_tasks_a_level_all_held_out() -> None:
    assert Counter(task.metadata["level"] for task in TASKS) == dict.fromkeys(range(1, 11), 5)
    assert len({task.problem_id for task in TASKS}) == len({task.metadata["program"] for task in TASKS}) == 50
    for task in TASKS:
        runs = run_python([(task.metadata["program"], text) for text in BEHAVIOUR_INPUTS], hash_seed=0)
        behaviour = json.dumps([output for output, _ in runs])
        assert split_of(behaviour) == split_of(task.metadata["input"]) == "test"


def test_their_truth_is_what_python_says() -> None:
    jobs = [(t.metadata["program"], t.metadata["input"], t.verification_info["ground_truth"]) for t in TASKS]
    assert check(jobs) == []


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.problem_id.removeprefix("code_understanding/embedded/"))
def test_every_completion_of_the_audit_is_judged_rightly(task: Task) -> None:
    audit = task.metadata["audit"]
    assert len(audit["right"]) == len(set(audit["right"])) == 7
    assert len(set(audit["wrong"])) >= 30
    for kind, expected in (("right", 1.0), ("wrong", 0.0)):
        for completion in audit[kind]:
            verdict = synthetic1.score(task, completion)
            assert verdict.score == expected, f"{kind}: {completion!r} gave {verdict}"


def test_the_audit_holds_the_cases_that_graders_fall_for() -> None:
    task = TASKS[12]
    gold = task.verification_info["ground_truth"]
    wrong = task.metadata["audit"]["wrong"]
    for name, found in {
        "nothing": "" in wrong,
        "the prompt": task.prompt in wrong,
        "the gold without JSON": gold in wrong,
        "the gold in the thought alone": any(w.startswith("<think>") and gold in w for w in wrong),
        "a list of guesses": any(f'["{gold}", ' in w for w in wrong),
        "a trailing newline": f'{{"output": "{gold}\\n"}}' in wrong,
        "a duplicate key": any(w.count('"output"') == 2 and w.startswith("{") and w.endswith("}") for w in wrong),
    }.items():
        assert found, name


def test_the_examples_of_the_docs_are_true() -> None:
    page = (Path(__file__).parents[2] / "docs" / "code_understanding.md").read_text("utf-8")
    found = re.findall(r'`("[^`]*")` → `("[^`]*")`:\n\n```python\n(.*?)\n```', page, re.DOTALL)
    assert len(found) == 3
    assert check([(source, json.loads(text), json.loads(output)) for text, output, source in found]) == []
    assert {source for _, _, source in found} <= {task.metadata["program"] for task in TASKS}
