"""inspect-ai, the real one: verdicts through its evaluations are the direct ones, unscorable samples stay unscored."""

from __future__ import annotations

import asyncio

import adapter_pairs
import pytest
from adapter_environments import compiling, run_script
from scripted_server import ScriptedServer


@pytest.fixture(scope="module")
def python(adapter_python):
    return adapter_python("inspect-ai")


@pytest.fixture(scope="module")
def told(python, sandbox_kind, tmp_path_factory):
    return run_script(python, "tests/support/inspect_pairs.py", str(tmp_path_factory.mktemp("logs")))


def test_every_pair_is_scored_as_it_is_directly(told):
    direct = adapter_pairs.direct_verdicts(adapter_pairs.load())
    assert told["scores"] == [verdict.score for verdict in direct]
    assert told["reasons"] == [verdict.reason for verdict in direct]


def test_metrics_are_over_what_could_be_scored(told):
    pairs = adapter_pairs.load(thinking_open=False)
    scores = [score for score in adapter_pairs.direct_scores(pairs) if score is not None]
    report = told["reports"][0]
    assert report["metrics"] == ["accuracy", "stderr"]
    assert report["accuracy"] == pytest.approx(sum(scores) / len(scores))
    assert (report["scored"], report["unscored"]) == (len(scores), len(pairs) - len(scores))


def test_an_unscorable_verdict_is_what_was_asked_for(told):
    assert told["all_unscored"]["accuracy"] is None  # inspect's own would say 0
    assert told["number"] == [0.25, 0.25]
    assert all("could not be scored (unscorable_" in message for message in told["raised"])


async def test_the_example_runs_against_a_server(python, tmp_path):
    def reply(messages, sample):
        return {"reasoning": "It is \\boxed{1}.", "content": "\\boxed{0}"}

    async with ScriptedServer(reply, reasoning_field="reasoning_content") as server:
        told = await asyncio.to_thread(
            run_script,
            python,
            "docs/adapters/examples/inspect_math.py",
            server.url,
            "scripted",
            env={**compiling(), "INSPECT_LOG_DIR": str(tmp_path)},
        )
    assert told["unscored"] == 0
    assert 0.0 <= told["accuracy"] < 1.0
    assert len(server.requests) == 20
