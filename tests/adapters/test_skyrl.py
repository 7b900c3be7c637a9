"""skyrl-gym, the real one: rewards of its environments are the direct scores, in threads under a running loop too."""

from __future__ import annotations

from dataclasses import replace

import adapter_pairs
import pytest
from adapter_environments import run_script
from adapter_processes import both, environ, with_code

from synthetic1 import Scorer


@pytest.fixture(scope="module")
def python(adapter_python):
    return adapter_python("skyrl-gym")


@pytest.fixture(scope="module")
def told(request, python):
    code = ["code"] if with_code(request) else []
    return run_script(python, "tests/support/skyrl_pairs.py", *code, env=environ())


def test_every_pair_is_scored_as_it_is_directly(told):
    through, direct = both(told["scores"], code=False)
    assert [None if isinstance(score, str) else score for score in through] == direct
    assert len(direct) == 190


def test_programs_are_scored_as_they_are_directly(told, sandbox_kind):
    through, direct = both(told["scores"], code=True)
    assert through == direct
    assert len(direct) == 10


def test_without_end_tokens_a_cut_is_not_seen(told):
    pairs = adapter_pairs.load(code=False, thinking_open=False)
    with Scorer() as scorer:
        uncut = [replace(pair, finish_reason=None) for pair in pairs if pair.family == "swe"]
        verdicts = scorer.score_sync([(pair.as_task(), pair.as_completion()) for pair in uncut])
    bare = [None if isinstance(score, str) else score for score in told["bare"]]
    assert bare == [verdict.score for verdict in verdicts]
    assert bare != adapter_pairs.direct_scores([pair for pair in pairs if pair.family == "swe"])


def test_worker_processes_score_alike(told):
    direct = [
        score for pair, score in zip(adapter_pairs.load()[:15], told["scores"], strict=False) if not pair.thinking_open
    ]
    assert told["processes"] == {"fork": direct, "spawn": direct}


def test_an_unscorable_completion_raises(told):
    messages = [score for score in told["scores"] if isinstance(score, str)]
    assert len(messages) >= 20
    assert all("could not be scored (unscorable_" in message for message in messages)


def test_or_the_number_that_was_asked_for(told):
    assert told["number"] == 0.25


def test_metrics_are_numbers_with_the_same_keys(told):
    assert told["metrics"] == {"score": -0.5, "scorable": 0.5, "correct": 0.0, "no_answer": 0.0}


def test_every_family_has_its_id(told):
    assert told["ids"] == [f"synthetic1/{name}" for name in ("code", "code_understanding", "math", "stem", "swe")]


def test_the_example_runs(python):
    told = run_script(python, "docs/adapters/examples/skyrl_math.py", env=environ())
    assert told["rewards"] == [0.0] * 4
    assert "\\boxed" in told["prompt"]
