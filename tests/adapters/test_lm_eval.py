"""lm-evaluation-harness, the real one: verdicts through its evaluations are the direct ones, metrics say how many."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import adapter_pairs
import pytest
from adapter_environments import compiling, run_script
from scripted_server import ScriptedServer

from synthetic1 import FAMILIES, score_many
from synthetic1.adapters import lm_eval


@pytest.fixture(scope="module")
def python(adapter_python):
    return adapter_python("lm-eval")


@pytest.fixture(scope="module")
def told(python, sandbox_kind):
    return run_script(python, "tests/support/lm_eval_pairs.py")


@pytest.fixture(scope="module")
def pairs():
    """The table as lm-eval passes it on: not with why a completion ended."""
    return [replace(pair, finish_reason=None) for pair in adapter_pairs.load()]


@pytest.fixture(scope="module")
def direct(pairs):
    return score_many((pair.as_task(), pair.as_completion()) for pair in pairs)


def test_every_pair_is_scored_as_it_is_directly(told, direct):
    assert told["scores"] == [verdict.score for verdict in direct]
    assert told["reasons"] == [verdict.reason for verdict in direct]


def test_metrics_are_over_what_could_be_scored(told, pairs, direct):
    for thinking_open, report in zip((False, True), told["reports"], strict=True):
        all_scores = [v.score for pair, v in zip(pairs, direct, strict=True) if pair.thinking_open == thinking_open]
        scores = [score for score in all_scores if score is not None]
        assert report["score"] == pytest.approx(sum(scores) / len(scores))
        assert report["unscorable"] == pytest.approx(1 - len(scores) / len(all_scores))
    assert told["repeated"] | {"score_stderr": 0, "unscorable_stderr": 0} == {
        "score": 0.5,
        "score_stderr": 0,
        "unscorable": 0.0,
        "unscorable_stderr": 0,
    }


def test_an_unscorable_verdict_is_what_was_asked_for(told):
    assert told["all_unscored"] == {"unscorable": 1.0, "unscorable_stderr": 0.0}  # no score, rather than 0
    assert (told["number"]["score"], told["number"]["unscorable"]) == (0.25, 1.0)
    assert "could not be scored (unscorable_" in told["raised"]


def test_the_folder_has_a_task_a_family_and_says_what_python_says(told):
    assert told["tasks"] == ["synthetic1", *(f"synthetic1_{family}" for family in FAMILIES)]
    assert told["same"]


def test_settings_are_checked_before_anything_runs():
    with pytest.raises(ValueError, match="unscorable must be a number or one of raise, mask"):
        lm_eval.config("math", unscorable="zero")
    with pytest.raises(ValueError, match="family must be one of"):
        lm_eval.dataset("maths")


async def test_the_example_runs_against_a_server(python):
    async with ScriptedServer(lambda messages, sample: "<think>\nWell.\n</think>\n\n\\boxed{0}") as server:
        told = await asyncio.to_thread(
            run_script,
            python,
            "docs/adapters/examples/lm_eval_math.py",
            server.url,
            "scripted",
            env={**compiling(), "OPENAI_API_KEY": "none"},
        )
    assert told["unscorable"] == 0
    assert 0.0 <= told["score"] < 1.0
    assert len(server.requests) == 20
    assert server.requests[0]["messages"][0]["content"].endswith("\\boxed{}.")
