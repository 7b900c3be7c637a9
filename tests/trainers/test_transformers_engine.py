"""The engine over a model in this process: order, determinism, and nobody else's randomness."""

from __future__ import annotations

import asyncio

import pytest
import torch

from synthetic1.inference.engine import Sampling
from synthetic1.tasks.code_understanding import GeneratedTasks
from synthetic1.trainers.transformers_engine import TransformersEngine

PROMPTS = [task.prompt for task in (GeneratedTasks("1-3", split="test", size=24)[i] for i in range(24))]


@pytest.fixture
def complete(model, tokenizer):
    def ask(prompts: list[str], n: int = 1, *, batch_size: int = 128, **sampling: object) -> list[list[str]]:
        engine = TransformersEngine(model, tokenizer, batch_size=batch_size)
        settings = Sampling(**{"max_tokens": 40, **sampling})

        async def all_at_once() -> list[list[str]]:
            asked = [engine.complete([{"role": "user", "content": p}], n, settings) for p in prompts]
            return [[completion.raw for completion in made] for made in await asyncio.gather(*asked)]

        return asyncio.run(all_at_once())

    return ask


def test_the_same_seed_gives_the_same_completions(complete):
    first = complete(PROMPTS, 2, seed=3)
    assert first == complete(PROMPTS, 2, seed=3)
    assert first != complete(PROMPTS, 2, seed=4)


def test_the_caller_keeps_its_random_state(complete, model):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    model.train()
    complete(PROMPTS[:4], seed=1)
    assert torch.equal(torch.rand(3), expected)
    assert model.training
    model.eval()


@pytest.mark.parametrize("batch_size", [1, 7, 24])
def test_greedy_completions_do_not_depend_on_the_batch(complete, batch_size):
    assert complete(PROMPTS, temperature=0.0, batch_size=batch_size) == complete(PROMPTS, temperature=0.0)


def test_greedy_completions_do_not_depend_on_the_order(complete):
    backwards = complete(PROMPTS[::-1], temperature=0.0)
    assert backwards[::-1] == complete(PROMPTS, temperature=0.0)


def test_greedy_agrees_with_plain_generation(complete, model, tokenizer):
    """Against transformers itself, one prompt at a time and without padding."""
    for prompt, (ours,) in zip(PROMPTS[:6], complete(PROMPTS[:6], temperature=0.0), strict=True):
        messages = [{"role": "user", "content": prompt}]
        ids = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_tensors="pt")["input_ids"]
        out = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=40, do_sample=False)
        assert ours == tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True)


def test_samples_of_one_prompt_differ(complete):
    (samples,) = complete(PROMPTS[8:9], 16, temperature=1.5)
    assert len(samples) == 16
    assert len(set(samples)) > 4


def test_the_length_limit_is_said(model, tokenizer):
    engine = TransformersEngine(model, tokenizer)
    messages = [{"role": "user", "content": PROMPTS[2]}]
    (cut,) = asyncio.run(engine.complete(messages, 1, Sampling(3, 0.0)))
    (whole,) = asyncio.run(engine.complete(messages, 1, Sampling(90, 0.0)))
    assert (cut.finish_reason, cut.usage) == ("length", {"completion_tokens": 3})
    assert whole.finish_reason == "stop"
    assert whole.raw.startswith(cut.raw)


def test_different_requests_at_once_are_told_apart(model, tokenizer):
    engine = TransformersEngine(model, tokenizer)

    async def both() -> list[list[str]]:
        greedy = engine.complete([{"role": "user", "content": PROMPTS[0]}], 1, Sampling(40, 0.0))
        short = engine.complete([{"role": "user", "content": PROMPTS[0]}], 1, Sampling(2, 0.0))
        return [[c.raw for c in made] for made in await asyncio.gather(greedy, short)]

    (greedy,), (short,) = asyncio.run(both())
    assert greedy.startswith(short)
    assert len(short) < len(greedy)


def test_an_error_reaches_everyone_who_waits(model, tokenizer):
    engine = TransformersEngine(model, tokenizer)

    async def both() -> list[object]:
        bad = Sampling(0, 0.0)  # transformers refuses to generate nothing
        asked = [engine.complete([{"role": "user", "content": p}], 1, bad) for p in PROMPTS[:2]]
        return await asyncio.gather(*asked, return_exceptions=True)

    outcomes = asyncio.run(both())
    assert all(isinstance(outcome, ValueError) for outcome in outcomes)
