"""slime and rLLM are on no index: their published signatures, on stand-ins with the fields that the adapters read."""

from __future__ import annotations

import asyncio
import pickle
import runpy
import statistics
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import through_adapters

from synthetic1 import Task
from synthetic1.adapters import rllm, slime
from synthetic1.adapters.scoring import TASK_COLUMN, UnscorableError, as_task, task_json
from synthetic1.task import TaskError

RIGHT = Task("right", "verifiable_math", "6 × 7?", {"ground_truth": "42"})
LOST = Task("lost", "verifiable_math", "6 × 7?", {})
EXAMPLES = Path(__file__).parents[2] / "docs/adapters/examples"
STATUS = through_adapters.SlimeStatus
ARGS = SimpleNamespace(
    custom_reward_post_process_path=slime.POST_PROCESS,
    n_samples_per_prompt=4,
    advantage_estimator="grpo",
    grpo_std_normalization=True,
    rewards_normalization=True,
)


def sample(task=RIGHT, response="\\boxed{42}<|im_end|>", prompt="…", **fields):
    made = through_adapters.SlimeSample(prompt, response, task_json(task), STATUS.COMPLETED)
    return replace(made, **fields)


def scored(*samples, args=ARGS, **settings):
    return asyncio.run(slime.reward_func(args, list(samples), **settings))


# slime ----------------------------------------------------------------------------------------------------------------


def test_slime_asks_for_one_or_for_many():
    one = asyncio.run(slime.reward_func(ARGS, sample(), evaluation=True))
    assert one == 1.0
    assert scored(sample(), sample(response="\\boxed{41}")) == [1.0, 0.0]


def test_slime_says_how_a_completion_ended_and_began():
    cut_off = sample(response="<think>\\boxed{42}", status=STATUS.TRUNCATED)
    opened = sample(prompt="<|im_start|>assistant\n<think>\n")
    messages = sample(prompt=[{"role": "user", "content": "6 × 7? <think>"}])
    assert scored(cut_off, opened, messages) == [0.0, 0.0, 1.0]


def test_slime_may_hold_the_task_in_its_metadata():
    assert scored(sample(label="42", metadata={TASK_COLUMN: task_json(RIGHT)})) == [1.0]
    for label in ("42", None):
        with pytest.raises(TaskError, match=r"a task (as text )?is an? "):
            scored(sample(label=label))


def test_slime_is_told_what_could_not_be_scored():
    lost = sample(LOST)
    with pytest.raises(UnscorableError, match="task `lost`"):
        scored(sample(), lost)
    assert scored(lost, unscorable=-1) == [-1.0]
    assert not lost.remove_sample
    assert asyncio.run(slime.masked_reward_func(ARGS, lost)) == 0.0
    assert lost.remove_sample
    with pytest.raises(ValueError, match="add --custom-reward-post-process-path synthetic1"):
        asyncio.run(slime.masked_reward_func(SimpleNamespace(custom_reward_post_process_path=None), lost))


@pytest.mark.parametrize("by_index", [True, False])
def test_what_is_removed_moves_no_baseline(by_index):
    rewards = [1.0, 0.0, 0.0, None, 1.0, 1.0, None, None]
    samples = [sample(reward=0.0 if reward is None else reward, remove_sample=reward is None) for reward in rewards]
    for place, one in enumerate(samples):
        one.group_index = place // 4 if by_index else None
    raw, normalised = slime.post_process_rewards(ARGS, samples)
    mean, deviation = 1 / 3, statistics.stdev([1, 0, 0]) + 1e-6
    assert raw == pytest.approx([1, 0, 0, mean, 1, 1, 1, 1])
    assert normalised == pytest.approx([(1 - mean) / deviation, -mean / deviation, -mean / deviation, 0, 0, 0, 0, 0])


def test_normalisation_is_as_slimes_arguments_say():
    samples = [sample(reward=reward) for reward in (1.0, 0.0, 0.0, 0.0)]
    plain = SimpleNamespace(**{**vars(ARGS), "grpo_std_normalization": False})
    assert slime.post_process_rewards(plain, samples) == ([1, 0, 0, 0], [0.75, -0.25, -0.25, -0.25])
    raw = SimpleNamespace(**{**vars(ARGS), "rewards_normalization": False})
    assert slime.post_process_rewards(raw, samples) == ([1, 0, 0, 0], [1, 0, 0, 0])
    nobody = [replace(one, remove_sample=True) for one in samples]
    assert slime.post_process_rewards(ARGS, nobody) == ([0] * 4, [0] * 4)


def test_the_example_of_slime_runs(tmp_path, capsys):
    assert runpy.run_path(str(EXAMPLES / "slime_math.py"))["main"](tmp_path) == [1.0, 0.0]
    assert "--custom-rm-path synthetic1.adapters.slime.reward_func" in capsys.readouterr().out
    assert (tmp_path / "train.jsonl").read_text(encoding="utf-8").startswith('{"prompt": [{"role": "user"')


# rLLM -----------------------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _rllm():
    through_adapters.stand_in_rllm()


def test_rllm_gets_its_own_kind_of_result():
    row = rllm.rows([RIGHT])[0]
    result = rllm.reward_func(task_info=row, action="\\boxed{42}")
    assert (result.reward, result.is_correct, result.metadata["reason"]) == (1.0, True, "correct")
    wrong = rllm.reward_func(row, SimpleNamespace(action="\\boxed{41}"))
    assert (wrong.reward, wrong.is_correct, wrong.metadata["reason"]) == (0.0, False, "wrong_answer")
    assert rllm.reward_func(row, SimpleNamespace(action=None)).metadata["reason"] == "no_answer"
    assert as_task(row) == RIGHT


def test_rllm_is_told_what_could_not_be_scored():
    row = rllm.rows([LOST])[0]
    with pytest.raises(UnscorableError):
        rllm.reward_func(row, "\\boxed{42}")
    reward = pickle.loads(pickle.dumps(rllm.make_reward_func(unscorable=-0.5, thinking_open=True)))
    result = reward(task_info=row, action="</think>\\boxed{42}")
    assert (result.reward, result.is_correct, result.metadata["scorable"]) == (-0.5, False, 0.0)
    assert reward(task_info=rllm.rows([RIGHT])[0], action="\\boxed{42}").metadata["reason"] == "no_answer"
    with pytest.raises(ValueError, match="unscorable"):
        rllm.make_reward_func(unscorable="mask")


def test_the_example_of_rllm_runs():
    assert runpy.run_path(str(EXAMPLES / "rllm_math.py"))["main"]() == [1.0, 0.0]
