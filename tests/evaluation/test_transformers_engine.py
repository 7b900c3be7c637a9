"""The engine over a model in this process: order, determinism, and nobody else's randomness."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from functools import cache

import pytest

from synthetic1.completion import Completion
from synthetic1.evaluation.transformers_engine import TransformersEngine
from synthetic1.inference.engine import Sampling
from synthetic1.jobs.chat import render
from synthetic1.tasks.code_understanding import GeneratedTasks


@cache
def prompts() -> list[str]:
    return [task.prompt for task in GeneratedTasks("1-3", split="test", size=24)]


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
    first = complete(prompts(), 2, seed=3)
    assert first == complete(prompts(), 2, seed=3)
    assert first != complete(prompts(), 2, seed=4)


@pytest.mark.parametrize("seed", [20_240_101, 2**62])
def test_a_seed_may_be_large(complete, seed):
    first = complete(prompts()[:4], seed=seed)
    assert first == complete(prompts()[:4], seed=seed)
    assert first != complete(prompts()[:4], seed=seed + 1)


def test_the_caller_keeps_its_random_state(complete, model):
    import torch

    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    model.train()
    complete(prompts()[:4], seed=1)
    assert torch.equal(torch.rand(3), expected)
    assert model.training
    model.eval()


@pytest.mark.parametrize("batch_size", [1, 7, 24])
def test_greedy_completions_do_not_depend_on_the_batch(complete, batch_size):
    assert complete(prompts(), temperature=0.0, batch_size=batch_size) == complete(prompts(), temperature=0.0)


def test_greedy_completions_do_not_depend_on_the_order(complete):
    backwards = complete(prompts()[::-1], temperature=0.0)
    assert backwards[::-1] == complete(prompts(), temperature=0.0)


def test_greedy_agrees_with_plain_generation(complete, model, tokenizer):
    """Against transformers itself, one prompt at a time and without padding."""
    import torch

    for prompt, (ours,) in zip(prompts()[:6], complete(prompts()[:6], temperature=0.0), strict=True):
        messages = [{"role": "user", "content": prompt}]
        ids = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_tensors="pt")["input_ids"]
        out = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=40, do_sample=False)
        assert ours == tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True)


def test_samples_of_one_prompt_differ(complete):
    (samples,) = complete(prompts()[8:9], 16, temperature=1.5)
    assert len(samples) == 16
    assert len(set(samples)) > 4


def test_the_length_limit_is_said(model, tokenizer):
    engine = TransformersEngine(model, tokenizer)
    messages = [{"role": "user", "content": prompts()[2]}]
    (cut,) = asyncio.run(engine.complete(messages, 1, Sampling(3, 0.0)))
    (whole,) = asyncio.run(engine.complete(messages, 1, Sampling(90, 0.0)))
    assert (cut.finish_reason, cut.usage) == ("length", {"completion_tokens": 3})
    assert whole.finish_reason == "stop"
    assert whole.raw.startswith(cut.raw)


def test_different_requests_at_once_are_told_apart(model, tokenizer):
    engine = TransformersEngine(model, tokenizer)

    async def both() -> list[list[str]]:
        greedy = engine.complete([{"role": "user", "content": prompts()[0]}], 1, Sampling(40, 0.0))
        short = engine.complete([{"role": "user", "content": prompts()[0]}], 1, Sampling(2, 0.0))
        return [[c.raw for c in made] for made in await asyncio.gather(greedy, short)]

    (greedy,), (short,) = asyncio.run(both())
    assert greedy.startswith(short)
    assert len(short) < len(greedy)


def test_an_error_reaches_everyone_who_waits(model, tokenizer):
    engine = TransformersEngine(model, tokenizer)

    async def both() -> list[object]:
        bad = Sampling(0, 0.0)  # transformers refuses to generate nothing
        asked = [engine.complete([{"role": "user", "content": p}], 1, bad) for p in prompts()[:2]]
        return await asyncio.gather(*asked, return_exceptions=True)

    outcomes = asyncio.run(both())
    assert all(isinstance(outcome, ValueError) for outcome in outcomes)


def test_every_end_that_the_model_names_ends_a_completion(model, tokenizer, monkeypatch):
    """And none of its token is left in the text: Llama's and Qwen's models name two, of which a tokenizer knows one."""
    messages = [{"role": "user", "content": prompts()[2]}]
    (whole,) = asyncio.run(TransformersEngine(model, tokenizer).complete(messages, 1, Sampling(90, 0.0)))
    ids = tokenizer(whole.raw, add_special_tokens=False)["input_ids"]
    other = next(token for token in ids[4:] if token not in ids[:4])
    monkeypatch.setattr(model.generation_config, "eos_token_id", [tokenizer.eos_token_id, other])
    (cut,) = asyncio.run(TransformersEngine(model, tokenizer).complete(messages, 1, Sampling(90, 0.0)))
    place = ids.index(other)
    assert cut.finish_reason == "stop"
    assert (cut.raw, cut.usage) == (tokenizer.decode(ids[:place]), {"completion_tokens": place + 1})


def test_the_model_is_opened_for_each_batch(model, tokenizer):
    opened = []

    @contextmanager
    def gathered():
        opened.append("open")
        yield model
        opened.append("closed")

    engine = TransformersEngine(model, tokenizer, batch_size=2, opened=gathered)

    async def some():
        asked = [engine.complete([{"role": "user", "content": p}], 1, Sampling(2, 0.0)) for p in prompts()[:3]]
        await asyncio.gather(*asked)

    asyncio.run(some())
    assert opened == ["open", "closed"] * 2


@pytest.fixture
def engine(model, tokenizer, monkeypatch):
    """One whose model says nothing; ``engine.log`` has what was generated and what was handed out."""
    made = TransformersEngine(model, tokenizer, batch_size=2)
    made.log = []

    def generate(prompts, sampling, start):
        made.log.append(f"generated {start}")
        if made.log.count(f"generated {start}") == made.fails_at:
            raise ValueError("no memory")
        return [Completion("")] * len(prompts)

    made.fails_at = 0
    monkeypatch.setattr(made, "_generate", generate)
    return made


async def ask(engine, name, n=1):
    await engine.complete([{"role": "user", "content": name}], n, Sampling(8))
    engine.log.append(f"{name} has it")


def test_a_batch_is_handed_out_before_the_next_one_is_begun(engine):
    async def two_waves():
        first = [asyncio.create_task(ask(engine, f"a{i}")) for i in range(4)]
        while not engine.log:
            await asyncio.sleep(0)
        await asyncio.gather(*first, *(ask(engine, f"b{i}") for i in range(2)))

    asyncio.run(two_waves())
    a, b = ["a0 has it", "a1 has it"], ["a2 has it", "a3 has it"]
    assert engine.log == ["generated 0", *a, "generated 2", *b, "generated 0", "b0 has it", "b1 has it"]


def test_the_longest_prompts_come_first_and_equal_ones_as_asked(engine, monkeypatch):
    batches = []
    monkeypatch.setattr(engine, "_generate", lambda ids, *_: [batches.append(ids) or Completion("")] * len(ids))
    names = ["a", "b", "a a a a a a", "c", "a a a", "d"]

    async def all_at_once():
        await asyncio.gather(*(engine.complete([{"role": "user", "content": n}], 1, Sampling(8)) for n in names))

    asyncio.run(all_at_once())
    rendered = {name: render(engine._tokenizer, name) for name in names}
    expected = sorted(names, key=lambda name: -len(rendered[name]))
    assert expected[2:] == ["a", "b", "c", "d"]
    assert batches == [[rendered[name] for name in expected[i : i + 2]] for i in (0, 2, 4)]


def test_nothing_asked_for_is_nothing_made(engine):
    async def some():
        await asyncio.gather(ask(engine, "a", 0), ask(engine, "b", 2), ask(engine, "c", 0))

    asyncio.run(some())
    assert sorted(engine.log) == ["a has it", "b has it", "c has it", "generated 0"]


def test_after_a_failure_it_can_be_asked_again(engine):
    async def some():
        await asyncio.gather(*(ask(engine, str(i)) for i in range(6)))

    engine.fails_at = 1
    for _ in range(2):
        with pytest.raises(ValueError, match="no memory"):
            asyncio.run(some())
        engine.log.clear()
    engine.fails_at = 0
    asyncio.run(some())
    assert engine.log.count("generated 4") == 1


def test_a_loop_that_ended_leaves_nothing_for_the_next(engine):
    async def left():
        task = asyncio.create_task(ask(engine, "a", 6))
        while not engine.log:
            await asyncio.sleep(0)
        task.cancel()

    asyncio.run(left())
    engine.log.clear()
    asyncio.run(ask(engine, "b"))
    assert engine.log == ["generated 0", "b has it"]
