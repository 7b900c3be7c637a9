"""An evaluation that was stopped goes on: what has been answered is not asked again."""

from __future__ import annotations

import asyncio
import json
import runpy
import subprocess
import sys
import time
from pathlib import Path

import pytest

from synthetic1.completion import Completion
from synthetic1.inference.engine import Sampling
from synthetic1.trainers.kept_completions import KeptCompletions

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


@pytest.mark.parametrize("other", [{"model": "n"}, {"n": 1}, {"sampling": Sampling(8, seed=1)}])
def test_another_question_is_asked(tmp_path, other):
    ask(tmp_path / "x.jsonl", ["a"])
    assert ask(tmp_path / "x.jsonl", ["a"], **other)[1] == ["a"]


@pytest.fixture
def scripted(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "tests/inference"))
    return runpy.run_path(str(ROOT / "tests/inference/scripted_process.py"))["scripted"]


def test_an_evaluation_that_was_killed_goes_on(tmp_path, scripted):
    def start(name, server, *overrides):
        program = [sys.executable, str(ROOT / "trainers/evaluate_model.py"), f"runs={tmp_path}", f"run_name={name}"]
        settings = [f"server={server.url}", "n=24", "samples=2", "concurrency=2", *overrides]
        return subprocess.Popen([*program, *settings], cwd=ROOT, text=True, stdout=-1, stderr=-1)

    def ended(process):
        out, err = process.communicate(timeout=300)
        return process.returncode, out, err

    folder = tmp_path / "evaluate/stopped"
    with scripted("--latency", "0.1", "--shape", '{"output": "SAMPLE"}') as server:
        assert ended(start("whole", server))[0] == 0
        whole = server.counts()["requests"]
        process, kept = start("stopped", server), folder / "completions.jsonl"
        while not kept.exists() or kept.read_bytes().count(b"\n") < 4:
            assert process.poll() is None, process.communicate()
            time.sleep(0.02)
        process.kill()
        process.wait()
        status, _, err = ended(start("stopped", server, "sampling.temperature=0.1"))
        assert (status, err.count("\n")) == (2, 1)
        assert "the beginning of an evaluation with another sampling; choose another run_name=" in err
        before = kept.read_bytes().count(b"\n")
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
