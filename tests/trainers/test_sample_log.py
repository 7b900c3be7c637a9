"""Which completions of a step are kept: the telling ones, or all; each once, with why it could not be scored."""

from __future__ import annotations

import json
from functools import cache

import pytest

from synthetic1.completion import Completion
from synthetic1.reports.run_folder import RunFolder
from synthetic1.rollout import Rollout
from synthetic1.task import Task
from synthetic1.verdict import Verdict

REASONS = {1.0: "correct", 0.5: "partial", 0.0: "wrong_answer"}
DOWN = Verdict.unscorable("judge", "the judge did not answer")


# They import torch: every process of the tests reads this file, one of them trains.


def outcomes():
    from synthetic1.trainers.reinforcement import outcomes

    return outcomes


def sample_log():
    from synthetic1.trainers.reinforcement import sample_log

    return sample_log


def rollout(name: str, score: float | None, advantage: float | None = None, *, tokens: int = 5, family: str = "math"):
    from synthetic1.trainers.reinforcement.objective.reward import RewardedRollout

    verdict = DOWN if score is None else Verdict(score, REASONS[score], name)
    task = Task(problem_id=name, task_type=family, prompt=f"{name}?", gold_standard_solution="gold")
    completion = Completion.parse(name, usage={"completion_tokens": tokens})
    return RewardedRollout(task, Rollout(task.key, completion, "m", {}, 0, "e"), verdict, 0, score, {}, None, advantage)


@pytest.fixture
def log(tmp_path):
    """``log(all_, step, rollouts, dropped)``: the rows written, and what was said of the step."""

    def write(all_, step, rollouts, dropped=()):
        with RunFolder.create(tmp_path / "run", resume=True) as run:
            said = sample_log().SampleLog(run, every=2, apart=1, all_=all_).write(step, rollouts, dropped)
        file = tmp_path / "run" / "samples.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else [], said

    return write


@cache
def four():
    return [rollout("a", 1.0, 1.0), rollout("b", 0.0, -1.0), rollout("c", 0.0, -0.5), rollout("d", None)]


def test_some_are_the_best_the_worst_and_what_could_not_be_scored(log):
    rows, (left_out, best, worst) = log(False, 2, four(), [rollout("e", None)])
    assert [row["task_id"] for row in rows] == ["a", "b", "d", "e"]
    assert (best["task_id"], worst["task_id"], left_out) == ("a", "b", 0)
    assert [row.get("why") for row in rows] == [None, None, "the judge did not answer", "the judge did not answer"]
    assert [row.get("dropped", False) for row in rows] == [False, False, False, True]
    assert rows[2]["reason"] == "unscorable_judge"
    assert (rows[0]["family"], rows[0]["tokens"]) == ("math", 5)


def test_what_could_not_be_scored_is_kept_at_every_step_but_not_without_end(log):
    many = [rollout(f"u{i}", None) for i in range(sample_log().MOST_UNSCORABLE + 3)]
    rows, (left_out, best, worst) = log(False, 1, [*four()[:3], *many])  # not a step of best and worst
    assert [row["task_id"] for row in rows] == [f"u{i}" for i in range(sample_log().MOST_UNSCORABLE)]
    assert (left_out, best, worst) == (3, None, None)


@pytest.mark.parametrize("step", [1, 2])
def test_all_are_all_each_once(log, step):
    many = [rollout(f"u{i}", None) for i in range(sample_log().MOST_UNSCORABLE + 3)]
    rows, (left_out, *_) = log(True, step, [*four(), *many], [rollout("x", 1.0), rollout("y", 1.0)])
    assert sorted(row["task_id"] for row in rows) == sorted(
        ["a", "b", "c", "d", "x", "y", *(f"u{i}" for i in range(11))]
    )
    assert {row["task_id"] for row in rows if row.get("dropped")} == {"x", "y"}
    assert left_out == 0


