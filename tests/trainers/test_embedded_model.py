"""The embedded model: what it reads, what it can, and what it weighs."""

from __future__ import annotations

import json

import gymnasium as gym
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic1.evaluation.evaluation import evaluate
from synthetic1.evaluation.transformers_engine import TransformersEngine
from synthetic1.inference.engine import Sampling
from synthetic1.jobs import embedded_model
from synthetic1.jobs.chat import prompt_opens_thinking, render
from synthetic1.jobs.model_settings import ModelSettings
from synthetic1.jobs.models import context_length, load_tokenizer
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.tasks.code_understanding import GeneratedTasks
from synthetic1.trainers.embedded_model.tokenizer import (
    COMMON_PIECES,
    PIECES,
    build_tokenizer,
    find_common_pieces,
)

ANY_TEXT = st.text(st.characters(blacklist_categories=["Cs"]))  # surrogates have no UTF-8 form


def test_it_ships_in_five_megabytes():
    files = [path for path in embedded_model.FOLDER.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    assert sum(path.stat().st_size for path in files) <= 5_000_000


def test_its_context_fits_the_prompts_of_later_families(model, tokenizer):
    assert context_length(model) >= 16_384
    assert tokenizer.model_max_length >= 16_384


def test_it_is_a_small_causal_model_with_a_chat_template(model, tokenizer):
    assert sum(p.numel() for p in model.parameters()) < 3_000_000
    assert model.config.vocab_size == len(tokenizer)
    assert tokenizer.chat_template
    assert not prompt_opens_thinking(tokenizer)


@given(text=ANY_TEXT)
def test_any_text_survives_the_tokenizer(tokenizer, text):
    assert tokenizer.decode(tokenizer(text)["input_ids"], clean_up_tokenization_spaces=False) == text


@pytest.mark.parametrize(
    "text", ["日本語 ñ \u0000 \r\n\t", "🙂" * 3, '<think>a</think>{"output": "b"}', " leading", ""]
)
def test_odd_text_survives_the_tokenizer(tokenizer, text):
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


def test_a_thought_survives_the_chat_template(tokenizer):
    said = '<think>\ns = s[::-1] -> "ba"\n</think>\n{"output": "ba"}'
    messages = [{"role": "user", "content": "?"}, {"role": "assistant", "content": said}]
    assert said in tokenizer.apply_chat_template(messages, tokenize=False)
    apart = [messages[0], {"role": "assistant", "reasoning_content": "\nx\n", "content": "y"}]
    assert "<think>\nx\n</think>y" in tokenizer.apply_chat_template(apart, tokenize=False)


def test_it_reads_exactly_what_reset_returns(tokenizer):
    env = gym.make("synthetic1/code_understanding-v0", level="1-10", size=40)
    for seed in range(30):
        prompt, _ = env.reset(seed=seed)
        assert (
            tokenizer.decode(render(tokenizer, prompt))
            == f"<|im_start|>user\n{prompt}<|im_end|>\n<|im_start|>assistant\n"
        )


def test_level_3_prompts_are_short(tokenizer):
    tasks = GeneratedTasks(3, split="test", size=64)
    assert max(len(render(tokenizer, tasks[i].prompt)) for i in range(64)) < 60


def test_the_tokenizer_that_ships_is_the_one_the_code_builds(tokenizer):
    """Rebuilt from the grammar it must read, at the levels trained on, as the shipped one does."""
    built = build_tokenizer()
    tasks = GeneratedTasks("1-6", size=120)
    for i in range(120):
        assert render(built, tasks[i].prompt) == render(tokenizer, tasks[i].prompt)


@pytest.mark.integrations
def test_the_pieces_are_those_that_programs_have_in_common():
    """As they are generated today, but for a few: the list is what the shipped model was trained with."""
    assert len({*json.loads(PIECES.read_text("utf-8"))} & {*find_common_pieces()}) >= 0.9 * COMMON_PIECES


def test_a_thought_leads_it_to_the_answer(model, tokenizer, tmp_path):
    """The cold start taught it to work step by step; whether it does so by itself is what GRPO is to bring about."""
    template = tmp_path / "thinking.jinja"
    template.write_text(tokenizer.chat_template + "{%- if add_generation_prompt -%}{{- '<think>\\n' -}}{%- endif -%}")
    forced = load_tokenizer(ModelSettings(name="embedded", chat_template=str(template)))
    assert prompt_opens_thinking(forced)
    tasks = GeneratedTasks(1, split="test", size=32)
    engine = TransformersEngine(model, forced, thinking_open=True)
    summary = evaluate([tasks[i] for i in range(32)], Scorer(), engine, Sampling(96, 0.0)).summary()
    assert summary["think_share"] == 1.0
    assert summary["pass_at_1"] >= 0.9
