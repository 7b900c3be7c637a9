"""datatrove's blocks as jobs of Slurm: submitted once, waited for, and found again by the next start."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from datatrove.executor import SlurmPipelineExecutor

from synthetic1.datagen.curation.executors.executor import done_parts, quiet
from synthetic1.datagen.curation.sift_settings import SlurmSettings
from synthetic1.jobs.program import ProgramError
from synthetic1.reports.progress import progress

POLL_S, MOST_POLL_S = 0.5, 10.0
"""Seconds between two looks at a job: few at first, then more."""
GRACE_S = 90.0
"""Seconds that files of a job which has ended may take to be seen here, over a network."""
OUTAGE_S = 300.0
"""Seconds without an answer of ``squeue``."""
ENDED = frozenset(
    {"COMPLETED", "CANCELLED", "FAILED", "TIMEOUT", "OUT_OF_MEMORY", "NODE_FAIL", "PREEMPTED", "BOOT_FAIL", "DEADLINE"}
)
"""States of Slurm that nothing follows, unless the job is put into the queue again."""
MAY_COME_BACK = frozenset({"COMPLETED", "NODE_FAIL", "PREEMPTED"})
"""Of these, those after which the part may be done, or begun again, a moment later."""
LAUNCH_SCRIPT = "launch_script.slurm"  # as datatrove calls it
_unquoted = re.compile(r"[^\w./+=@:,-]")
"""What a shell, or Slurm, may change in a path without quotes, as in datatrove's script."""


class PartsMissing(ProgramError):
    """Jobs ended without a failure, and parts are not done: the node was taken, or the job had not all of them."""


