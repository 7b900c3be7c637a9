"""Settings of the search for duplicates and contamination: where it runs."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, PositiveInt, model_validator

from synthetic1.jobs.env_settings import Section


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
    """More options of ``sbatch``, e.g. ``{account: mine}``."""


class SiftSettings(Section):
    """Where duplicates and contamination are looked for."""

    executor: Literal["local", "slurm"] = "local"
    """``local``: processes on this machine; ``slurm``: jobs of Slurm, submitted with ``sbatch`` and waited for."""
    slurm: SlurmSettings = SlurmSettings()
    """Of ``executor=slurm``."""

    @model_validator(mode="after")
    def named(self) -> SiftSettings:
        if self.executor == "slurm" and not self.slurm.partition:
            raise ValueError("sift.executor=slurm submits to which partition? give sift.slurm.partition=")
        return self
