"""An evaluation that was stopped goes on: what has been answered is not asked again."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from scripted_process import scripted

from synthetic1.completion import Completion
from synthetic1.evaluation import report as evaluation_report
from synthetic1.evaluation.kept_completions import KeptCompletions
from synthetic1.evaluation.settings import EvaluationSettings
from synthetic1.evaluation.transformers_engine import TransformersEngine
from synthetic1.inference.engine import Sampling
from synthetic1.jobs.model_settings import ModelSettings
from synthetic1.jobs.models import weights_of
from synthetic1.jobs.program import ProgramError, validate
from synthetic1.reports.storage import RunFolderError
from synthetic1.tasks.code_understanding import GeneratedTasks
from synthetic1.tasks.sources.source import TaskList

ROOT = Path(__file__).resolve().parents[2]
SAMPLING = Sampling(8)
SAID = Completion("<think>\u2028é\ud800</think>x", "\u2028é\ud800", "x", "stop", {"completion_tokens": 3})


class Counting:
    name, model = "counting", "m"

    def __init__(self):
        self.asked = []

    async def complete(self, messages, n, sampling):
        self.asked.append(messages[0]["content"])
        return [SAID] * n


def ask(path, prompts, *, model="m", n=2, sampling=SAMPLING):
    """The completions, and for which prompts the engine was asked."""
    engine = Counting()
    kept = KeptCompletions(engine, path, model)
    made = [asyncio.run(kept.complete([{"role": "user", "content": prompt}], n, sampling)) for prompt in prompts]
    kept._file.close()
    return made, engine.asked


def test_what_was_answered_is_not_asked_again(tmp_path):
    path = tmp_path / "x.jsonl"
    assert ask(path, ["a", "b"]) == ([[SAID, SAID]] * 2, ["a", "b"])
    assert ask(path, ["a", "c", "b"]) == ([[SAID, SAID]] * 3, ["c"])
    with path.open("ab") as file:
        file.write(b'{"key": "torn')
    assert ask(path, ["a", "d"])[1] == ["d"]
    assert ask(path, ["d"])[1] == []


def test_the_file_is_the_one_that_stopped_evaluations_left(tmp_path):
    """Written by version 0.1: a changed key would ask for everything again."""
    written = (
        b'{"model": "m", "key": "c39c20b8a9edfd8c1c4e10344ec1c231", "completions": '
        b'[{"raw": "<think>\\u2028\\u00e9\\ud800</think>x", "reasoning": "\\u2028\\u00e9\\ud800", '
        b'"answer": "x", "finish_reason": "stop", "usage": {"completion_tokens": 3}}]}\n'
    )
    ask(tmp_path / "new.jsonl", ["a"], n=1)
    assert (tmp_path / "new.jsonl").read_bytes() == written
    (tmp_path / "old.jsonl").write_bytes(written)
    assert ask(tmp_path / "old.jsonl", ["a"], n=1) == ([[SAID]], [])


@pytest.mark.parametrize("other", [{"model": "n"}, {"n": 1}, {"sampling": Sampling(8, seed=1)}])
def test_another_question_is_asked(tmp_path, other):
    ask(tmp_path / "x.jsonl", ["a"])
    assert ask(tmp_path / "x.jsonl", ["a"], **other)[1] == ["a"]


def test_two_tasks_with_one_prompt_have_two_answers(tmp_path):
    assert ask(tmp_path / "x.jsonl", ["a", "a"])[1] == ["a", "a"]
    assert ask(tmp_path / "x.jsonl", ["a", "a", "a"])[1] == ["a"]


@pytest.mark.parametrize("line", ["{}", '{"model": "m", "key": "k", "completions": [{"new": 1}]}'])
def test_a_line_of_something_else_is_named(tmp_path, line):
    (tmp_path / "x.jsonl").write_text(f"{line}\n")
    with pytest.raises(RunFolderError, match=r"x\.jsonl, line 1 holds no completions"):
        ask(tmp_path / "x.jsonl", ["a"])


class Killed(BaseException):
    """Nothing may catch it."""


@pytest.mark.parametrize("batches", [1, 3, 6])
def test_a_model_in_this_process_goes_on_batch_by_batch(tmp_path, model, tokenizer, monkeypatch, batches):
    """As if it had not been stopped: what follows is drawn as it would have been."""
    prompts = [task.prompt for task in (GeneratedTasks("1-3", split="test", size=24)[i] for i in range(24))]

    def complete(path, until):
        engine, made = TransformersEngine(model, tokenizer, batch_size=4), []
        generate = engine._generate

        def some(*arguments):
            if len(made) == until:
                raise Killed
            made.append(arguments)
            return generate(*arguments)

        monkeypatch.setattr(engine, "_generate", some)
        kept = KeptCompletions(engine, path, "m")
        engine.first = kept.found

        async def all_at_once():
            asked = (kept.complete([{"role": "user", "content": p}], 1, Sampling(20)) for p in prompts)
            return [one.raw for (one,) in await asyncio.gather(*asked)]

        try:
            return asyncio.run(all_at_once()), len(made)
        except Killed:
            return None, len(made)
        finally:
            kept._file.close()

    whole, count = complete(tmp_path / "whole", 6)
    assert count == 6
    assert complete(tmp_path / "x", batches) == (whole if batches == 6 else None, batches)
    assert complete(tmp_path / "x", 6) == (whole, 6 - batches)


DIES = """
import os
from synthetic1.reports.storage import JsonLines
from synthetic1.evaluation import evaluate_model

append, kept = JsonLines.append, []

def die(self, row):
    append(self, row)
    if self.path.name == "completions.jsonl":
        kept.append(row)
        if len(kept) == 4:
            os.kill(os.getpid(), 9)