@pytest.mark.parametrize(
    ("batch", "expected"),
    [
        ([], (None, None)),
        ([("u", None)], (None, None)),
        ([("a", 1.0, 0.0)], ("a", None)),  # one alone is not its own opposite
        ([("a", 1.0, 0.0), ("b", 1.0, 0.0)], ("a", "b")),
        ([("u", None, 5.0), ("a", 0.0, -1.0), ("b", 1.0, 2.0)], ("b", "a")),
    ],
)
def test_the_best_and_the_worst(batch, expected):
    found = sample_log().best_and_worst([rollout(*one) for one in batch])
    assert tuple(r.task.problem_id if r else None for r in found) == expected


@pytest.mark.parametrize(
    ("every", "apart", "at"),
    [
        (2, 1, [2, 4, 6, 8, 10, 12]),
        (2, 2, [3, 5, 7, 9, 11, 13]),  # completions at odd steps alone
        (4, 2, [5, 9, 13]),
        (5, 4, [5, 13]),
        (3, 4, [5, 9, 13]),  # 5 is the first after 3, 9 after 6 and at 9, 13 after 12
        (20, 4, []),
    ],
)
def test_the_first_rollout_at_or_after_each_multiple_has_a_pair(tmp_path, every, apart, at):
    found = []
    for step in range(1, 14):
        if (step - 1) % apart == 0:
            with RunFolder.create(tmp_path, resume=True) as run:  # whatever session it is
                _, best, _ = sample_log().SampleLog(run, every=every, apart=apart, all_=False).write(step, four(), ())
            found += [step] if best else []
    assert found == at


def test_trackers_get_the_telling_ones_alone(tmp_path, monkeypatch):
    tracked = []
    monkeypatch.setattr(RunFolder, "log_sample", lambda self, row, *, tracked_=tracked, tracked=True: tracked_.append(
        (row["task_id"], tracked)))  # fmt: skip
    with RunFolder.create(tmp_path, resume=False) as run:
        sample_log().SampleLog(run, every=2, apart=1, all_=True).write(2, four(), [rollout("x", 1.0)])
    assert tracked == [("a", True), ("b", True), ("d", True), ("c", False), ("x", False)]


def test_what_became_of_a_step():
    batch = [rollout("a", 1.0, tokens=10), rollout("b", 0.0, tokens=20), rollout("c", 0.5, tokens=40, family="code")]
    found = outcomes().outcome_measures([*batch, rollout("d", None, tokens=99)])
    assert found["reasons"] == {"correct": 1, "wrong_answer": 1, "partial": 1, "unscorable_judge": 1}
    assert (found["length_right"], found["length_wrong"]) == (10, 30)
    assert found["by_family"] == {
        "code": {"n": 1, "reward": 0.5, "pass_at_1": 0.0},
        "math": {"n": 3, "reward": 0.5, "pass_at_1": 0.5},
    }
    assert outcomes().outcome_measures([]) == {}
    lost = [rollout(f"u{i}", None, family="code") for i in range(4)]  # of an outage: no group of them is learned from
    found = outcomes().outcome_measures(batch[:2], lost)
    assert found["reasons"] == {"unscorable_judge": 4, "correct": 1, "wrong_answer": 1}
    assert found["by_family"]["code"] == {"n": 4, "reward": None, "pass_at_1": None}
    assert outcomes().outcome_measures(batch[:1])["length_wrong"] is None


def test_clip_ratios_and_memory():
    assert outcomes().clip_ratios(
        {"clip_ratio/low_mean": 0.1, "clip_ratio/high_mean": 0.0, "clip_ratio/region_mean": 0.1}
    ) == {
        "low": 0.1,
        "high": 0.0,
        "all": 0.1,
    }
    assert outcomes().clip_ratios({"cispo_clip_ratio": 0.5, "loss": 1.0}) == {"capped": 0.5}
    assert outcomes().clip_ratios({}) == {}
    assert 0.01 < outcomes().memory_gib()["resident"] < 100
