"""`evaluate_model.py`: the numbers, the table, the comparison with another evaluation."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from synthetic1.completion import Completion
from synthetic1.evaluation import report as evaluation_report
from synthetic1.evaluation.evaluation import evaluate
from synthetic1.evaluation.settings import EvaluationSettings
from synthetic1.inference.engine import Sampling
from synthetic1.jobs.program import ProgramError, validate
from synthetic1.reports.statistics import pass_at_k
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.task import Task

ROOT = Path(__file__).resolve().parents[2]


class Scripted:
    """Answers the n-th sample of a task as the task's metadata says."""

    name = model = "scripted"

    def __init__(self, answers):
        self.answers = answers

    async def complete(self, messages, n, sampling):
        said = self.answers[messages[0]["content"]]
        return [Completion.parse(json.dumps({"output": "a" if right else "b"})) for right in said[:n]]


def task(name, language):
    return Task(name, "code_output_prediction", name, {"ground_truth": "a"}, metadata={"language": language})


def test_pass_at_k_by_hand():
    answers = {"x": [1, 0, 0, 0], "y": [1, 1, 0, 0], "z": [0, 0, 0, 0]}
    tasks = [task("x", "python"), task("y", "rust"), task("z", "rust")]
    made = evaluate(tasks, Scorer(), Scripted(answers), Sampling(8), samples=4)
    assert made.summary()["pass_at_1"] == pytest.approx((1 / 4 + 2 / 4 + 0) / 3)
    assert made.summary()["n"] == 3
    for k in (1, 2, 4):
        expected = (pass_at_k(4, 1, k) + pass_at_k(4, 2, k) + 0) / 3
        assert made.pass_at(k)["pass_at_k"] == pytest.approx(expected)
    assert made.pass_at(5) == {"pass_at_k": None, "ci95": [0.0, 1.0], "n": 0}
    assert {name: rate["n"] for name, rate in made.by(lambda task: task.language).items()} == {"python": 1, "rust": 2}
    assert made.score_by_key == {tasks[0].key: 0.25, tasks[1].key: 0.5, tasks[2].key: 0.0}


def test_a_comparison_is_paired_by_task():
    other = {"model": "old", "scores": {str(i): float(i < 20) for i in range(100)}}
    better = {str(i): float(i < 40) for i in range(100)} | {"unknown": 1.0, "5": None}
    test = evaluation_report.compared(other, better)
    assert (test["n"], test["significant"]) == (99, True)
    assert test["difference"] == pytest.approx(20 / 99)
    assert not evaluation_report.compared(other, other["scores"])["significant"]
    with pytest.raises(ProgramError, match="no task in common"):
        evaluation_report.compared(other, {"other": 1.0})


def run(tmp_path, *overrides):
    command = [sys.executable, "-m", "synthetic1.cli", "evaluate", f"runs={tmp_path}", "n=24", *overrides]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, timeout=600)


def run_here(monkeypatch, tmp_path, *overrides):
    """The same in this process, which has imported everything."""
    from synthetic1.evaluation.evaluate_model import main

    monkeypatch.setattr(sys, "argv", ["evaluate_model.py", f"runs={tmp_path}", "n=24", *overrides])
    main()


def test_a_checkpoint_is_evaluated_and_compared(tmp_path, monkeypatch, capsys):
    one = run(tmp_path, "samples=2", "run_name=one")
    assert one.returncode == 0, one.stderr[-2000:]
    result = json.loads((tmp_path / "evaluate/one/result.json").read_text())
    assert result["n"] == len(result["scores"]) == 24
    assert 0 <= result["pass_at_1"] <= result["pass_at_k"]["2"]["pass_at_k"] <= 1
    assert result["ci95"][0] <= result["pass_at_1"] <= result["ci95"][1]
    assert set(result["by_level"]) <= {"1", "2", "3"}
    assert "pass@1" in one.stdout
    assert "pass@2" in one.stdout
    samples = (tmp_path / "evaluate/one/samples.jsonl").read_text().splitlines()
    assert len(samples) == 48

    run_here(monkeypatch, tmp_path, "samples=2", "run_name=two", f"compare={tmp_path}/evaluate/one")
    assert "not significant at 5%" in capsys.readouterr().out
    compared = json.loads((tmp_path / "evaluate/two/result.json").read_text())["compared"]
    assert (compared["difference"], compared["n"]) == (0.0, 24)  # the same seed draws the same completions

    with pytest.raises(SystemExit) as taken:
        run_here(monkeypatch, tmp_path, "run_name=one")
    assert taken.value.code == 2
    assert len(capsys.readouterr().err.strip().splitlines()[-1]) < 300