JsonLines.append = die
evaluate_model.main()
"""


def test_an_evaluation_that_was_killed_goes_on(tmp_path):
    def start(name, server, *overrides, program=("-m", "synthetic1.evaluation.evaluate_model")):
        settings = [f"runs={tmp_path}", f"run_name={name}", f"server={server.url}", "n=24", "samples=2"]
        command = [sys.executable, *program, *settings, "concurrency=2", *overrides]
        return subprocess.Popen(command, cwd=ROOT, text=True, stdout=-1, stderr=-1)

    def ended(process):
        out, err = process.communicate(timeout=300)
        return process.returncode, out, err

    folder = tmp_path / "evaluate/stopped"
    with scripted("--latency", "0.1", "--shape", '{"output": "SAMPLE"}') as server:
        assert ended(start("whole", server))[0] == 0
        whole = server.counts()["requests"]
        kept = folder / "completions.jsonl"
        status, _, err = ended(start("stopped", server, program=("-c", DIES)))
        assert status == -9, err
        status, _, err = ended(start("stopped", server, "sampling.temperature=0.1"))
        assert (status, err.count("\n")) == (2, 1)
        assert (
            "holds a run with other settings: sampling.temperature was 0.6 and is now 0.1; choose another run_name="
            in err
        )
        before = kept.read_bytes().count(b"\n")
        assert before == 4
        status, out, err = ended(start("stopped", server, "concurrency=3"))
        assert status == 0, err
        assert f"going on: {before} tasks have been answered before" in out
        assert server.counts()["requests"] <= 2 * whole + 2 * 2  # what was under way was lost
        status, _, err = ended(start("stopped", server))
        assert (status, err.count("\n")) == (2, 1)
        assert "holds an evaluation already; choose another run_name=, or put it aside with overwrite=true" in err
    assert not kept.exists()
    results = [json.loads((tmp_path / "evaluate" / name / "result.json").read_text()) for name in ("whole", "stopped")]
    for result in results:
        del result["seconds"]
    assert results[0] == results[1]
    samples = [(tmp_path / "evaluate" / name / "samples.jsonl").read_bytes() for name in ("whole", "stopped")]
    assert samples[0] == samples[1]


def begun(runs, *, answered=True, **changes):
    """Open the folder as an evaluation does at its start."""
    values = {"env": {"id": "synthetic1/math-v0"}, "model": {"name": "m"}, "n": 4, "sampling": {"max_tokens": 8}}
    settings = validate(EvaluationSettings, {**values, "runs": str(runs), "run_name": "a", **changes})
    with evaluation_report.open_folder(settings, TaskList([])) as folder:
        folder.write_config(settings.model_dump(mode="json"))
        (folder.path / "completions.jsonl").write_text("{}\n" if answered else "")
    return folder


SERVED = {"server": "http://a/v1", "model": {"name": "embedded"}}
SOME = {"id": "synthetic1/math-v0", "level": "1", "tasks": {"a": 1, "b": 1}}
CHANGES = [
    ({"env": SOME}, {"env": SOME | {"tasks": {"a": 1}}}, r"settings: env\.tasks was \[1\] and is now \[1, 1\];"),
    ({"env": SOME}, {"env": SOME | {"size": 5}}, r"settings: env\.size was 5 and is now None;"),
    ({}, {"sampling": {"max_tokens": 9}}, r"settings: sampling\.max_tokens was 9 and is now 8;"),
    ({}, {"n": 5, "samples": 2}, "settings: n was 5 and is now 4; samples was 2 and is now 1;"),
    (SERVED, {"server": "http://b/v1"}, "settings: server was 'http://b/v1' and is now 'http://a/v1';"),
    (SERVED | {"server_model": "m"}, {"server": "http://b/v1"}, None),
    (SERVED | {"server_model": "m"}, {"thinking_open": True}, "settings: thinking_open was True and is now None;"),
    ({}, {"batch_size": 7, "concurrency": 3, "compare": "x", "samples": 1, "k": [1]}, None),
]


@pytest.mark.parametrize(("first", "changes", "said"), CHANGES)
def test_what_may_change_before_an_evaluation_goes_on(tmp_path, first, changes, said):
    begun(tmp_path, answered=False, **first)
    begun(tmp_path, **{**first, **changes})  # nothing has been answered yet
    begun(tmp_path, **{**first, **changes})
    if said is None:
        begun(tmp_path, **first)
    else:
        with pytest.raises(ProgramError, match=said):
            begun(tmp_path, **first)


def test_a_folder_of_another_version_is_gone_on_with(tmp_path):
    folder = begun(tmp_path)
    config = (folder.path / "config.yaml").read_text()
    assert "  lora: null\n" in config
    (folder.path / "config.yaml").write_text(config.replace("  lora: null\n", "").replace("samples: 1\n", ""))
    begun(tmp_path)


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    rows = tmp_path / "evaluate/a/samples.jsonl"
    rows.parent.mkdir(parents=True)
    rows.write_text("{}\n")
    with pytest.raises(ProgramError, match="holds something else than an evaluation; choose another run_name="):
        begun(tmp_path)
    assert rows.read_text() == "{}\n"


def test_weights_that_were_trained_anew_are_others(tmp_path):
    settings = ModelSettings(name=str(tmp_path))
    names = {weights_of(settings)}
    for file in ("pytorch_model.bin", "config.json", "pytorch_model.bin"):
        time.sleep(0.01)
        (tmp_path / file).write_text("x")
        names.add(weights_of(settings))
    assert len(names) == 4
    assert weights_of(settings) in names
