"""What an evaluation says when a server fails, and what it counts: only completions, never failures of ours."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from scripted_process import scripted

from synthetic1.completion import Completion
from synthetic1.evaluation import report as evaluation_report
from synthetic1.evaluation.evaluation import difficulty_of, evaluate
from synthetic1.evaluation.settings import EvaluationSettings
from synthetic1.inference.engine import Sampling
from synthetic1.inference.errors import InferenceError
from synthetic1.jobs.program import ProgramError, validate
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.task import Task

ROOT = Path(__file__).resolve().parents[2]


def task(name, **metadata):
    return Task(name, "code_output_prediction", name, {"ground_truth": "a"}, metadata=metadata)


class Failing:
    """Right on every prompt but those that bear the name of a failure."""

    name = model = "failing"

    async def complete(self, messages, n, sampling):
        said = messages[0]["content"]
        if said.startswith("ok"):
            return [Completion.parse('{"output": "a"}', finish_reason="length" if "cut" in said else "stop")] * n
        raise InferenceError(said, f"because {said}")


def result(made):
    settings = {"env": {"id": "synthetic1/code_understanding-v0"}, "model": {"name": "m"}, "n": 1, "samples": 2}
    settings |= {"sampling": {"max_tokens": 96}}
    return evaluation_report.result(validate(EvaluationSettings, settings), made, "m", 1.0, None)


def test_a_task_without_an_answer_counts_nowhere_and_says_why(capsys):
    tasks = [task("ok"), task("bad_request"), task("ok 2")]
    made = evaluate(tasks, Scorer(), Failing(), Sampling(8), samples=2)
    assert [s.verdict.score for s in made.rollouts] == [1.0, 1.0, None, None, 1.0, 1.0]
    said = result(made)
    assert (said["pass_at_1"], said["n"], said["unscorable"]) == (1.0, 2, 2)
    assert said["scores"][tasks[1].key] is None
    evaluation_report.show(said, None)
    assert "unscorable_infra: because bad_request" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["ok", "unreachable"], "because unreachable"),
        (["ok", "wrong_model"], "because wrong_model"),
        (["timeout", "timeout"], "no task got an answer; the first: because timeout"),
    ],
)
def test_a_server_that_is_gone_ends_it_in_one_line(names, said):
    with pytest.raises(ProgramError, match=said):
        evaluate([task(name) for name in names], Scorer(), Failing(), Sampling(8))


def test_completions_that_were_cut_off_are_said(capsys):
    said = result(evaluate([task("ok cut"), task("ok")], Scorer(), Failing(), Sampling(8), samples=2))
    assert (said["cut_off"], said["completions"]) == (2, 4)
    evaluation_report.show(said, None)
    shown = capsys.readouterr().out
    assert "50% of completions were cut off at sampling.max_tokens=96; a reasoning model wants thousands" in shown


def test_difficulty_is_a_part():
    tasks = [task("ok 1", difficulty="easy"), task("ok 2", difficulty="hard"), task("ok 3", difficulty=1800)]
    made = evaluate([*tasks, task("ok 4", difficulty=True)], Scorer(), Failing(), Sampling(8))
    assert {name: rate["n"] for name, rate in made.by(difficulty_of).items()} == {"1800": 1, "easy": 1, "hard": 1}


def test_what_is_compared_is_what_the_table_shows():
    """Partial credit is not a pass: a gain in it alone is not a gain in pass@1."""
    made = evaluate([task("ok")], Scorer(), Failing(), Sampling(8), samples=2)
    assert made.passed_by_key == {task("ok").key: 1.0}
    half = [replace(r, verdict=r.verdict.graded(0.5)) for r in made.rollouts]
    partial = type(made)((*half[:1], *made.rollouts[1:]))
    assert partial.passed_by_key == {task("ok").key: 0.5}
    assert result(partial)["scores"] == {task("ok").key: 0.5}


def test_nothing_in_common_is_said_before_anything_is_asked():
    evaluation_report.check_common({"scores": {task("ok").key: 1.0}}, [task("ok")])
    with pytest.raises(ProgramError, match="no task in common"):
        evaluation_report.check_common({"scores": {"other": 1.0}}, [task("ok")])


def test_a_server_is_asked_what_it_serves_first(tmp_path):
    from synthetic1.evaluation.engine import open_engine

    values = {"env": {"id": "x"}, "model": {"name": "embedded"}, "n": 1, "sampling": {"max_tokens": 8}}
    with scripted() as server:
        with open_engine(validate(EvaluationSettings, {**values, "server": server.url})) as (engine, _, model, _):
            assert model == "scripted"
            asyncio.run(engine.aclose())
        wrong = validate(EvaluationSettings, {**values, "server": server.url, "server_model": "other"})
        with pytest.raises(ProgramError, match="serves scripted; not other"), open_engine(wrong):
            pass
    gone = validate(EvaluationSettings, {**values, "server": "http://127.0.0.1:9/v1"})
    with pytest.raises(ProgramError, match="cannot reach"), open_engine(gone):
        pass
