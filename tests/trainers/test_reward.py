"""The reward: what a completion is, who is paid what, and failures of ours that are never paid as 0."""

from __future__ import annotations

import asyncio
import inspect
import math
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, ClassVar

import pytest

from synthetic1.completion import Completion
from synthetic1.jobs.chat import decode
from synthetic1.rewards.code_understanding import CodeUnderstanding
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.rewards.verifier import Verifier
from synthetic1.task import Task
from synthetic1.tasks.sources.source import TaskList
from synthetic1.trainers.reinforcement.train_set import TrainSet
from synthetic1.verdict import Verdict

if TYPE_CHECKING:  # it imports torch: every process of the tests reads this file, one of them runs it
    from synthetic1.trainers.reinforcement.objective.reward import Reward

TASKS = TaskList(
    [Task(str(i), "code_output_prediction", "?", {"ground_truth": answer}) for i, answer in enumerate(["a", "b", "c"])]
)


@dataclass(frozen=True)
class Moody(Verifier):
    """Says what its task says: a score, an exception, or that it cannot know."""

    version: ClassVar[int] = 1

    async def verify(self, task: Task, completion: Completion) -> Verdict:
        await asyncio.sleep(0)
        match task.verification_info["ground_truth"]:
            case "a":
                return Verdict.graded(0.5)
            case "b":
                raise RuntimeError("the sandbox burned down")
            case _:
                return Verdict.unscorable("judge", "no answer from the judge")


def paid(reward: Reward, texts: list[str], tasks: list[int], step: int = 0) -> list[float | None]:
    ids = [reward.tokenizer(text)["input_ids"] + [reward.tokenizer.eos_token_id] for text in texts]
    state = SimpleNamespace(global_step=step)
    return asyncio.run(reward.score(completion_ids=ids, task_index=tasks, trainer_state=state, prompts=[], other=1))


@pytest.fixture
def reward(tokenizer):
    from synthetic1.trainers.reinforcement.objective.reward import Reward

    def build(*, verifier: Verifier | None = None, thinking_open: bool = False, **options: object) -> Reward:
        scorer = Scorer({"code_output_prediction": verifier}) if verifier else Scorer()
        return Reward(TrainSet(TASKS, scorer, thinking_open), tokenizer, **options)

    return build


def test_trl_sees_an_asynchronous_function(reward):
    assert inspect.iscoroutinefunction(reward().score)


def test_scores_in_the_order_of_the_completions(reward):
    texts = ['{"output": "a"}', '{"output": "a"}', "<think>x</think>" + '{"output": "c"}', "nothing"]
    made = reward()
    assert paid(made, texts, [0, 1, 2, 0]) == [1.0, 0.0, 1.0, 0.0]
    assert [s.task.problem_id for s in made.rollouts] == ["0", "1", "2", "0"]
    assert [s.rollout.completion.raw for s in made.rollouts] == texts
    assert [s.verdict.reason for s in made.rollouts] == ["correct", "wrong_answer", "correct", "no_answer"]
    assert [s.rollout.thinking for s in made.rollouts] == [False, False, True, False]


def test_a_failure_of_ours_is_none_and_spoils_no_other(reward):
    made = reward(verifier=Moody())
    assert paid(made, ["x"] * 6, [0, 1, 2, 2, 1, 0]) == [0.5, None, None, None, None, 0.5]
    reasons = ["partial", "unscorable_infra", "unscorable_judge"]
    assert [s.verdict.reason for s in made.rollouts] == [*reasons, *reversed(reasons)]


def test_advantages_belong_to_their_rollouts(reward):
    made = reward()
    paid(made, ['{"output": "a"}', "x", "y"], [0, 1, 2])
    with_advantages = made.with_advantages([1.5, -0.5, -1.0])
    assert [(s.task_index, s.advantage) for s in with_advantages] == [(0, 1.5), (1, -0.5), (2, -1.0)]
    with pytest.raises(ValueError, match="argument"):
        made.with_advantages([1.0])


def test_rollouts_say_where_they_came_from(reward):
    made = reward(model="m", sampling={"temperature": 1.0}, engine="transformers")
    keys = set()
    for step in (0, 1):
        paid(made, ["x", "x", "y"], [0, 0, 1], step)
        rollouts = [r.rollout for r in made.rollouts]
        assert [r.task_key for r in rollouts] == [TASKS[i].key for i in (0, 0, 1)]
        assert {(r.engine, r.model) for r in rollouts} == {("transformers", f"m@{step}")}
        assert all(r.sampling == {"temperature": 1.0} for r in rollouts)
        keys |= {r.key for r in rollouts}
    assert len(keys) == 6  # the same task and text again is another rollout


