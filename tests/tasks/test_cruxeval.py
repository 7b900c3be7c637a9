"""CRUXEval rows as they are published."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from synthetic1.task import TaskError
from synthetic1.tasks import TaskList, open_tasks, register_reader
from synthetic1.tasks.formats.readers import read_task_row

ROW = {"code": "def f(x):\n    return x, {1}\n", "input": "'{a}'", "output": "('{a}', {1})", "id": "sample_7"}


def test_one_row() -> None:
    [task] = TaskList.from_rows([ROW])
    assert (task.problem_id, task.in_source_id, task.source) == ("sample_7", "sample_7", "cruxeval")
    assert task.task_type == "code_output_prediction"
    assert task.verification_info == {"ground_truth": "('{a}', {1})", "compare": "python_literal"}
    assert task.gold_standard_solution == "('{a}', {1})"
    assert task.metadata == {"language": "python"}
    assert "```python\ndef f(x):\n    return x, {1}\n\nresult = f('{a}')\n```" in task.prompt
    assert '{"output": [1, 2]}' in task.prompt
    assert '{"output": "(1, 2)"}' in task.prompt
    assert "{{" not in task.prompt


@pytest.mark.parametrize("field", ["code", "input", "output", "id"])
@pytest.mark.parametrize(
    ("value", "message"), [(None, "must be a string, got NoneType"), (3, "must be a string, got int")]
)
def test_a_mistyped_field(field: str, value: Any, message: str) -> None:
    with pytest.raises(TaskError, match=f"rows in memory, row 2: field `{field}` {message}"):
        TaskList.from_rows([ROW, {**ROW, field: value}])


@pytest.mark.parametrize("field", ["code", "input", "output", "id"])
def test_a_missing_field(field: str) -> None:
    with pytest.raises(
        TaskError, match=f"row 2: field `{field}` is missing; a CRUXEval row has code, input, output, id"
    ):
        TaskList.from_rows([ROW, {name: value for name, value in ROW.items() if name != field}])


def test_an_empty_id() -> None:
    with pytest.raises(TaskError, match="row 1: field `id` must be a non-empty string"):
        TaskList.from_rows([{**ROW, "id": ""}])


def test_all_published_rows(shared_data: Path, require: Any) -> None:
    published = shared_data / "cruxeval.jsonl"
    require("CRUXEval", published.is_file(), "put cruxeval.jsonl into the shared data")
    rows = [json.loads(line) for line in published.read_text().splitlines()]
    source = open_tasks(published)
    assert len(source) == len(rows) == 800
    assert next(source.validate(), None) is None
    assert len({task.key for task in source}) == 800
    for row, task in zip(rows, source, strict=True):
        assert source.get(row["id"]) == task
        assert row["code"].strip("\n") in task.prompt
        assert f"result = f({row['input']})\n```" in task.prompt
        ast.literal_eval(task.verification_info["ground_truth"])  # so the declared comparison can be made
        program = task.prompt.split("```python\n")[1].split("\n```")[0]
        compile(program, row["id"], "exec")
    train, test = open_tasks(published, split="train"), open_tasks(published, split="test")
    assert (len(train), len(test)) == (800 - len(test), len(test))
    assert 50 < len(test) < 110


def is_riddle(columns: Any) -> bool:
    return "riddle" in columns


def read_riddle(row: Any, where: str) -> Any:
    return read_task_row({"problem_id": row["riddle"], "task_type": "riddle", "prompt": row["riddle"]}, where)


def test_a_format_of_ones_own(write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from synthetic1.tasks.formats import readers

    monkeypatch.setattr(readers, "_readers", dict(readers._readers))
    register_reader("riddles", is_riddle, read_riddle, columns=("riddle",))
    register_reader("riddles", is_riddle, read_riddle, columns=("riddle",))  # once more does no harm
    source = open_tasks(write([{"riddle": "one"}, {"riddle": "two"}]))
    assert source.get("two") == source[1]  # the id is computed, no column holds it
    with pytest.raises(ValueError, match="a row reader `riddles` is registered already"):
        register_reader("riddles", is_riddle, read_task_row, columns=("riddle",))
