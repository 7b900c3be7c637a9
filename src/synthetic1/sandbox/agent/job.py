"""What the agent is told to do and what it says of it, as they stand in headers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

CHANNEL_FD = 3
"""Where a program finds its channel: a socket, both ways. Harnesses speak through it; stdin and stdout stay free."""

EndedBy = Literal["cpu", "wall", "idle", "memory", "output", "stop"]

BUSY = 4
"""So many times its limit by the clock a program may last where no processor is free for it."""


@dataclass(frozen=True)
class Bounds:
    """The limits of one process tree."""

    cpu_s: float
    wall_s: float
    """Without the time in which it waited for a processor; with it, ``BUSY`` times as long at most."""
    memory_bytes: int
    stdout_bytes: int
    stderr_bytes: int
    channel_bytes: int
    processes: int
    file_bytes: int


@dataclass(frozen=True)
class Build:
    """A compilation: run once, in the job's folder, which it may write."""

    argv: list[str]
    outputs: list[str]
    """Files that it makes, sent to the host and made read-only for the program."""
    output_bytes: int
    bounds: Bounds


@dataclass(frozen=True)
class Job:
    """One program and how to run it.

    Layout: the files stand in a folder ``box`` that the program cannot write; the process starts in the empty folder
    ``box/work``, which it can. So ``argv`` names files as ``../main.py`` or ``../main``. While it is built, the
    compiler works in ``box/build``, with the files beside it, and ``outputs`` are moved to ``box`` afterwards.
    """

    files: list[tuple[str, int]]
    """(name, mode) of each file; the contents are the blobs. Modes: 0o644 or 0o755."""
    argv: list[str]
    bounds: Bounds
    inputs: int
    """How many ``input`` frames follow."""
    env: dict[str, str]
    """Added to the agent's minimal environment (PATH, HOME, LANG …)."""
    build: Build | None = None
    fork_server: bool = False
    """Run ``argv[-1]`` (``.py`` or ``.js``) in a fork of a warm interpreter, where there is one. A crash there is
    run again in a fresh one; so is a limit that it meets, where a fork is not as fast as a fresh one."""
    channel: bool = False
    """Give the process a channel at fd 3."""
    dialogue: bool = False
    """Relay the channel while it runs, instead of collecting it. Such a job has one input."""

    def to_header(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_header(cls, header: dict[str, Any]) -> Job:
        """Raises TypeError or KeyError for a header that is not a job."""
        fields = {name: header[name] for name in cls.__dataclass_fields__}
        build = fields["build"]
        if build is not None:
            fields["build"] = Build(**{**build, "bounds": Bounds(**build["bounds"])})
        fields["bounds"] = Bounds(**fields["bounds"])
        fields["files"] = [(name, mode) for name, mode in fields["files"]]
        return cls(**fields)


@dataclass(frozen=True)
class Outcome:
    """How one process tree ended."""

    exit_code: int | None
    signal: int | None
    ended_by: EndedBy | None
    """The limit that ended it; None if it ended by itself."""
    cpu_s: float
    wall_s: float
    peak_bytes: int

    def to_header(self) -> dict[str, Any]:
        return dict(vars(self))  # once for every result: `asdict` would cost more than the rest of the header

    @classmethod
    def from_header(cls, header: dict[str, Any]) -> Outcome:
        return cls(**header)