def test_shuffled_rewards_are_the_same_rewards(reward):
    texts, tasks = ['{"output": "a"}'] * 8 + ["x"] * 8, [0] * 16
    honest = paid(reward(), texts, tasks)
    orders = {step: paid(reward(shuffle=True, seed=1), texts, tasks, step) for step in range(5)}
    assert all(sorted(order) == sorted(honest) for order in orders.values())
    assert len({tuple(order) for order in orders.values()}) > 1  # another order every step
    assert orders[3] == paid(reward(shuffle=True, seed=1), texts, tasks, 3)  # and the same one after a restart
    made = reward(shuffle=True, seed=1)
    paid(made, texts, tasks)
    assert [s.verdict.score for s in made.rollouts] == honest  # what is shown of a completion stays true


@pytest.mark.parametrize(
    ("ending", "finish", "tokens"), [(["eos"], "stop", 4), ([], "length", 3), (["eos", "pad", "pad"], "stop", 4)]
)
def test_decode_knows_what_was_cut_off(tokenizer, ending, finish, tokens):
    ids = tokenizer("abc")["input_ids"] + [getattr(tokenizer, f"{name}_token_id") for name in ending]
    completion = decode(tokenizer, ids, thinking_open=False)
    assert (completion.raw, completion.finish_reason) == ("abc", finish)
    assert completion.usage == {"completion_tokens": tokens}


def test_decode_keeps_special_tokens_inside(tokenizer):
    """Some tokenizers count ``<think>`` among the special ones; dropping those would lose the thought."""
    ids = [tokenizer.bos_token_id or tokenizer.convert_tokens_to_ids("<|im_start|>"), *tokenizer("x")["input_ids"]]
    assert decode(tokenizer, [*ids, tokenizer.eos_token_id], thinking_open=False).raw == "<|im_start|>x"


@pytest.mark.parametrize(
    ("text", "thinking_open", "answer"),
    [
        ('so {"output": "a"}', True, None),  # cut off inside the thought that the prompt opened
        ('so</think>{"output": "a"}', True, '{"output": "a"}'),
        ('<think>so {"output": "a"}', False, None),
        ('{"output": "a"}', False, '{"output": "a"}'),
    ],
)
def test_an_open_thought_is_no_answer(tokenizer, text, thinking_open, answer):
    assert decode(tokenizer, tokenizer(text)["input_ids"], thinking_open=thinking_open).answer == answer


def test_an_open_thought_is_not_paid(reward):
    assert paid(reward(thinking_open=True), ['so {"output": "a"}', 'so</think>{"output": "a"}'], [0, 0]) == [0.0, 1.0]


# With the real trainer ----------------------------------------------------------------------------------------------


def fails_for_some(monkeypatch, chance) -> None:
    """A verifier that breaks on completions of which ``chance`` is true."""
    verify = CodeUnderstanding.verify

    async def flaky(self: CodeUnderstanding, task: Task, completion: Completion) -> Verdict:
        if chance(completion.raw):
            raise RuntimeError("the sandbox burned down")
        return await verify(self, task, completion)

    monkeypatch.setattr(CodeUnderstanding, "verify", flaky)


def test_unscorable_completions_are_masked_in_training(train, tmp_path, monkeypatch):
    fails_for_some(monkeypatch, lambda raw: raw != "?" and len(raw) % 2 == 0)
    run = train(f"runs={tmp_path}", "trainer.max_steps=3", "trainer.prompts_per_step=4")
    samples = [sample for rollout in run.rewarded for sample in rollout]
    failed = [s for s in samples if s.verdict.score is None]
    assert 0 < len(failed) < len(samples)
    assert all(s.reward is None and s.advantage == 0.0 for s in failed)
    assert any(s.advantage for s in samples)
    assert all(math.isfinite(row["loss"]) and math.isfinite(row["grad_norm"]) for row in run.steps)
    assert [row["unscorable_share"] > 0 for row in run.steps] == [
        any(s.reward is None for s in rollout) for rollout in run.rewarded
    ]
    # The baseline of a group is the mean of those that could be scored.
    for rollout in run.rewarded:
        for start in range(0, len(rollout), 4):
            group = [s for s in rollout[start : start + 4] if s.reward is not None]
            baseline = sum(s.reward for s in group) / max(len(group), 1)
            for sample in group:
                assert math.copysign(1, sample.advantage) == math.copysign(1, sample.reward - baseline) or (
                    abs(sample.advantage) < 1e-6 and math.isclose(sample.reward, baseline)
                )


def test_a_step_without_any_score_changes_nothing(train, tmp_path, monkeypatch):
    fails_for_some(monkeypatch, lambda raw: raw != "?")
    run = train(f"runs={tmp_path}", "trainer.max_steps=2")
    assert all(row["reward"] is None and row["unscorable_share"] == 1.0 for row in run.steps)
    assert all(row["grad_norm"] == 0.0 for row in run.steps)
    assert "could not be scored" in run.steps[0]["warnings"][0]


def test_shuffled_rewards_train(train, tmp_path):
    run = train(f"runs={tmp_path}", "trainer.shuffle_rewards=true", "trainer.prompts_per_step=4")
    assert run.result["shuffled_rewards"] is True
    for rollout in run.rewarded:
        assert sorted(s.reward for s in rollout) == sorted(s.verdict.score for s in rollout)
    assert any(s.reward != s.verdict.score for rollout in run.rewarded for s in rollout)
