"""Duplicates and contamination as jobs of a real Slurm: the same bytes, one submission, one line where it fails."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from one_node_slurm import is_installed, one_node_slurm

from synthetic1.datagen.curation import pipeline
from synthetic1.datagen.curation.executors.local_processes import LocalProcesses
from synthetic1.datagen.curation.executors.slurm import LAUNCH_SCRIPT, _job_name
from synthetic1.datagen.curation.settings import CurateSettings
from synthetic1.jobs.program import ProgramError, validate

ROOT = Path(__file__).resolve().parents[3]
SLURM = {"executor": "slurm", "slurm": {"partition": "all", "mem_per_cpu_gb": 1}}


@pytest.fixture(scope="module")
def slurm(require, tmp_path_factory):
    """The environment of a Slurm of one node."""
    how = "as root, apt-get install --no-install-recommends slurmctld slurmd"
    require("Slurm", is_installed(), how)
    with one_node_slurm(tmp_path_factory.mktemp("slurm")) as env:
        yield env


@pytest.fixture
def in_slurm(slurm, monkeypatch):
    for name in ("PATH", "SLURM_CONF"):
        monkeypatch.setenv(name, slurm[name])


def problem(number: int) -> str:
    return f"What is the sum of {number} and {number + 7} in the ring of integers, please? It is part {number} of many."


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """Rows with duplicates and a benchmark's problems, the benchmark, and what local processes make of them."""
    folder = tmp_path_factory.mktemp("given")
    numbers = [*range(10, 40), *range(12, 20)]
    rows = [{"problem": problem(n), "answer": str(2 * n + 7)} for n in numbers]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "benchmark.jsonl").write_text("".join(json.dumps({"question": problem(n)}) + "\n" for n in (30, 31)))
    funnel = curate(folder, folder, run_name="set")
    assert funnel["dropped"] == {"benchmark": 2, "duplicate": 8}
    return folder


def settings(given: Path, folder: Path, **more):
    said = {"recipe_name": "math", "input": [str(given / "rows.jsonl")], "output": str(folder / "out"), "workers": 1}
    said |= {"decontaminate": {"benchmarks": [str(given / "benchmark.jsonl")]}, "runs": str(folder / "runs")}
    return {**said, **more}


def curate(given: Path, folder: Path, **more):
    assert not pipeline.curate(validate(CurateSettings, settings(given, folder, **more)))
    return json.loads((folder / "out" / "funnel.json").read_text())


def digest(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_slurm_gives_the_same_bytes_and_what_is_done_is_not_submitted_again(in_slurm, given, tmp_path, capfd):
    """The first process is killed while its first job is at work; the second one waits for that job."""
    given_again = settings(given, tmp_path, sift=SLURM, run_name="set")
    command = [sys.executable, "-m", "synthetic1.cli", "curate", "recipe=math", f"input={given_again['input'][0]}"]
    command += [f"output={given_again['output']}", f"runs={given_again['runs']}", "run_name=set", "workers=1"]
    command += [f"decontaminate.benchmarks=[{given}/benchmark.jsonl]", "sift.executor=slurm"]
    command += ["sift.slurm.partition=all", "sift.slurm.mem_per_cpu_gb=1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as first:
        for line in first.stdout:
            if "contamination: Slurm's job" in line:
                first.send_signal(signal.SIGKILL)
    assert first.returncode == -signal.SIGKILL
    number = line.split()[-1]
    curate(given, tmp_path, sift=SLURM, run_name="set")
    said = capfd.readouterr().out
    assert f"contamination: Slurm's job {number} is at work already" in said or "contamination: Slurm" not in said
    listed = subprocess.run(["squeue", "-h", "--states=all", "--format=%j"], capture_output=True, text=True, check=True)
    kinds = sorted(line.strip().split("-")[1] for line in listed.stdout.splitlines())
    assert kinds == ["buckets", "clusters", "contamination", "signatures"]
    assert digest(tmp_path / "out") == digest(given / "out")
    assert not (tmp_path / "runs" / "curate" / "set" / "sifting").exists()


def test_a_job_that_fails_is_one_line_and_the_same_command_does_what_is_missing(in_slurm, given, tmp_path):
    broken = {**SLURM, "slurm": {**SLURM["slurm"], "env_command": "echo this node has no Python; exit 3"}}
    with pytest.raises(ProgramError, match=r"contamination ended with 1 parts missing \(1 FAILED\): this node has no"):
        curate(given, tmp_path, sift=broken, run_name="set")
    curate(given, tmp_path, run_name="set")  # here, for a change
    assert digest(tmp_path / "out") == digest(given / "out")


def test_what_slurm_does_not_take_is_one_line(in_slurm, given, tmp_path, monkeypatch):
    nowhere = {**SLURM, "slurm": {"partition": "nowhere"}}
    with pytest.raises(ProgramError, match=r"sbatch takes no job of contamination: .*[Ii]nvalid partition"):
        curate(given, tmp_path, sift=nowhere)
    with pytest.raises(ProgramError, match=r"give sift\.slurm\.partition="):
        validate(CurateSettings, settings(given, tmp_path, sift={"executor": "slurm"}))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ProgramError, match="there is no sbatch here"):
        curate(given, tmp_path, sift=SLURM)


def test_here_does_not_begin_what_slurm_is_at(in_slurm, given, tmp_path):
    """As long as a job of the run waits or works."""
    logs = tmp_path / "logs" / "signatures"
    logs.mkdir(parents=True)
    (logs / LAUNCH_SCRIPT).touch()
    name = _job_name(logs)
    script = tmp_path / "sleep.sh"
    script.write_text("#!/bin/sh\nsleep 100\n")
    submit = ["sbatch", "--parsable", "--hold", f"--job-name={name}", "--array=0-1", "--output=/dev/null", str(script)]
    number = subprocess.run(submit, capture_output=True, text=True, check=True).stdout.strip()
    with pytest.raises(ProgramError, match=rf"Slurm's job {number} of this run is at work"):
        LocalProcesses(1).run([], logs, parts=1)
    subprocess.run(["scancel", number], check=True)
