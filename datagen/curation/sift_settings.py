"""Settings of the search for duplicates and contamination: where it runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field, PositiveInt, field_validator, model_validator

from synthetic1.jobs.env_settings import Section

SAID_ELSEWHERE = {
    "partition": "sift.slurm.partition",
    "time": "sift.slurm.time",
    "cpus-per-task": "sift.slurm.cpus_per_task",
    "mem-per-cpu": "sift.slurm.mem_per_cpu_gb",
    "mem": "sift.slurm.mem_per_cpu_gb",
    "mem-per-gpu": "sift.slurm.mem_per_cpu_gb",
    "qos": "sift.slurm.qos",
}
"""Option of ``sbatch`` → the setting that is given to it."""
OURS = frozenset(
    {"job-name", "array", "output", "error", "requeue", "no-requeue", "nodes", "ntasks", "wait", "parsable", "wrap"}
    | {"dependency", "export", "chdir", "test-only", "quiet", "open-mode", "help", "version"}
)
"""Options by which jobs are submitted, found again and waited for."""
SHORT = {
    "p": "partition",
    "t": "time",
    "c": "cpus-per-task",
    "q": "qos",
    "J": "job-name",
    "a": "array",
    "o": "output",
    "e": "error",
    "N": "nodes",
    "n": "ntasks",
    "W": "wait",
    "d": "dependency",
    "D": "chdir",
}
"""One-letter forms, which datatrove would write with two dashes."""


class SlurmSettings(Section):
    """Jobs of Slurm. The run's folder must lie where every node sees it, under the same name."""

    partition: str = ""
    """The partition of the jobs."""
    time: str = "04:00:00"
    """The time limit of a job, as ``sbatch --time`` takes it."""
    cpus_per_task: PositiveInt = 1
    """Cores of a job; more than one only for more memory."""
    mem_per_cpu_gb: PositiveInt = 2
    """Memory for a core, in GiB."""
    qos: str | None = None
    """Quality of service; None = the cluster's default."""
    env_command: str | None = None
    """A shell command before each job, e.g. ``source /shared/venv/bin/activate``; None = the folder of this Python is
    the first in ``PATH``."""
    sbatch_args: dict[str, str] = Field(default_factory=dict)
    """More options of ``sbatch`` by their long names, e.g. ``{account: mine, nice: 100}``; not those that have a
    setting, nor those by which the jobs are found again (``job-name``, ``array``, ``output`` …)."""

    @field_validator("time", mode="before")
    @classmethod
    def minutes(cls, value: Any) -> Any:
        """``time=90`` is a number in YAML, and minutes for ``sbatch``."""
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else value

    @field_validator("sbatch_args", mode="before")
    @classmethod
    def options(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        for name in value:
            option = str(name).lstrip("-").replace("_", "-")
            option = SHORT.get(option, option)
            if option in SAID_ELSEWHERE:
                raise ValueError(f"{name}: say it with {SAID_ELSEWHERE[option]}=")
            if option in OURS:
                raise ValueError(f"{name} is what the jobs are submitted and found again by; leave it out")
            if str(name) != option or len(option) < 2:
                raise ValueError(f"{name}: give the long name of the option, without dashes before it")
        return {name: _as_text(said) for name, said in value.items()}


def _as_text(value: Any) -> Any:
    """Of numbers their digits; of ``true`` nothing, as an option without a value has it."""
    if value is True:
        return ""
    return str(value) if isinstance(value, int | float) and value is not False else value


class SiftSettings(Section):
    """Where duplicates and contamination are looked for."""

    executor: Literal["local", "slurm", "ray"] = "local"
    """``local``: processes on this machine; ``slurm``: jobs of Slurm, submitted with ``sbatch`` and waited for;
    ``ray``: the nodes of the Ray cluster of ``ray.*``. The run's folder must lie where every node sees it."""
    slurm: SlurmSettings = SlurmSettings()
    """Of ``executor=slurm``."""

    @model_validator(mode="after")
    def named(self) -> SiftSettings:
        if self.executor == "slurm" and not self.slurm.partition:
            raise ValueError("sift.executor=slurm submits to which partition? give sift.slurm.partition=")
        return self

    def idle(self) -> Iterator[tuple[str, str]]:
        """(dotted name, why it does nothing) of settings of Slurm where no job is submitted."""
        if self.executor != "slurm":
            for name in SlurmSettings.model_fields:
                yield f"sift.slurm.{name}", f"with sift.executor={self.executor}; choose sift.executor=slurm"
