"""verifiers, the real one: rewards through its tasks are the direct scores, and unscorable rollouts are left out."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from adapter_environments import run_script
from adapter_processes import both, environ, with_code
from model_server import serving

from synthetic1 import open_tasks


@pytest.fixture(scope="module")
def told(request, adapter_python, tmp_path_factory):
    """What one process in the environment of verifiers says: importing it takes seconds."""
    python = adapter_python("verifiers")
    broken = tmp_path_factory.mktemp("tasks") / "broken.jsonl"
    [task] = [replace(task, verification_info={}, gold_standard_solution=None) for task in open_tasks("embedded:math")][
        :1
    ]
    broken.write_text(json.dumps(task.to_row()) + "\n", encoding="utf-8")
    code = ["code"] if with_code(request) else []
    with serving(lambda messages, sample: "<think>Hm.</think>\\boxed{0}") as server:
        script = "tests/support/verifiers_pairs.py"
        told = run_script(python, script, server.url, str(broken), *code, env=environ())
        told["requests"] = server.requests
    return told


def test_every_pair_is_scored_as_it_is_directly(told):
    through, direct = both(told["scores"], code=False)
    assert [None if isinstance(score, str) else score for score in through] == direct
    assert len(direct) == 190


def test_programs_are_scored_as_they_are_directly(told, sandbox_kind):
    through, direct = both(told["scores"], code=True)
    assert through == direct
    assert len(direct) == 10


def test_an_unscorable_pair_raises_inside_the_reward(told):
    messages = [score for score in told["scores"] if isinstance(score, str)]
    assert len(messages) >= 20
    assert all("could not be scored (unscorable_" in message for message in messages)


def test_the_example_runs_against_a_server(told):
    assert told["example"]["failed"] == 0
    assert 0.0 <= told["example"]["reward"] < 1.0
    assert len(told["requests"]) == 4 + 1 + 1 + 1
    assert [asked.get("max_tokens") for asked in told["requests"]].count(64) == 1  # the sampling of the server's client
    assert all([message["role"] for message in asked["messages"]] == ["user"] for asked in told["requests"])


def test_a_rollout_through_the_environment_server_of_prime_rl(told):
    assert told["served"] == [True, 0.0, True]


def test_a_rollout_that_cannot_be_scored_has_failed_and_has_no_reward(told):
    [trace] = told["masked"]
    assert (trace["ok"], trace["rewards"]) == (False, {"correctness": None})
    assert "unscorable_gold" in trace["error"]
    assert trace["metrics"] == {"score": -1.0, "scorable": 0.0, "correct": 0.0, "no_answer": 0.0}


def test_or_the_number_that_was_asked_for(told):
    [trace] = told["number"]
    assert (trace["ok"], trace["rewards"], trace["error"]) == (True, {"correctness": 0.25}, None)


def test_golds_are_valid_and_tasks_keep_their_keys(told):
    assert told["valid"] == [True] * 3
    assert len(set(told["keys"])) == 3
