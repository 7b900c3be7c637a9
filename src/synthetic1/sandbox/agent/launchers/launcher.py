"""What a launcher is: the one thing in which agents differ. It starts process trees, and ends them."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import Literal, Protocol

from synthetic1.sandbox.agent.job import Bounds

Purpose = Literal["build", "run"]
OUR_ERRORS = frozenset({errno.EAGAIN, errno.ENFILE})
"""``execve`` failed because others have too many processes or files. What it was to execute cannot cause these; EIO,
for example, an ELF file can cause by its interpreter."""


@dataclass(frozen=True)
class Command:
    """What to start."""

    argv: list[str]
    """``argv[0]`` is absolute, or relative to ``cwd`` (``../main``): whoever starts it need not search."""
    cwd: str
    """``box/work`` or ``box/build``, absolute: the one folder it may write; what stands in ``box``, it may read."""
    env: dict[str, str]
    """All of its environment."""
    bounds: Bounds
    purpose: Purpose = "run"


@dataclass(frozen=True)
class Streams:
    """The child's ends of its pipes. They stay the caller's, who closes them after ``start``."""

    stdin: int
    stdout: int
    stderr: int
    channel: int | None = None
    """To be fd 3 (``job.CHANNEL_FD``)."""


@dataclass(frozen=True)
class Exit:
    """The main process is gone."""

    status: int
    """As ``os.waitpid`` gives it, of the program itself and not of what wraps it (exit code or signal)."""
    cpu_s: float
    """CPU seconds as far as its rusage knows."""
    peak_bytes: int


@dataclass(frozen=True)
class TreeUsage:
    """What the whole tree used, once nothing of it is left."""

    cpu_s: float
    peak_bytes: int
    out_of_memory: bool
    """The kernel killed one of its processes for memory."""
    clean: bool
    """False: something of it could not be ended; the slot must be thrown away."""


class Process(Protocol):
    """A started process tree. The agent asks ``exit`` after each SIGCHLD, or when ``watch`` is readable."""

    watch: int | None
    """A descriptor that becomes readable when the main process ends; None: SIGCHLD is enough."""

    def exit(self) -> Exit | None:
        """How the main process ended, None while it runs; reaps it, does not block, may be asked again.

        Raises:
            LauncherError: that cannot be known any more, or it could not be executed, which is not its own fault.
        """
        ...

    def cpu_s(self) -> float:
        """CPU seconds that the tree has used so far."""
        ...

    def is_asleep(self) -> bool:
        """Whether all of it waits for something other than a processor or a disk."""
        ...

    def waited_s(self) -> float:
        """Seconds that the longest waiting thread of it was ready to run, and no processor was free."""
        ...

    def kill(self) -> None:
        """Send SIGKILL to all of it and return; ``exit`` follows soon. May be called twice."""
        ...

    def finish(self) -> TreeUsage:
        """After ``exit``: end and reap what is left of it, and add up what it used."""
        ...


class WarmProgram(Protocol):
    """A program in a warm interpreter: each start is a fork."""

    exact: bool
    """Whether it uses as much time and memory as in a fresh interpreter, and so meets the limits that it would meet."""

    def start(self, streams: Streams) -> Process:
        """As ``Launcher.start``.

        Raises:
            LauncherError: also when the warm interpreter is gone; then a fresh one is the way.
        """
        ...

    def close(self) -> None:
        """Let go of the program."""
        ...


class Launcher(Protocol):
    """Starts programs, each confined."""

    name: str
    memory_limit: Literal["cgroup", "address_space"]

    def start(self, command: Command, streams: Streams) -> Process:
        """Start a process tree. A command that cannot be executed ends with exit code 127 and a line on stderr.

        Raises:
            LauncherError: we failed, not the command.
        """
        ...

    def warm(self, command: Command) -> WarmProgram | None:
        """The file ``command.argv[-1]``, Python or JavaScript, in a warm interpreter; None if there is none, or it does
        not compile.

        Only where a fork of a process is confined like that process.
        """
        ...

    def sweep(self) -> bool:
        """Kill and reap all processes of programs, remove what they left outside of the box. False: something stays."""
        ...

    def empty(self, folder: str) -> bool:
        """Remove all that stands in ``folder`` (``work`` or ``build``), whoever made it. False: something stays."""
        ...

    def close(self) -> None:
        """End all that it started; the agent ends."""
        ...


class LauncherError(Exception):
    """A process could not be started, or was lost, which is not the program's fault. One line."""
