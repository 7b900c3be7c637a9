"""verl, the real one: its data set reads our rows, its reward managers and Ray workers give the direct verdicts."""

from __future__ import annotations

import json
import math

import pyarrow.parquet as pq
import pytest
import through_adapters
from adapter_environments import run_script

from synthetic1 import open_tasks
from synthetic1.adapters.scoring import TASK_COLUMN, as_task, task_json
from synthetic1.adapters.verl import compute_score, compute_score_async, write_rows
from synthetic1.task import TaskError

TASKS = list(open_tasks("embedded:math"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("verl")


@pytest.fixture(scope="module")
def told(adapter_python, folder):
    return run_script(adapter_python("verl"), "tests/support/verl_rewards.py", str(folder))


def test_its_ray_workers_give_the_direct_verdicts(told):
    rewards = [None if reward == through_adapters.UNSCORABLE else reward for reward in told["rewards"]]
    assert rewards == pytest.approx(told["direct"])
    assert told["version"].startswith("0.9")


def test_its_averages_have_one_set_of_names(told):
    numbers = told["numbers"]
    assert set(numbers) == {"score", "scorable", "correct", "no_answer"}
    assert numbers["scorable"] == [float(score is not None) for score in told["direct"]]
    assert numbers["correct"] == [float(score == 1) for score in told["direct"]]


@pytest.mark.parametrize("name", ["compute_score", "compute_score_async"])
@pytest.mark.parametrize("manager", ["naive", "dapo"])
def test_its_reward_managers_give_the_direct_verdicts(told, name, manager):
    assert told[f"{name} {manager}"] is True


def test_a_ray_task_gives_the_direct_verdicts(told):
    assert told["ray_task"] is True


def test_what_could_not_be_scored_raises_unless_told_otherwise(told):
    assert told["raised"].startswith("UnscorableError: task `")
    assert "`unscorable=` a number" in told["raised"]


def test_the_example_runs_there(told, folder):
    assert told["example"] == [1.0, 0.0]
    train, test = (pq.read_table(folder / f"{split}.parquet").to_pylist() for split in ("train", "test"))
    assert len(train) + len(test) == len(TASKS)
    assert {row["extra_info"]["split"] for row in test} == {"test"}


def test_rows_are_in_its_layout(tmp_path):
    assert write_rows(TASKS, tmp_path / "rows.parquet") == len(TASKS)
    rows = pq.read_table(tmp_path / "rows.parquet").to_pylist()
    assert [as_task(row["reward_model"]["ground_truth"]) for row in rows] == TASKS
    assert set(rows[0]) == {"data_source", "prompt", "ability", "reward_model", "extra_info"}
    assert rows[0]["prompt"] == [{"role": "user", "content": TASKS[0].prompt}]


async def test_the_task_may_stand_in_extra_info():
    gold = f"\\boxed{{{TASKS[0].verification_info['ground_truth']}}}"
    places = [(task_json(TASKS[0]), None), ("42", {TASK_COLUMN: task_json(TASKS[0])}), (TASKS[0].to_row(), {})]
    for ground_truth, extra in places:
        expected = {"score": 1.0, "scorable": 1.0, "correct": 1.0, "no_answer": 0.0}
        assert compute_score("x", gold, ground_truth, extra, num_turns=2) == expected
        assert await compute_score_async("x", gold, ground_truth, extra) == expected
    with pytest.raises(TaskError, match="a task as text is a JSON object"):
        compute_score("openai/gsm8k", gold, "#### 42")


@pytest.mark.parametrize(
    ("extra", "score"), [({}, 0.0), ({"thinking_open": False}, 1.0), ({"thinking_open": None}, 0.0), (None, 0.0)]
)
def test_an_open_thought_is_a_setting_or_a_column(extra, score):
    gold = f"So \\boxed{{{TASKS[0].verification_info['ground_truth']}}}"
    assert compute_score("x", gold, task_json(TASKS[0]), extra, thinking_open=True)["score"] == score


@pytest.mark.parametrize("unscorable", ["mask", math.nan])
def test_it_cannot_mask(unscorable):
    row = json.loads(task_json(TASKS[0]))
    with pytest.raises(ValueError, match="unscorable must be a number or one of raise"):
        compute_score("x", "\\boxed{1}", {**row, "verification_info": {}}, unscorable=unscorable)
