"""Evaluation: numbers that a person can check by hand, and tasks that training never sees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pytest

from synthetic1.completion import Completion
from synthetic1.evaluation.evaluation import evaluate
from synthetic1.inference.engine import Message, Sampling
from synthetic1.jobs.opening import held_out, open_environment
from synthetic1.reports.statistics import wilson
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.rollout import Rollout
from synthetic1.task import Task
from synthetic1.verdict import Verdict

if TYPE_CHECKING:  # it imports torch, which most processes of the tests can do without
    from synthetic1.trainers.reinforcement.objective.reward import RewardedRollout

SAMPLING = Sampling(max_tokens=10)


class Parrot:
    """An engine that says what its prompt says."""

    name = model = "parrot"

    async def complete(self, messages: Sequence[Message], n: int, sampling: Sampling) -> list[Completion]:
        assert sampling == SAMPLING
        usage = {"completion_tokens": len(messages[0]["content"])}
        return [Completion.parse(messages[0]["content"], usage=usage)] * n


def task(number: int, said: str, gold: object = "a", level: object = 1) -> Task:
    return Task(str(number), "code_output_prediction", said, {"ground_truth": gold}, metadata={"level": level})


RIGHT, WRONG, SILENT = '{"output": "a"}', '{"output": "b"}', "<think>hm"
TASKS = [
    task(0, RIGHT),
    task(1, "<think>hm</think>" + RIGHT),
    task(2, WRONG),
    task(3, SILENT, level=2),
    task(4, "<think>hm</think>" + WRONG, level=2),
    task(5, RIGHT, gold=None, level=2),  # unscorable: a gold that is none
    task(6, RIGHT, level=None),
]


def test_the_summary_by_hand():
    evaluation = evaluate(TASKS, Scorer(), Parrot(), SAMPLING)
    assert [s.verdict.score for s in evaluation.rollouts] == [1.0, 1.0, 0.0, 0.0, 0.0, None, 1.0]
    assert evaluation.scores == [1.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    summary = evaluation.summary()
    assert (summary["n"], summary["pass_at_1"], summary["unscorable"]) == (6, 0.5, 1)
    assert summary["ci95"] == list(wilson(3, 6))
    assert summary["think_share"] == pytest.approx(3 / 7)
    assert summary["length_mean"] == pytest.approx(sum(len(t.prompt) for t in TASKS) / 7)
    by_level = {level: (rate["n"], rate["pass_at_1"]) for level, rate in summary["by_level"].items()}
    assert by_level == {"1": (3, pytest.approx(2 / 3)), "2": (2, 0.0)}
    thinking, other = summary["by_thinking"]["thinking"], summary["by_thinking"]["not_thinking"]
    assert (thinking["n"], thinking["pass_at_1"], thinking["share"]) == (3, pytest.approx(1 / 3), pytest.approx(3 / 7))
    assert (other["n"], other["pass_at_1"], other["share"]) == (3, pytest.approx(2 / 3), pytest.approx(4 / 7))


def test_rollouts_say_where_they_came_from():
    rollouts = [r.rollout for r in evaluate(TASKS[:2], Scorer(), Parrot(), SAMPLING, samples=2).rollouts]
    assert [r.task_key for r in rollouts] == [t.key for t in TASKS[:2] for _ in range(2)]
    assert [r.sample_index for r in rollouts] == [0, 1, 0, 1]
    assert {(r.engine, r.model) for r in rollouts} == {("parrot", "parrot")}
    assert all(r.sampling == SAMPLING.to_dict() for r in rollouts)
    assert len({r.key for r in rollouts}) == 4


def test_the_row_of_a_rollout():
    (wrong,) = evaluate(TASKS[4:5], Scorer(), Parrot(), SAMPLING).rollouts
    assert wrong.row(3, "after") == {
        "step": 3,
        "phase": "after",
        "task_id": "4",
        "level": 2,
        "prompt": TASKS[4].prompt,
        "completion": TASKS[4].prompt,
        "answer": "b",
        "expected": None,
        "score": 0.0,
        "reason": "wrong_answer",
        "advantage": None,
        "thinking": True,
    }
    from synthetic1.trainers.reinforcement.objective.reward import RewardedRollout

    rewarded = RewardedRollout(wrong.task, wrong.rollout, wrong.verdict, 0, 0.0, advantage=-0.5)
    more = {"advantage": -0.5, "part": None, "reward": 0.0, "components": {}}
    assert list(rewarded.row(3, "after").items()) == list({**wrong.row(3, "after"), **more}.items())


def test_nothing_to_evaluate():
    summary = evaluate([], Scorer(), Parrot(), SAMPLING).summary()
    assert (summary["n"], summary["pass_at_1"], summary["ci95"]) == (0, None, None)


def test_rollouts_of_other_processes_count():
    others = evaluate(TASKS[1:2], Scorer(), Parrot(), SAMPLING).rollouts
    evaluation = evaluate(TASKS[:1], Scorer(), Parrot(), SAMPLING, gather=lambda rollouts: [*rollouts, *others])
    assert evaluation.summary()["n"] == 2


def test_held_out_tasks_share_nothing_with_training(compose):
    settings = compose("env.level=1-4", "env.size=400")
    train_set = open_environment(settings.env).tasks
    eval_tasks = held_out(settings.env, 200)
    assert len(eval_tasks) == 200
    for what in ("program", "input"):
        trained_on = {task.metadata[what] for task in train_set}
        assert trained_on.isdisjoint(task.metadata[what] for task in eval_tasks)


def test_held_out_tasks_are_always_the_same(compose, tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(f'{{"problem_id": "{i}", "task_type": "x", "prompt": "p{i}"}}\n' for i in range(300)))
    env = compose(f"env.tasks={path}").env
    train_set = open_environment(env, split="train").tasks
    eval_tasks = [t.problem_id for t in held_out(env, 10)]
    assert eval_tasks == [t.problem_id for t in held_out(env, 10)]
    assert len(set(eval_tasks)) == 10
    everything = {t.problem_id for t in held_out(env, 10_000)}
    assert set(eval_tasks) <= everything
    assert everything.isdisjoint(task.problem_id for task in train_set)


def rewarded(score: float | None, **changes: Any) -> RewardedRollout:
    from synthetic1.trainers.reinforcement.objective.reward import RewardedRollout

    text = changes.pop("text", RIGHT)
    usage = {"completion_tokens": changes.pop("tokens", 4)}
    finish = changes.pop("finish", "stop")
    reward = changes.pop("reward", score)
    verdict = Verdict.unscorable("infra", "x") if score is None else Verdict.graded(score)
    asked = task(0, "p", level=changes.pop("level", 1))
    rollout = Rollout(asked.key, Completion.parse(text, finish_reason=finish, usage=usage), "m")
    return RewardedRollout(asked, rollout, verdict, 0, reward, **changes)


def test_the_measures_of_a_rollout_by_hand():
    from synthetic1.trainers.reinforcement.measures import rollout_measures

    groups = [
        [rewarded(1.0, tokens=2), rewarded(0.0, tokens=4)],
        [rewarded(0.5, level=2, text=SILENT, tokens=6, finish="length"), rewarded(None, level=2, tokens=8)],
        [rewarded(1.0, tokens=10), rewarded(1.0, tokens=12)],
    ]
    measures = rollout_measures([s for group in groups for s in group], 2)
    assert measures["reward"] == pytest.approx(3.5 / 5)
    assert measures["pass_at_1"] == pytest.approx(3 / 5)
    assert measures["zero_std_share"] == pytest.approx(2 / 3)  # a lone score gives no signal either
    assert measures["unscorable_share"] == pytest.approx(1 / 6)
    assert measures["think_share"] == pytest.approx(1 / 6)
    assert measures["clip_share"] == pytest.approx(1 / 6)
    assert (measures["length_mean"], measures["length_p10"], measures["length_p90"]) == (7.0, 3.0, 11.0)
    assert measures["by_level"] == {"1": {"n": 4, "pass_at_1": 0.75}, "2": {"n": 1, "pass_at_1": 0.0}}


def test_what_was_dropped_is_a_part_of_what_the_model_did():
    """Groups all right and all wrong, of which nothing is learned: without them pass@1 is one half for ever."""
    from synthetic1.trainers.reinforcement.measures import rollout_measures

    kept = [rewarded(1.0, tokens=2, part="a", components={"format": 1.0}), rewarded(0.0, tokens=4, part="a")]
    dropped = [rewarded(1.0, reward=None, tokens=6, level=2, part=part, finish="length") for part in "aabb"]
    learned, made = rollout_measures(kept, 2), rollout_measures(kept, 2, dropped)
    for name in ("reward", "reward_std", "rewards", "zero_std_share"):
        assert made[name] == learned[name], name
    assert (learned["pass_at_1"], made["pass_at_1"]) == (0.5, pytest.approx(5 / 6))
    assert (made["length_mean"], made["clip_share"]) == (5.0, pytest.approx(4 / 6))
    assert made["by_level"] == {"1": {"n": 2, "pass_at_1": 0.5}, "2": {"n": 4, "pass_at_1": 1.0}}
    assert made["by_part"]["a"]["rewards"]["correctness"]["n"] == 2
    assert (made["by_part"]["a"]["n"], made["by_part"]["a"]["pass_at_1"]) == (4, 0.75)
    assert made["by_part"]["b"] == {"n": 2, "reward": None, "pass_at_1": 1.0, "rewards": {}}
    failed = rollout_measures(kept, 2, [rewarded(None)] * 2)
    assert (failed["unscorable_share"], failed["pass_at_1"]) == (0.5, 0.5)


def test_a_rollout_without_any_score():
    from synthetic1.trainers.reinforcement.measures import rollout_measures

    measures = rollout_measures([rewarded(None), rewarded(None)], 2)
    assert (measures["reward"], measures["pass_at_1"], measures["unscorable_share"]) == (None, None, 1.0)
    assert rollout_measures([], 2) == {}
