"""The rollout: the keys that stored runs were written with, and what is read off its completion."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic1 import Rollout, Task
from synthetic1.completion import Completion
from synthetic1.rollout import rollout_key

SUM = Task("p1", "verifiable_math", "What is 1 + 1?", {"ground_truth": "2"})
ODD = Task("\ud800 ü", "swe", "fix\u2028it", metadata={"level": 2})
USUAL = {"max_tokens": 1024, "temperature": 0.6, "top_p": 0.95, "seed": 0}
LONG = {"max_tokens": 32768, "temperature": 1.0, "top_p": 1.0, "seed": 7, "top_k": 20}

# Written by version 0.1's generation. Another key for the same request would ask for everything again.
STORED_KEYS = [
    (SUM, "scripted", USUAL, 0, "7ae13ea13bea2a054f71dd8a1c0c8bea"),
    (SUM, "scripted", USUAL, 1, "a72c6d93d02a49d73056a864e5e91322"),
    (SUM, "deepseek-ai/DeepSeek-R1", LONG, 15, "04a2161be3263415c4ae88fa91753cc9"),
    (ODD, "/modèles/m", {}, 0, "799a7380749e63828eb96cc69042efb9"),
]


@pytest.mark.parametrize(("task", "model", "sampling", "index", "key"), STORED_KEYS)
def test_keys_are_those_of_stored_runs(task: Task, model: str, sampling: dict[str, Any], index: int, key: str) -> None:
    assert rollout_key(task.key, model, sampling, index) == key
    assert Rollout(task.key, Completion("x"), model, sampling, index).key == key
    stored = json.loads(json.dumps(sampling, sort_keys=True))  # as the journal holds it
    assert Rollout(task.key, Completion("y"), model, stored, index).key == key


values = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
rollouts = st.builds(
    Rollout,
    st.text(),
    st.builds(Completion, st.text()),
    st.text(),
    st.dictionaries(st.text(), values),
    st.integers(0, 100),
    st.none() | st.text(),
)


@given(rollouts, st.text())
def test_a_key_names_the_request_and_neither_outcome_nor_engine(rollout: Rollout, other: str) -> None:
    assert replace(rollout, completion=Completion(other), engine=other).key == rollout.key
    assert replace(rollout, sample_index=rollout.sample_index + 1).key != rollout.key
    assert replace(rollout, model=f"{rollout.model}x").key != rollout.key
    assert replace(rollout, task_key=f"{rollout.task_key}x").key != rollout.key
    assert replace(rollout, sampling={**rollout.sampling, "seed": [rollout.sampling.get("seed")]}).key != rollout.key


def test_the_order_of_sampling_parameters_is_no_difference() -> None:
    assert rollout_key("t", "m", dict(reversed(USUAL.items())), 0) == rollout_key("t", "m", USUAL, 0)


TEXTS = [
    # raw, whether the prompt had opened the thought; what a model is to write to say the same
    ("<think>t</think>a", False, "<think>t</think>a"),
    ("  <think>t</think>a", False, "  <think>t</think>a"),
    ("t</think>a", True, "<think>t</think>a"),
    ("t", True, "t"),  # cut off inside the thought: no tag belongs before an end that never came
    ("a", False, "a"),
]


@pytest.mark.parametrize(("raw", "thinking_open", "text"), TEXTS)
def test_the_text_has_the_thought_in_its_tags(raw: str, thinking_open: bool, text: str) -> None:
    rollout = Rollout("t", Completion.parse(raw, thinking_open=thinking_open), "m")
    assert rollout.text == text
    assert rollout.thinking == (raw != "a")


@pytest.mark.parametrize(
    ("usage", "tokens"), [(None, None), ({}, None), ({"completion_tokens": None}, None), ({"completion_tokens": 3}, 3)]
)
def test_tokens_are_the_engines_own_count(usage: dict[str, Any] | None, tokens: int | None) -> None:
    assert Rollout("t", Completion("x", usage=usage), "m").tokens == tokens


@pytest.mark.parametrize(("finish", "truncated"), [("length", True), ("stop", False), (None, False)])
def test_what_ran_into_the_length_limit_is_truncated(finish: str | None, truncated: bool) -> None:
    assert Rollout("t", Completion("x", finish_reason=finish), "m").truncated is truncated