def test_bad_rows_are_left_out_kept_and_counted(tmp_path, monkeypatch, capsys):
    rows = [{"problem_id": f"{i}", "task_type": "verifiable_math", "prompt": f"{i}?"} for i in range(60)]
    rows = [{**row, "verification_info": {"ground_truth": "1"}} for row in rows]
    path = tmp_path / "tasks.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in [*rows, {**rows[0], "prompt": ""}]) + "{ cut")
    run_here(monkeypatch, tmp_path, "env=math", f"env.tasks={path}", "run_name=kept", "sampling.max_tokens=4")
    assert "2, left out; they are in bad_rows.jsonl" in capsys.readouterr().out
    folder = tmp_path / "evaluate/kept"
    kept = [json.loads(line) for line in (folder / "bad_rows.jsonl").read_text().splitlines()]
    assert [(row["row"], row["field"], row["raw"]) for row in kept][1:] == [(62, None, "{ cut")]
    assert json.loads((folder / "result.json").read_text())["bad_rows"] == 2
    with pytest.raises(SystemExit):
        run_here(monkeypatch, tmp_path, "env=math", f"env.tasks={path}", "run_name=strict", "bad_rows=error")
    assert "the last row is cut off" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"engine": "server"}, "wants server=URL"),
        ({"samples": 2, "k": [4]}, "k=4 needs samples=4"),
        ({"engine": "vllm", "server": "http://x/v1"}, r"^server= is for engine=server, got engine=vllm: leave one"),
        ({"server_model": "m"}, "^server_model= is for engine=server, got engine=transformers: leave one"),
        ({"server": "http://x/v1", "model": {"name": "a/b"}}, "^model= names what is loaded here; .* server_model="),
        ({"vllm_arguments": ["--x"]}, "^vllm_arguments= is for engine=vllm, got engine=transformers"),
        (
            {"server": "http://x/v1", "vllm_arguments": ["--x"]},
            "^vllm_arguments= is for engine=vllm, got engine=server",
        ),
        ({"thinking_open": True}, "^thinking_open= is for engine=vllm and engine=server; here the chat template"),
    ],
)
def test_settings_that_make_no_sense(values, said):
    base = {
        "env": {"id": "synthetic1/math-v0"},
        "model": {"name": "embedded"},
        "n": 4,
        "sampling": {"max_tokens": 8},
    }
    with pytest.raises(ProgramError, match=said):
        validate(EvaluationSettings, base | values)
    served = validate(EvaluationSettings, base | {"server": "http://localhost:1/v1"})
    assert (served.engine, served.ks) == ("server", [])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["model.lora.r=8"], "model.lora does nothing in an evaluation"),
        (["model.lora=true"], "model.lora does nothing in an evaluation"),
        (["concurrency=3"], "concurrency does nothing with engine=transformers"),
        (["engine=vllm", "batch_size=3"], "batch_size does nothing with engine=vllm"),
        (["server=http://x/v1", "batch_size=3"], "batch_size does nothing with engine=server"),
        (["server=http://x/v1", "model.dtype=bfloat16"], "model.dtype does nothing with engine=server"),
        (["model.revision=main"], "model.revision does nothing with model=embedded"),
    ],
)
def test_settings_that_do_nothing_are_refused(tmp_path, monkeypatch, capsys, arguments, said):
    with pytest.raises(SystemExit):
        run_here(monkeypatch, tmp_path, *arguments)
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("batch_size", "samples", "at_once"),
    [(None, 1, 128), (None, 3, 126), (100, 8, 96), (4, 8, 4), (5, 8, 4), (3, 7, 1)],
)
def test_batches_end_where_tasks_do(batch_size, samples, at_once):
    from synthetic1.evaluation.engine import open_engine

    values = {"env": {"id": "synthetic1/math-v0"}, "model": {"name": "embedded"}, "samples": samples}
    with open_engine(validate(EvaluationSettings, {**values, "batch_size": batch_size})) as opened:
        assert opened.engine.batch_size == at_once


@pytest.mark.parametrize("text", [None, "{", '{"pass_at_1": 1}'])
def test_what_cannot_be_compared_with_is_said(tmp_path, text):
    path = tmp_path / "result.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ProgramError, match=r"compare: "):
        evaluation_report.read_other(str(tmp_path))
