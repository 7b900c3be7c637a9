"""Rows of any layout, by ``columns``: what is read, what is refused, and what is proposed for rows nobody knows."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import gymnasium as gym
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import synthetic1
from synthetic1 import Scorer
from synthetic1.jobs.env_settings import EnvSettings
from synthetic1.jobs.opening import open_environment
from synthetic1.jobs.program import ProgramError
from synthetic1.rewards.registry import get_verifier
from synthetic1.task import Task, TaskError
from synthetic1.tasks import TaskList, open_tasks

Row = dict[str, Any]
MESSAGES = '[{"role": "user", "content": "1 + 1?"}]'
FINAL = {"prompt": "ask", "answer": "gold"}


def task_of(row: Row, columns: dict[str, str], **more: Any) -> Task:
    return open_tasks([row], columns=columns, **more)[0]


def gold_scores(task: Task) -> float | None:
    gold = get_verifier(task.task_type).gold_completion(task)
    assert gold is not None
    with Scorer() as scorer:
        return scorer.score_sync([(task, gold)])[0].score


@pytest.mark.parametrize(
    ("row", "columns", "truth"),
    [
        ({"ask": "1 + 1?", "gold": "2"}, FINAL, "2"),
        ({"ask": "1 + 1?", "gold": 2.0}, FINAL, "2"),
        ({"ask": "1 + 1?", "gold": ["2"]}, FINAL, "2"),
        ({"q": {"text": "1 + 1?"}, "a": [{"v": "2"}]}, {"prompt": "q.text", "answer": "a.0.v"}, "2"),
        ({"q": '{"text": "1 + 1?"}', "a": "{'v': '2'}"}, {"prompt": "q.text", "answer": "a.v"}, "2"),
        ({"q.text": "1 + 1?", "q": {"text": "no"}, "a": "2"}, {"prompt": "q.text", "answer": "a"}, "2"),
        ({"ask": "1 + 1?", "how": "So \\boxed{2}."}, {"prompt": "ask", "solution": "how"}, "So \\boxed{2}."),
    ],
)
def test_mathematics(row: Row, columns: dict[str, str], truth: str) -> None:
    task = task_of(row, columns)
    assert (task.task_type, task.verification_info) == ("verifiable_math", {"ground_truth": truth})
    assert task.prompt == "1 + 1?\n\nPut your final answer within \\boxed{}."
    assert gold_scores(task) == 1.0


@pytest.mark.parametrize("ask", ["[Box it] \\boxed{}. 1 + 1?", [{"role": "user", "content": "1 + 1?"}], MESSAGES])
def test_a_prompt_that_says_where_the_answer_goes_or_is_a_message_is_exact(ask: Any) -> None:
    task = task_of({"ask": ask, "gold": "2"}, FINAL)
    assert task.prompt == (ask if isinstance(ask, str) and ask != MESSAGES else "1 + 1?")


def test_other_families() -> None:
    science = task_of({"ask": "Why?", "gold": "Heat."}, FINAL, family="stem")
    assert (science.task_type, science.verification_info) == ("stem", {"question": "Why?", "ground_truth": "Heat."})
    assert gold_scores(science) == 1.0
    output = task_of({"ask": "What is printed?", "gold": "7"}, FINAL, family="code_understanding")
    assert (output.task_type, gold_scores(output)) == ("code_output_prediction", 1.0)
    change = task_of(
        {"issue": "Say hi.", "file": "a.py", "old": "print(1)\n", "new": "print('hi')\n"},
        {"prompt": "issue", "path": "file", "before": "old", "after": "new"},
    )
    assert (change.task_type, change.gold_standard_solution) == ("swe", "print('hi')\n")
    assert "Say hi." in change.prompt


def test_programs(sandbox_kind: str) -> None:
    row = {
        "statement": "Add.",
        "checks": json.dumps([{"input": [1, 2], "output": 3, "type": "function_call"}]),
        "name": "add",
        "answer": {"code": "def add(a, b):\n    return a + b\n"},
    }
    names = {"prompt": "statement", "tests": "checks", "function": "name", "solution": "answer.code"}
    task = task_of(row, names)
    assert task.prompt.startswith("Add.\n\nWrite the Python function `add`")
    assert gold_scores(task) == 1.0


@pytest.mark.parametrize(
    ("tests", "read"),
    [
        ("import math\nassert add(1, 2) == 3\nassert add(0, 0) == 0", {"test_cases"}),
        ("def check(candidate):\n    assert candidate(1, 2) == 3\n", {"assertions"}),
        ('{"inputs": ["1"], "outputs": ["2"]}', {"test_cases"}),
        ("['assert add(1, 2) == 3']", {"test_cases"}),
    ],
)
def test_tests_in_any_shape(tests: str, read: set[str]) -> None:
    names = {"prompt": "ask", "tests": "checks", "function": "name"}
    information = task_of({"ask": "Add.", "checks": tests, "name": "add"}, names).verification_info
    assert set(information) == {"language"} | read


def test_ids_sources_and_kinds_of_files(tmp_path: Path) -> None:
    """Columns are those that Parquet fetches; ids are found; the mapping is pickled with the source."""
    rows = [{"n": i, "ask": f"{i} + 1?", "gold": {"text": str(i + 1)}, "from": "adds", "other": "x"} for i in range(5)]
    names = {"prompt": "ask", "answer": "gold.text", "id": "n", "source": "from"}
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "rows.parquet")
    lines, table = (open_tasks(str(tmp_path / f"rows.{kind}"), columns=names) for kind in ("jsonl", "parquet"))
    again = pickle.loads(pickle.dumps(lines))
    assert [task.key for task in lines] == [task.key for task in table] == [task.key for task in again]
    assert again.get("3").verification_info == table.get("3").verification_info == {"ground_truth": "4"}
    assert lines[0].source == "adds"
    mixed = open_tasks({str(tmp_path / "rows.jsonl"): 1, str(tmp_path / "rows.parquet"): 2}, columns=names)
    assert len(mixed) == 10


def test_an_index_of_another_mapping_is_not_used(tmp_path: Path, keep: None) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(
        "".join(json.dumps({"a": f"p{i}", "b": f"q{i}", "ask": "1?", "gold": "2"}) + "\n" for i in range(3))
    )
    assert open_tasks(str(path), columns={**FINAL, "id": "a"}).get("p1").problem_id == "p1"
    assert open_tasks(str(path), columns={**FINAL, "id": "b"}).get("q1").problem_id == "q1"


@pytest.mark.parametrize(
    ("columns", "family", "message"),
    [
        ("prompt: ask", None, "columns must map names to columns of the rows, as in columns='{prompt: question,"),
        ({}, None, "columns must map names to columns of the rows"),
        ({"prompt": "ask", "anwser": "gold"}, None, "columns: 'anwser' is not a name of math tasks; they are prompt"),
        ({"prompt": "ask"}, None, "columns: math tasks need answer too"),
        ({"answer": "gold"}, "stem", "columns: stem tasks need prompt too"),
        ({"prompt": "ask", "answer": 3}, None, "columns: answer must be the name of a column, got int 3"),
        ({"prompt": "ask", "answer": "god"}, None, "row 1: columns: there is no column `god` for answer; the row has"),
        ({"prompt": "ask", "answer": "gold.text"}, None, "row 1: columns: the row has no `gold.text`, which is the"),
        ({"prompt": "ask", "tests": "gold"}, None, "row 1: columns: field `tests` holds tests that are neither JSON"),
        ({"prompt": "none", "answer": "gold"}, None, "row 1: columns: field `prompt` must hold a list of messages"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(columns: Any, family: str | None, message: str) -> None:
    with pytest.raises(TaskError) as error:
        open_tasks([{"ask": "1?", "gold": "two tests", "none": None}], columns=columns, family=family)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("spec", "named"),
    [
        (TaskList([Task("p", "t", "?")], name="mine"), "mine"),
        ("embedded:math", "embedded:math"),
        (["embedded:math", "embedded:stem"], "embedded:math, embedded:stem"),
        ({"embedded:math": 1.0, TaskList([Task("p", "t", "?")], name="mine"): 2.0}, "embedded:math, mine"),
    ],
)
def test_tasks_are_no_rows(spec: Any, named: str) -> None:
    with pytest.raises(TaskError, match=f"^columns is for files and rows; {named} has tasks already"):
        open_tasks(spec, columns=FINAL)


def test_columns_of_one_part_are_for_that_part(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text(json.dumps({"ask": "1?", "gold": "1"}) + "\n")
    mixed = open_tasks(["embedded:math", str(path)], columns={"prompt": "ask", "answer": "gold"}, family="math")
    assert len(mixed) > 1
    assert mixed[len(mixed) - 1].prompt.startswith("1?")


@pytest.mark.parametrize(
    ("row", "proposed"),
    [
        ({"riddle": 1, "Question": 2, "reply": 3, "target": 4}, "columns='{prompt: Question, answer: target}'"),
        (
            {"instruction": 1, "final_answer": 2, "uuid": 3},
            "columns='{prompt: instruction, answer: final_answer, id: uuid}'",
        ),
        ({"Question": 1, "Correct Answer": 2}, "columns='{prompt: Question, answer: Correct Answer}'"),
        ({"query": 1, "unit_tests": 2}, "columns='{prompt: query, tests: unit_tests}'"),
        ({"query": 1, "zzz": 2}, "columns='{prompt: query, answer: …}'"),
        ({"x": 1}, "say which is which with columns='{prompt: COLUMN, answer: COLUMN}'"),
    ],
)
def test_rows_that_nobody_knows_are_told_what_would_read_them(row: Row, proposed: str) -> None:
    with pytest.raises(TaskError) as error:
        open_tasks([row])
    assert f"row 1: no row format has the columns {', '.join(row)}; " in str(error.value)
    assert proposed in str(error.value)


# Environments --------------------------------------------------------------------------------------------------------


def test_an_environment_takes_them(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({"ask": "1 + 1?", "gold": "2"}) + "\n")
    env = gym.make("synthetic1/math-v0", tasks=str(path), split="all", columns=FINAL)
    assert env.reset(seed=0)[0].startswith("1 + 1?")
    assert env.step("\\boxed{2}")[1] == 1.0
    env.close()
    env = gym.make("synthetic1/stem-v0", tasks=str(path), split="all", columns=FINAL)
    assert "<answer>" in env.reset(seed=0)[0]
    env.close()


@pytest.mark.parametrize("given", [{"columns": FINAL}, {"bad_rows": "quarantine"}])
@pytest.mark.parametrize("family", synthetic1.FAMILIES)
def test_what_is_about_rows_wants_files(family: str, given: dict[str, Any]) -> None:
    (name,) = given
    with pytest.raises(ValueError, match=f"{name} is about rows of files, and `tasks` names none: add tasks=FILE"):
        gym.make(f"synthetic1/{family}-v0", **given)


def test_bad_rows_of_a_program_are_not_an_argument_of_each_environment() -> None:
    mixture = {family: {"id": f"synthetic1/{family}-v0", "weight": 1} for family in ("math", "code_understanding")}
    assert len(open_environment(EnvSettings(mixture=mixture), bad_rows="quarantine").tasks)
    with pytest.raises(ProgramError, match="env `synthetic1/math-v0`: bad_rows is about rows of files"):
        open_environment(EnvSettings(id="synthetic1/math-v0", bad_rows="error"), bad_rows="quarantine")


def test_a_command_line_says_them(tmp_path: Path) -> None:
    """As ``env.columns='{prompt: ask, answer: gold.text}'`` of every program."""
    from hydra import compose, initialize_config_module
    from omegaconf import OmegaConf

    with initialize_config_module("synthetic1.configs", version_base="1.3"):
        config = compose(
            "evaluate_model", ["env=math", "env.tasks=rows.jsonl", "env.columns={prompt: ask, answer: gold.text}"]
        )
    env = OmegaConf.to_container(config.env)
    assert isinstance(env, dict)
    assert env["columns"] == {"prompt": "ask", "answer": "gold.text"}
