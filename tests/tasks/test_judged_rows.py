"""Published rows of the two judged families: whose they are, what their verifiers need, and the way back."""

from __future__ import annotations

import json

import pytest

from synthetic1.task import Task, TaskError
from synthetic1.tasks.formats.judged_rows import WIRE_TYPE
from synthetic1.tasks.sources.source import TaskList

BEFORE = "def area(r):\n    return 3.14 * r * r\n\n\ndef rim(r):\n    return 6.28 * r\n"
AFTER = BEFORE.replace("3.14 * r", "math.pi * r").replace("def area", "import math\n\n\ndef area", 1)
ASKED = f"# Task\n\nUse the exact value of pi.\n\n# Code to modify\n\n```python\n{BEFORE}```\n"
CHANGE = {
    "problem_id": "software_1",
    "source": "commitpack",
    "task_type": WIRE_TYPE,
    "in_source_id": 5664094,
    "prompt": ASKED,
    "gold_standard_solution": f"```python\n{AFTER}```",
    "verification_info": "{'judging_instructions': ''}",
    "metadata": "{}",
}
QUESTION = CHANGE | {
    "source": "stackexchange",
    "prompt": "Why does ice float?",
    "gold_standard_solution": "It is less dense than water.",
}


def read(row):
    [task] = TaskList.from_rows([row])
    return task


def test_a_change_has_the_file_of_its_prompt():
    task = read(CHANGE)
    assert (task.task_type, task.prompt, task.gold_standard_solution) == ("swe", ASKED, AFTER)
    assert task.verification_info == {"judging_instructions": "", "before": BEFORE, "language": "python"}
    assert task.metadata == {"wire_task_type": WIRE_TYPE}


def test_a_solution_without_a_fence_is_the_file():
    assert read({**CHANGE, "gold_standard_solution": AFTER}).gold_standard_solution == AFTER
    assert read({**CHANGE, "gold_standard_solution": AFTER.rstrip("\n")}).gold_standard_solution == AFTER


def test_a_file_in_a_fence_longer_than_its_own_is_read():
    before, after = (f'"""\n```python\nrim(1)\n```\n"""\n{text}' for text in (BEFORE, AFTER))
    row = {
        **CHANGE,
        "prompt": f"Do:\n\n````python\n{before}````\n",
        "gold_standard_solution": f"````python\n{after}````",
    }
    task = read(row)
    assert (task.verification_info["before"], task.gold_standard_solution) == (before, after)


def test_a_question_keeps_all_but_its_type():
    task = read(QUESTION)
    assert task.task_type == "stem"
    assert task.verification_info == {"judging_instructions": ""}
    assert task.gold_standard_solution == QUESTION["gold_standard_solution"]
    assert task.metadata == {"wire_task_type": WIRE_TYPE}


@pytest.mark.parametrize("name", ["stackexchange-question-answering", "OWNER/Stack-Exchange", "stackoverflow"])
def test_the_datasets_name_says_it_too(name):
    assert read({**QUESTION, "source": "", "hf_dataset_name": name}).task_type == "stem"
    assert read({**QUESTION, "source": None, "hf_dataset_name": None}).task_type == WIRE_TYPE


def test_a_dataset_of_changes_says_it_too():
    assert read({**CHANGE, "source": "", "hf_dataset_name": "OWNER/real-world-swe-problems"}).task_type == "swe"


@pytest.mark.parametrize(
    "fields",
    [
        {"source": "somewhere"},
        {"prompt": "Use the exact value of pi in the file you know."},
        {"prompt": f"{ASKED}\n```text\nand a second block\n```\n"},
        {"gold_standard_solution": None},
        {"gold_standard_solution": BEFORE},
        {"gold_standard_solution": "I would import math and use its constant pi."},
        # a file that holds fences itself, of which nobody can tell where it ends
        {"prompt": ASKED.replace("def rim", '"""\n```\nrim(1)\n```\n"""\ndef rim')},
        {"prompt": ASKED.replace("def rim", "```python\nrim(1)\n```\ndef rim")},
        {"gold_standard_solution": f"Here it is:\n\n```python\n{AFTER}```"},
        {"gold_standard_solution": f"```python\n{AFTER}```\n\nand\n\n```python\nprint(area(1))\n```"},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_what_no_rule_can_place_keeps_the_wire_type(fields):
    task = read({**CHANGE, **fields})
    assert task.task_type == WIRE_TYPE
    assert "wire_task_type" not in task.metadata


def test_a_question_without_a_reference_keeps_the_wire_type():
    assert read({**QUESTION, "gold_standard_solution": " "}).task_type == WIRE_TYPE


@pytest.mark.parametrize("row", [CHANGE, QUESTION], ids=["swe", "stem"])
def test_stored_and_read_again_it_is_the_same_task(row):
    task = read(row)
    assert Task.from_row(json.loads(json.dumps(task.to_row()))) == task
    assert read(task.to_row()) == task


def test_other_types_are_let_be():
    row = {**QUESTION, "task_type": "verifiable_math"}
    assert read(row).task_type == "verifiable_math"


# CommitPack ----------------------------------------------------------------------------------------------------------

COMMIT = {
    "commit": "c0ffee",
    "old_file": "src/area.py",
    "new_file": "src/area.py",
    "old_contents": BEFORE,
    "new_contents": AFTER,
    "subject": "Use math.pi",
    "message": "Use math.pi\n\nIt is exact.\n",
    "lang": "Python",
}


def test_a_row_of_commitpack_is_a_change():
    task = read(COMMIT)
    assert (task.task_type, task.problem_id, task.in_source_id) == ("swe", "c0ffee/src/area.py", "c0ffee")
    assert task.gold_standard_solution == AFTER
    assert task.verification_info == {
        "path": "src/area.py",
        "language": "Python",
        "instruction": COMMIT["message"].strip(),
        "before": BEFORE,
    }
    assert BEFORE in task.prompt
    assert "It is exact." in task.prompt
    assert "math.pi *" not in task.prompt


def test_a_new_file_has_none_before():
    task = read({**COMMIT, "old_contents": "", "message": ""})
    assert task.verification_info["before"] == ""
    assert task.verification_info["instruction"] == COMMIT["subject"]
    assert "does not exist yet" in task.prompt


def test_fences_and_markers_are_longer_than_any_in_the_file():
    text = "# How to\n\n````md\n```\n=======\n```\n````\n"
    prompt = read({**COMMIT, "old_contents": text, "new_contents": text + "more\n", "lang": "Markdown"}).prompt
    assert f"`````markdown\n{text}`````" in prompt
    assert "<<<<<<<< SEARCH" in prompt
    assert "\n========\n" in prompt


@pytest.mark.parametrize("field", ["new_contents", "old_contents", "subject"])
def test_a_mistyped_field_is_one_clear_line(field):
    with pytest.raises(TaskError, match=rf"^[^\n]*{field}[^\n]*$"):
        read({**COMMIT, field: 5, "message": ""})
