"""TRL, the real one: its trainer takes the reward, masks what could not be scored, and runs the tool ``submit``."""

from __future__ import annotations

import asyncio
import functools
import json
import math
import pickle
import runpy
from pathlib import Path

import adapter_pairs
import pytest
import through_adapters
from training_runs import _no_vllm_here, _one_thread  # noqa: F401

from synthetic1 import Task
from synthetic1.adapters.scoring import TASK_COLUMN, UnscorableError, as_task, task_json
from synthetic1.adapters.trl import HOW_TO_SUBMIT, SubmitEnvironment, dataset, reward_func
from synthetic1.jobs import embedded_model

EXAMPLE = Path(__file__).parents[2] / "docs/adapters/examples/trl_math.py"
RIGHT = Task("right", "verifiable_math", "What is 6 × 7? Answer in \\boxed{}.", {"ground_truth": "42"})
LOST = Task("lost", "verifiable_math", "What is 6 × 7? Answer in \\boxed{}.", {})


@pytest.fixture
def tokenizer():
    return through_adapters.embedded_tokenizer()


@pytest.fixture
def settings(tmp_path):
    from trl import GRPOConfig

    return functools.partial(
        GRPOConfig,
        str(tmp_path),
        max_steps=1,
        per_device_train_batch_size=4,
        num_generations=2,
        max_completion_length=8,
        logging_steps=1,
        use_cpu=True,
        bf16=False,
        report_to=[],
        save_strategy="no",
        disable_tqdm=True,
    )


def test_the_example_trains_for_two_steps():
    rows = runpy.run_path(str(EXAMPLE))["main"](str(embedded_model.FOLDER), 2, 16)
    assert [row["step"] for row in rows] == [1, 2]
    assert all(0 <= row["rewards/verified/mean"] <= 1 and row["verified/unscorable"] == 0 for row in rows)


def test_the_trainer_masks_what_could_not_be_scored(settings, tokenizer, monkeypatch):
    """Of two groups with the same completions, one cannot be scored: no reward, no baseline, no gradient."""
    from trl import GRPOTrainer

    trainer = GRPOTrainer(
        str(embedded_model.FOLDER),
        reward_func(tokenizer),
        settings(),
        dataset([RIGHT, LOST]),
        processing_class=tokenizer,
    )
    texts = iter(["\\boxed{42}", "\\boxed{41}"] * 2)
    seen = {}
    generate, score = trainer._generate_single_turn, trainer._generate_and_score_completions

    def scripted(*args, **kwargs):
        _, *rest = generate(*args, **kwargs)
        ids = [[*tokenizer.encode(next(texts), add_special_tokens=False), tokenizer.eos_token_id] for _ in range(4)]
        return ids, *rest

    def watched(inputs):
        output = score(inputs)
        names = [as_task(row).problem_id for row in inputs]
        seen.update({name: [] for name in names})
        for name, advantage in zip(names, output["advantages"].tolist(), strict=True):
            seen[name].append(advantage)
        return output

    monkeypatch.setattr(trainer, "_generate_single_turn", scripted)
    monkeypatch.setattr(trainer, "_generate_and_score_completions", watched)
    trainer.train()
    assert seen["lost"] == [0, 0]
    assert seen["right"][0] > 0 > seen["right"][1]
    logged = trainer.state.log_history[0]
    assert (logged["rewards/verified/mean"], logged["verified/unscorable"]) == (0.5, 0.5)
    assert not math.isnan(logged["loss"])


CALL = '<tool_call>\n{"name": "submit", "arguments": {"answer": "\\\\boxed{42}"}}\n</tool_call>'


def test_the_trainer_runs_the_tool(settings, tokenizer, monkeypatch):
    """TRL's own tool loop, with what a model would write put in place of what this one does."""
    import trl
    from trl import GRPOTrainer

    tokenizer.chat_template = (Path(trl.__file__).parent / "chat_templates/qwen3.jinja").read_text(encoding="utf-8")
    monkeypatch.setenv("TRL_EXPERIMENTAL_SILENCE", "1")
    trainer = GRPOTrainer(
        str(embedded_model.FOLDER),
        args=settings(max_completion_length=256),
        train_dataset=dataset([RIGHT, RIGHT]),
        processing_class=tokenizer,
        environment_factory=SubmitEnvironment,
    )
    prompts = []

    def scripted(ids, *args, **kwargs):
        prompts.extend(tokenizer.batch_decode(ids))
        calls = [CALL if "tool_response" not in prompts[-len(ids) + i] else "Done." for i in range(len(ids))]
        if len(prompts) == 4:
            calls[0] = "\\boxed{42}"  # one that does not submit
        made = [[*tokenizer.encode(text, add_special_tokens=False), tokenizer.eos_token_id] for text in calls]
        return made, None

    monkeypatch.setattr(trainer, "_generate_single_turn", scripted)
    trainer.train()
    logged = trainer.state.log_history[0]
    assert logged["rewards/SubmitEnvironment/mean"] == 0.75
    assert logged["tools/call_frequency"] == 0.75
    assert logged["tools/failure_frequency"] == 0
    assert '"name": "submit"' in prompts[0]
    assert HOW_TO_SUBMIT.strip() in prompts[0]
    assert "get_reward" not in prompts[0]


