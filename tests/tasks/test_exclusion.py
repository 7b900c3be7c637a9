"""Golds that a task carries beside its content, and sources without the tasks that a file names."""

from __future__ import annotations

import gzip
import json
import logging
import pickle
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synthetic1.task import Task, TaskError
from synthetic1.tasks import Mixture, TaskList, open_tasks
from synthetic1.tasks.sources.exclusion import read_keys, without

Row = dict[str, Any]
APPS = {"problem_id": 1, "question": "Double it.", "input_output": '{"inputs": ["4"], "outputs": ["8"]}'}
OWN = {"problem_id": "1", "task_type": "verifiable_code", "prompt": "Double it.", "gold_standard_solution": "a"}
CONTEST = {"name": "double", "description": "Double it.", "public_tests": {"input": ["4"], "output": ["8"]}}


# Golds --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "golds"),
    [
        ({**APPS, "solutions": '["a", "b"]'}, ["a", "b"]),
        ({**APPS, "solutions": ["a", "b", "a", " ", "b", "c"]}, ["a", "b", "c"]),
        ({**APPS, "solutions": ["a", None, 3, "b"]}, ["a", "b"]),
        ({**APPS, "solutions": "[]"}, []),
        (APPS, []),
        ({**APPS, "time_limit": "1 second", "solutions": '["a", "b"]'}, ["a", "b"]),
        (
            {**CONTEST, "solutions": {"language": [3, 2, 3, 1], "solution": ["a", "int main", "b", "print 1"]}},
            ["a", "b"],
        ),
        ({**CONTEST, "solutions": [{"language": "PYTHON3", "solution": text} for text in "aba"]}, ["a", "b"]),
        ({**OWN, "solutions": ["a", "b"]}, ["a", "b"]),
        ({**OWN, "solutions": '["b", "c"]'}, ["a", "b", "c"]),
        (OWN, ["a"]),
        ({**OWN, "solutions": "b"}, ["a"]),  # other columns of published rows are ignored
        ({**OWN, "solutions": 5}, ["a"]),
        ({**OWN, "solutions": [{"text": "b"}]}, ["a"]),
        ({**OWN, "solutions": None}, ["a"]),
        ({**OWN, "task_type": "verifiable_math", "solutions": ["b"]}, ["a"]),
    ],
)
def test_the_golds_of_a_row(row: Row, golds: list[str], tmp_path: Path) -> None:
    def read(task: Task) -> list[str]:
        return [*filter(None, [task.gold_standard_solution]), *task.other_solutions]

    assert read(TaskList.from_rows([row])[0]) == golds
    (tmp_path / "rows.jsonl").write_text(json.dumps(row) + "\n")
    assert read(open_tasks(tmp_path / "rows.jsonl")[0]) == golds
    if not isinstance(row.get("solutions"), list) or all(isinstance(one, str) for one in row["solutions"]):
        pq.write_table(pa.Table.from_pylist([row]), tmp_path / "rows.parquet")
        assert read(open_tasks(tmp_path / "rows.parquet")[0]) == golds


@pytest.mark.parametrize("row", [APPS, OWN])
def test_further_golds_are_no_content(row: Row) -> None:
    several = TaskList.from_rows([{**row, "solutions": ["a", "SECRET = 1"]}])[0]
    first_only = TaskList.from_rows([{**row, "solutions": ["a"]}])[0]
    assert several.other_solutions == ("SECRET = 1",)
    assert several == first_only
    assert several.key == first_only.key
    for shown in (several.to_row(), several.to_dict(), repr(several), several.prompt):
        assert "SECRET" not in str(shown)
    back = pickle.loads(pickle.dumps(several))
    assert (back, back.other_solutions) == (several, ())


def test_keys_are_those_of_before_further_golds_were_read() -> None:
    row = {**APPS, "solutions": ["print(2 * int(input()))", "n = int(input())\nprint(n + n)"]}
    assert TaskList.from_rows([row])[0].key == "df56670facdffcc808353ff2b537d2e1"


# Exclusion ----------------------------------------------------------------------------------------------------------