class SlurmJobs:
    """datatrove's executor for Slurm, and the waiting for its jobs. A job belongs to a run by its name, so one that is
    at work already, or done, is not submitted again."""

    def __init__(self, settings: SlurmSettings, workers: int | None) -> None:
        self.settings, self.workers = settings, workers

    def run(self, pipeline: list[Any], logs: Path, *, parts: int) -> None:
        logs.mkdir(parents=True, exist_ok=True)
        if len(done_parts(logs)) >= parts:
            return
        for program in ("sbatch", "squeue"):
            if shutil.which(program) is None:
                raise ProgramError(f"sift.executor=slurm: there is no {program} here; run it where jobs are submitted")
        if (sign := _unquoted.search(str(logs))) is not None:
            raise ProgramError(
                f"sift.executor=slurm: {logs} has {sign.group()!r} in its name, which datatrove's script of a job does "
                "not quote; choose runs= and run_name= of letters, digits and ._-+=@:,"
            )
        name = _job_name(logs)
        before = _jobs_named(name)
        waiting = {job.number for job in before if job.state not in ENDED}
        if waiting:
            print(f"{logs.name}: Slurm's job {', '.join(sorted(waiting))} is at work already", flush=True)
        else:
            number = self._submit(pipeline, logs, name, parts)
            print(f"{logs.name}: Slurm's job {number}", flush=True)
        try:
            try:
                self._wait(logs, name, parts, {job.number for job in before} - waiting)
            except PartsMissing as error:  # of a job that was preempted, or was somebody's who submitted fewer parts
                ended = {job.number for job in _jobs_named(name) if job.state in ENDED}
                print(f"{error}; what is missing is job {self._submit(pipeline, logs, name, parts)}", flush=True)
                self._wait(logs, name, parts, ended)
        except KeyboardInterrupt:
            print(f"{logs.name}: Slurm's job goes on; the same command waits for it, scancel --name={name} ends it")
            raise

    def _submit(self, pipeline: list[Any], logs: Path, name: str, parts: int) -> str:
        said = self.settings
        executor = _Submitted(
            pipeline,
            tasks=parts,
            time=said.time,
            partition=said.partition,
            cpus_per_task=said.cpus_per_task,
            mem_per_cpu_gb=said.mem_per_cpu_gb,
            tasks_per_job=1 if self.workers is None else -(-parts // self.workers),
            job_name=name,
            qos=said.qos or "",
            env_command=said.env_command or f'export PATH="{Path(sys.executable).parent}:$PATH"',
            sbatch_args=dict(said.sbatch_args),
            logging_dir=str(logs),
            with_srun=False,  # a part is one process: what srun adds is trouble with variables it inherits
        )
        try:
            with quiet(logs):
                executor.launch_job()
        except subprocess.CalledProcessError as error:
            raise ProgramError(f"sbatch takes no job of {logs.name}: {_last_line(logs / 'stderr.log')}") from error
        return str(executor.job_id)

    def _wait(self, logs: Path, name: str, parts: int, earlier: set[str]) -> None:
        """Until all parts are done.

        Args:
            earlier: jobs of this name that had ended before.

        Raises:
            PartsMissing: no part failed, and yet the jobs have ended.
            ProgramError: a part failed, or Slurm does not answer.
        """
        done, told, pause = 0, "", POLL_S
        ended_at = silent_since = None
        with progress(parts, f"parts of {logs.name}") as advance:
            while True:
                now, before = time.monotonic(), done
                try:
                    jobs = [job for job in _jobs_named(name) if job.number not in earlier]
                    silent_since = None
                except ProgramError:
                    silent_since = silent_since or now
                    if now - silent_since > OUTAGE_S:
                        raise
                    jobs = None
                done = len(done_parts(logs))
                for _ in range(done - before):
                    advance()
                if done >= parts:
                    return
                if jobs is not None:
                    if (states := _in_words(jobs)) != told and states:
                        print(f"{logs.name}: {states}", flush=True)
                        told = states
                    if any(job.state not in ENDED for job in jobs):
                        ended_at = None
                    else:
                        ended_at = ended_at or now
                        failed = [job for job in jobs if job.state not in MAY_COME_BACK]
                        if failed or now - ended_at > GRACE_S:
                            error = ProgramError if failed else PartsMissing
                            raise error(self._why(logs, failed or jobs, parts - done))
                time.sleep(pause)
                pause = min(pause * 1.3, MOST_POLL_S)

    def _why(self, logs: Path, jobs: list[SlurmJob], missing: int) -> str:
        """Why parts are missing, for the one line that says so."""
        what = f"Slurm's job of {logs.name} ended with {missing} parts missing ({_in_words(jobs) or 'states unknown'})"
        for job in jobs:
            log = logs / "slurm_logs" / f"{job.number}_{job.place}.out"
            if log.is_file():
                return f"{what}: {_last_line(log)}; see {log}"
        return (
            f"{what} and left no log: runs= must be a folder that every node of partition {self.settings.partition} "
            f"has under this name, {logs}"
        )


class _Submitted(SlurmPipelineExecutor):  # type: ignore[misc]
    """Without a second job for statistics, which nobody reads, and which waits for ever for a job that has failed."""

    def launch_merge_stats(self) -> None:
        return


class SlurmJob(NamedTuple):
    """A part of an array of Slurm."""

    number: str
    """Of the array."""
    place: str
    """Of the part in it."""
    state: str
    reason: str
    """Why it waits, as Slurm calls it."""


def _jobs_named(name: str) -> list[SlurmJob]:
    """What Slurm knows of our jobs of this name, ended ones for some minutes.

    Raises:
        ProgramError: it does not answer.
    """
    command = ["squeue", "--noheader", "--me", f"--name={name}", "--array", "--states=all", "--format=%F|%K|%T|%r"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    except subprocess.CalledProcessError as error:
        why = (error.stderr.strip().splitlines() or ["it says nothing"])[-1]
        raise ProgramError(f"Slurm does not answer: {why}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ProgramError(f"Slurm does not answer: {error}") from error
    return [SlurmJob(*line.strip().split("|", 3)) for line in said.splitlines() if line.count("|") >= 3]


def refuse_slurm_at_work(logs: Path) -> None:
    """Raises ProgramError: a job of Slurm is at work on these parts."""
    if (logs / LAUNCH_SCRIPT).exists() and shutil.which("squeue"):
        for job in _jobs_named(_job_name(logs)):
            if job.state not in ENDED:
                raise ProgramError(
                    f"Slurm's job {job.number} of this run is at work: sift.executor=slurm waits for it, and "
                    f"scancel {job.number} ends it"
                )


def _job_name(logs: Path) -> str:
    """The name of the jobs of a pipeline: by it a later process finds them."""
    return f"synthetic1-{logs.name}-{hashlib.sha256(str(logs.resolve()).encode()).hexdigest()[:12]}"


def _in_words(jobs: list[SlurmJob]) -> str:
    """``3 RUNNING, 2 PENDING (Resources)``."""
    states = Counter(
        f"{job.state} ({job.reason})" if job.state == "PENDING" and job.reason not in ("", "None") else job.state
        for job in jobs
    )
    return ", ".join(f"{many} {state}" for state, many in sorted(states.items()))


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1].strip() if lines else "it says nothing"