async def test_the_first_answer_counts():
    environment = SubmitEnvironment()
    environment.reset(**dataset([RIGHT])[0])
    assert await environment.get_reward() == 0
    assert await environment.submit("\\boxed{41}") == "The answer was submitted."
    assert "already" in await environment.submit("\\boxed{42}")
    assert await environment.get_reward() == 0
    environment.reset(**dataset([RIGHT])[0])
    await environment.submit("<think>\\boxed{42}")
    assert await environment.get_reward() == 1
    environment.reset(**dataset([LOST])[0])
    await environment.submit("\\boxed{42}")
    assert await environment.get_reward() is None


async def test_a_submitted_answer_that_cannot_be_scored_can_raise():
    environment = SubmitEnvironment(unscorable="raise")
    environment.reset(**dataset([LOST])[0])
    await environment.submit("\\boxed{42}")  # says nothing: TRL would show the model what a tool raises
    with pytest.raises(UnscorableError):
        await environment.get_reward()


async def test_a_submitted_object_is_read_as_the_json_that_the_model_wrote():
    environment = SubmitEnvironment()
    environment.reset(**dataset([RIGHT])[0])
    seen = []
    for answer in ({"output": "ba"}, ["é", True, None], 42, '{"output": "ba"}'):
        environment._verdicts = None
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("synthetic1.adapters.trl.verdicts_async", lambda _, made: _noted(seen, made))
            await environment.submit(answer)
            await environment._verdicts
    assert seen == ['{"output": "ba"}', '["é", true, null]', "42", '{"output": "ba"}']


async def _noted(seen, completions):
    seen.extend(one.answer for one in completions)


async def test_submitted_answers_are_scored_as_directly():
    pairs = [pair for pair in adapter_pairs.load(code=False) if "think" not in pair.text and not pair.thinking_open]
    pairs = [pair for pair in pairs if pair.finish_reason == "stop"]
    environments = [SubmitEnvironment() for _ in pairs]
    for environment, pair in zip(environments, pairs, strict=True):
        environment.reset(**{TASK_COLUMN: task_json(pair.as_task())})
        await environment.submit(pair.text)
    found = [await environment.get_reward() for environment in environments]
    assert found == adapter_pairs.direct_scores(pairs)
    assert len(pairs) > 50


def test_the_reward_pickles_and_is_awaited(tokenizer):
    reward = pickle.loads(pickle.dumps(reward_func(tokenizer, unscorable=-1)))
    ids = tokenizer.encode("\\boxed{42}")
    columns = {TASK_COLUMN: [task_json(RIGHT), task_json(LOST)]}
    logged = {}
    found = asyncio.run(reward(completion_ids=[ids, ids], log_metric=logged.__setitem__, **columns))
    assert found == [1.0, -1.0]
    assert logged == {"verified/unscorable": 0.5, "verified/no_answer": 0.0}
    with pytest.raises(KeyError, match="synthetic1_task"):
        asyncio.run(reward(completion_ids=[ids]))


def test_a_template_that_opens_the_thought_is_noticed(tokenizer):
    ids = tokenizer.encode("It is \\boxed{42}")
    tokenizer = through_adapters.embedded_tokenizer()
    closed = reward_func(tokenizer)
    tokenizer.chat_template += "{{ '<think>\n' }}"
    for reward, expected in (
        (closed, 1.0),
        (reward_func(tokenizer), 0.0),
        (reward_func(tokenizer, thinking_open=False), 1.0),
    ):
        assert asyncio.run(reward(completion_ids=[ids], **{TASK_COLUMN: [json.loads(task_json(RIGHT))]})) == [expected]


def test_further_end_tokens_end_a_completion(tokenizer):
    from synthetic1.adapters.trl import _decoded

    other = tokenizer.encode("Z", add_special_tokens=False)
    ids = tokenizer.encode("42", add_special_tokens=False)
    for tail in (other, other * 2, [tokenizer.eos_token_id]):
        completion = _decoded(tokenizer, ids + tail, False, tuple(other))
        assert (completion.answer, completion.finish_reason) == ("42", "stop")
    assert _decoded(tokenizer, ids, False, tuple(other)).finish_reason == "length"