def made(*names: str) -> TaskList:
    return TaskList([Task(name, "verifiable_code", f"Problem {name}.") for name in names], name="made up")


def key(name: str) -> str:
    return made(name)[0].key


def ids(source: Any) -> list[str]:
    return [task.problem_id for task in source]


@pytest.fixture
def file_of(tmp_path: Path) -> Any:
    def write(*names: str) -> Path:
        path = tmp_path / "quarantine.jsonl"
        path.write_text("".join(json.dumps({"key": key(name), "why": "so"}) + "\n" for name in names))
        return path

    return write


@given(st.sets(st.sampled_from("abcdefgh"), min_size=1), st.sets(st.sampled_from("abcdefgh")))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_left_is_what_is_not_named(file_of: Any, there: set[str], named: set[str]) -> None:
    source, file = made(*sorted(there)), file_of(*named)
    if there <= named:
        with pytest.raises(TaskError, match=f"names all {len(there)} tasks of made up$"):
            without(source, file)
    else:
        left = without(source, file)
        assert ids(left) == sorted(there - named)
        assert (left is source) == (not there & named)
        assert [left.get(name).problem_id for name in there - named] == list(there - named)


def test_a_mixture_keeps_the_weights_of_what_is_left(file_of: Any) -> None:
    mixed = Mixture({made("a"): 2, made("b", "c"): 1, Mixture({made("d", "e"): 1, made("f"): 1}): 1})
    left = without(mixed, file_of("a", "b", "f"))
    assert isinstance(left, Mixture)
    assert [ids(part) for part in left.sources] == [["c"], ["d", "e"]]
    assert left.weights == (0.5, 0.5)
    assert without(mixed, file_of("x")) is mixed


def test_a_task_that_shares_the_head_of_a_key_stays(tmp_path: Path) -> None:
    path = tmp_path / "keys.jsonl"
    path.write_text(json.dumps({"key": key("a")[:8] + "0" * 24}) + "\n")
    assert ids(without(made("a", "b"), path)) == ["a", "b"]


def test_a_file_that_names_none_of_the_tasks_is_announced(file_of: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        without(made("a", "b"), file_of("b"))
        without(made("a", "b"), file_of())  # an audit that found nothing
        assert not caplog.messages
        without(made("a", "b"), file_of("x", "y"))
    [message] = caplog.messages
    assert message.startswith("made up holds none of the 2 tasks that ")


def test_a_split_is_one_of_what_is_left(file_of: Any) -> None:
    names = [f"{number}" for number in range(60)]
    file = file_of(*names[:20])
    for split in ("train", "test"):
        whole, left = open_tasks(made(*names), split=split), open_tasks(made(*names), split=split, exclude=file)
        assert ids(left) == [name for name in ids(whole) if int(name) >= 20]


def test_keys_in_other_files(tmp_path: Path) -> None:
    rows = [{"key": key("a")}, {"key": key("b")}]
    with gzip.open(tmp_path / "keys.jsonl.gz", "wt") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "keys.parquet")
    assert read_keys(tmp_path / "keys.jsonl.gz") == read_keys(tmp_path / "keys.parquet") == {key("a"), key("b")}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, r"exclude: .*keys.jsonl cannot be read: No such file or directory"),
        ("{", r"exclude: .*keys.jsonl line 1 is not JSON: "),
        ('"a"\n', r"keys.jsonl line 1: field `key` must be a task's key, 32 hexadecimal digits, got None"),
        ('\n{"task": "a"}\n', r"keys.jsonl line 2: field `key` must be a task's key, .* got None"),
        ('{"key": "p17"}\n', r"keys.jsonl line 1: field `key` must be a task's key, .* got 'p17'"),
    ],
)
def test_a_file_that_holds_no_keys_is_one_line(text: str | None, said: str, tmp_path: Path) -> None:
    path = tmp_path / "keys.jsonl"
    if text is not None:
        path.write_text(text)
    with pytest.raises(TaskError, match=said) as error:
        open_tasks(made("a"), exclude=path)
    assert "\n" not in str(error.value)
