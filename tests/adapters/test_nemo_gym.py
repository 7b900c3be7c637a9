"""NeMo Gym, the real one: rewards of ``/verify`` are the direct scores; its agent and model server run the example."""

from __future__ import annotations

import pytest
from adapter_environments import run_script
from adapter_processes import both, environ, with_code
from model_server import serving


@pytest.fixture(scope="module")
def told(request, adapter_python):
    """What one process in the environment of NeMo Gym says: importing it takes seconds."""
    python = adapter_python("nemo-gym")
    code = ["code"] if with_code(request) else []
    with serving(lambda messages, sample: "<think>Is it \\boxed{1}?</think>\\boxed{0}") as server:
        told = run_script(python, "tests/support/nemo_gym_pairs.py", server.url, *code, env=environ())
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


def test_an_unscorable_completion_is_503(told):
    messages = [score for score in told["scores"] if isinstance(score, str)]
    assert len(messages) >= 20
    assert all(m.startswith("503 task `") and "could not be scored (unscorable_" in m for m in messages)


def test_or_the_number_that_was_asked_for_marked_to_be_masked(told):
    assert told["number"] == {"reward": 0.25, "score": -1.0, "scorable": 0.0, "mask_sample": True}


def test_a_row_without_a_task_is_refused_in_one_line(told):
    status, detail = told["malformed"]
    assert status == 422
    assert detail.startswith("synthetic1_task: ")
    assert "\n" not in detail


def test_settings_of_the_environment_count(told):
    assert told["any_style"] == 1.0  # an answer outside a box


def test_nemo_gym_averages_the_numbers(told):
    [task] = told["averaged"]["group_level_metrics"]
    assert task["mean/reward"] == 0.25


def test_the_page_writes_a_data_set(told):
    assert told["rows"] == [100, "synthetic1_agent"]


def test_the_example_runs_through_agent_and_model_server(told):
    assert len(told["requests"]) == 4
    assert [verdict["answer"] for verdict in told["example"]["verdicts"]] == ["0"] * 4
    assert told["example"]["rewards"] == [verdict["score"] for verdict in told["example"]["verdicts"]]
