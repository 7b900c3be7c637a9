"""What is said of Slurm's jobs, and what becomes of them, without a Slurm."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from synthetic1.datagen.curation.executors import slurm
from synthetic1.datagen.curation.executors.slurm import SlurmJob, SlurmJobs
from synthetic1.datagen.curation.sift_settings import SlurmSettings
from synthetic1.jobs.program import ProgramError


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("job-name", "found again"),
        ("job_name", "found again"),
        ("J", "found again"),
        ("array", "found again"),
        ("output", "found again"),
        ("error", "found again"),
        ("requeue", "found again"),
        ("time", r"say it with sift\.slurm\.time="),
        ("-p", r"say it with sift\.slurm\.partition="),
        ("cpus_per_task", r"sift\.slurm\.cpus_per_task="),
        ("mem-per-cpu", r"sift\.slurm\.mem_per_cpu_gb="),
        ("qos", r"sift\.slurm\.qos="),
        ("--account", "the long name"),
        ("A", "the long name"),
    ],
)
def test_options_that_are_ours_or_have_a_setting_are_refused(option, said):
    with pytest.raises(ValidationError, match=said):
        SlurmSettings(sbatch_args={option: "x"})


def test_numbers_are_what_sbatch_reads():
    made = SlurmSettings(time=90, sbatch_args={"account": "mine", "nice": 100, "exclusive": True, "switches": 1})
    assert made.time == "90"
    assert made.sbatch_args == {"account": "mine", "nice": "100", "exclusive": "", "switches": "1"}
    with pytest.raises(ValidationError):
        SlurmSettings(sbatch_args={"account": ["mine"]})


@pytest.fixture
def cluster(monkeypatch):
    """Jobs by number: what is submitted, and what ``squeue`` says of it."""
    jobs: list[SlurmJob] = []
    monkeypatch.setattr(slurm.shutil, "which", lambda name: name)
    monkeypatch.setattr(slurm, "_jobs_named", lambda name: list(jobs))
    for name in ("GRACE_S", "POLL_S"):
        monkeypatch.setattr(slurm, name, 0.01)
    return jobs


@pytest.mark.parametrize("folder", ["my runs", "a;b", "x$(y)", "50%j"])
def test_a_path_that_datatrove_does_not_quote_is_one_line(cluster, tmp_path, folder):
    with pytest.raises(ProgramError, match="does not quote; choose runs="):
        SlurmJobs(SlurmSettings(partition="all"), None).run([], tmp_path / folder, parts=1)
    assert not cluster


@pytest.mark.parametrize(("state", "second", "submitted"), [("COMPLETED", 2, 2), ("PREEMPTED", 1, 2), ("FAILED", 2, 1)])
def test_parts_that_are_missing_when_all_jobs_have_ended_are_submitted_once_more(
    cluster, tmp_path, monkeypatch, state, second, submitted
):
    """The first job does one of two parts; the second one both, or no more than that."""
    logs = tmp_path / "buckets"

    def submit(self, pipeline, logs, name, parts):
        done = second if cluster else 1
        cluster.append(SlurmJob(str(len(cluster) + 1), "0", state, ""))
        (logs / "completions").mkdir(exist_ok=True)
        for part in range(done):
            (logs / "completions" / str(part)).touch()
        return cluster[-1].number

    monkeypatch.setattr(SlurmJobs, "_submit", submit)
    slurm = SlurmJobs(SlurmSettings(partition="all"), None)
    if second == 2 and state != "FAILED":
        slurm.run([], logs, parts=2)
    else:
        with pytest.raises(ProgramError, match=f"ended with 1 parts missing .1 {state}"):
            slurm.run([], logs, parts=2)
    assert len(cluster) == submitted
