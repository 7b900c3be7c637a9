"""OpenEnv, the real one: rewards through its server and client are the direct scores, and null where there is none."""

from __future__ import annotations

import pytest
from adapter_environments import run_script
from adapter_processes import both, environ, with_code


@pytest.fixture(scope="module")
def told(request, adapter_python):
    """What one process in the environment of OpenEnv says: importing it takes seconds."""
    python = adapter_python("openenv")
    code = ["code"] if with_code(request) else []
    return run_script(python, "tests/support/openenv_pairs.py", *code, env=environ())


def test_every_pair_is_scored_as_it_is_directly(told):
    through, direct = both([reward for reward, _, _ in told["scores"]], code=False)
    assert through == direct
    assert len(direct) == 190


def test_programs_are_scored_as_they_are_directly(told, sandbox_kind):
    through, direct = both([reward for reward, _, _ in told["scores"]], code=True)
    assert through == direct
    assert len(direct) == 10


def test_an_unscorable_completion_has_no_reward_and_says_so(told):
    unscorable = [reason for reward, status, reason in told["scores"] if status == "unscorable"]
    assert len(unscorable) >= 20
    assert all(reason.startswith("unscorable_") for reason in unscorable)
    assert all((reward is None) == (status == "unscorable") for reward, status, _ in told["scores"])


def test_or_the_number_that_was_asked_for(told):
    assert told["number"] == [0.25, "unscorable", "unscorable_gold"]


def test_faults_are_told_and_the_session_goes_on(told):
    faults = told["faults"]
    assert "could not be scored (unscorable_gold)" in faults["unscorable"]
    assert "reset first" in faults["no_task"]
    assert "has no task `nowhere`" in faults["unknown_task"]
    assert "split=train" in faults["unknown_split"]
    assert "malformed_task" in faults
    assert faults["afterwards"] == "open"


def test_plain_http_names_the_task_it_answers(told):
    assert told["http"]["same"]
    assert told["http"]["ended"]["reward"] == 0.0
    assert told["http"]["ended"]["observation"]["status"] == "scored"
    assert {"completion", "finish_reason", "task_id"} <= set(told["http"]["action"])


def test_an_environment_works_without_a_server(told):
    assert told["blocking"] == [None, 1.0, 1, "one"]


def test_the_client_on_the_page_runs(told):
    assert told["page"][1:3] == [True, "scored"]


def test_the_example_runs(told):
    assert told["example"] == {"rewards": [0.0] * 4}
