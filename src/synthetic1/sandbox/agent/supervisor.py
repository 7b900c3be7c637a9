"""The supervisor of one process tree: it starts it, serves its pipes, holds it to its limits and ends it."""

from __future__ import annotations

import contextlib
import math
import os
import re
import select
import time
from collections.abc import Callable
from dataclasses import dataclass

from synthetic1.sandbox.agent.host import Host, HostGone
from synthetic1.sandbox.agent.idle import IdleWatch
from synthetic1.sandbox.agent.job import BUSY, Bounds, EndedBy, Outcome
from synthetic1.sandbox.agent.launchers.launcher import Exit, LauncherError, Process, Streams, TreeUsage
from synthetic1.sandbox.agent.pipes import Pipes, nudged

_LOOK_S = 0.02  # the shortest time between two looks at the CPU clock
_DEATH_S = 20.0  # from SIGKILL to the end, on a very busy machine
_CPUS = os.cpu_count() or 1
_ALLOCATION_FAILED = re.compile(
    rb"MemoryError|std::bad_alloc|memory allocation of \d+ bytes failed|heap out of memory|[Cc]annot allocate memory"
)


@dataclass(frozen=True)
class FinishedProcess:
    """A process tree of which nothing is left, and what came of it."""

    outcome: Outcome
    stdout: bytes
    stderr: bytes
    channel: bytes
    clean: bool
    """False: something of it could not be ended."""

    @property
    def crashed(self) -> bool:
        """It failed by itself: no limit ended it, and nobody stopped it."""
        return self.outcome.ended_by is None and self.outcome.exit_code != 0


@dataclass(frozen=True)
class Supervisor:
    """Starts a process tree and watches it to its end."""

    start: Callable[[Streams], Process]
    bounds: Bounds
    stdin: bytes = b""
    channel: bytes | None = None
    """What the program finds in its channel first; None: it has no channel."""
    dialogue: object = None
    """The id of the job whose host talks through the channel."""
    address_space: bool = False
    """No control group bounds the memory, so that an allocation fails instead."""

    may_idle: bool = True
    """It may wait as long as it likes, as programs do; compilers have nothing to wait for."""

    def run(self, host: Host, child_signal: int) -> FinishedProcess:
        """Run it until nothing of it is left.

        Args:
            child_signal: a descriptor that becomes readable on SIGCHLD.

        Raises:
            LauncherError: it did not start, or was lost; what is left of it is for ``Launcher.sweep``.
            HostGone, WireError: see ``Host.receive``; likewise.
        """
        poll = select.poll()
        relay = None
        if self.dialogue is not None:
            relay = lambda words: host.send({"op": "channel", "id": self.dialogue}, words)  # noqa: E731
        with contextlib.nullcontext() if self.channel is None else nudged():
            return self._run(Pipes(poll, self.bounds, self.stdin, self.channel, relay), poll, host, child_signal)

    def _run(self, pipes: Pipes, poll: select.poll, host: Host, child_signal: int) -> FinishedProcess:
        try:
            began = time.monotonic()
            try:
                process = self.start(pipes.ends)
            finally:
                pipes.close_ends()
            exit, ended_by = self._attend(process, began, poll, pipes, host, child_signal)
            wall_s = time.monotonic() - began
            usage = process.finish()
            pipes.drain()
        finally:
            pipes.close()
        if ended_by is None and pipes.overflow:
            ended_by = "output"
        if ended_by is None:
            ended_by = self._exceeded_limit(exit, usage, pipes.stderr)
        killed = os.WIFSIGNALED(exit.status)
        outcome = Outcome(
            exit_code=None if killed else os.WEXITSTATUS(exit.status),
            signal=os.WTERMSIG(exit.status) if killed else None,
            ended_by=ended_by,
            cpu_s=round(max(usage.cpu_s, exit.cpu_s), 6),
            wall_s=round(wall_s, 6),
            peak_bytes=max(usage.peak_bytes, exit.peak_bytes),
        )
        return FinishedProcess(outcome, bytes(pipes.stdout), bytes(pipes.stderr), bytes(pipes.channel), usage.clean)

    def _attend(
        self, process: Process, began: float, poll: select.poll, pipes: Pipes, host: Host, child_signal: int
    ) -> tuple[Exit, EndedBy | None]:
        """Serve it until the main process is gone; others may still hold its pipes open."""
        watch = child_signal if process.watch is None else process.watch
        poll.register(host.reading, 0 if host.full else select.POLLIN)
        poll.register(child_signal, select.POLLIN)
        poll.register(watch, select.POLLIN)
        ended_by: EndedBy | None = None
        deadline, latest = began + self.bounds.wall_s, began + BUSY * self.bounds.wall_s
        look = began + self.bounds.cpu_s / _CPUS  # a tree cannot use CPU time faster than that
        idle = IdleWatch(process.cpu_s, process.is_asleep)
        idle_look = math.inf if self.may_idle else began
        while True:
            while host.inbox.channel:
                pipes.say(host.inbox.channel.popleft())
            now = time.monotonic()
            if ended_by is None:
                if host.inbox.stopped:
                    ended_by = "stop"
                elif pipes.overflow:
                    ended_by = "output"
                elif now >= deadline:
                    if (exit := process.exit()) is not None:  # in time, perhaps: we were late ourselves
                        return exit, None
                    # On a busy machine the clock goes on while the program waits for a processor: that is not its time
                    deadline = min(latest, began + self.bounds.wall_s + process.waited_s())
                    ended_by = "wall" if now >= deadline else None
                elif now >= look:
                    left = self.bounds.cpu_s - process.cpu_s()
                    ended_by = "cpu" if left <= 0 else None
                    look = now + max(left / _CPUS, _LOOK_S)
                elif now >= idle_look:
                    is_idle, idle_look = idle.look(now)
                    ended_by = "idle" if is_idle else None
                if ended_by is not None:
                    deadline, look, idle_look = now + _DEATH_S, now, math.inf
            if ended_by is not None:
                if now >= deadline:
                    raise LauncherError("a process does not end on SIGKILL")
                process.kill()
                look = now + _LOOK_S
            for descriptor, events in poll.poll(max(0.0, min(deadline, look, idle_look) - now) * 1000):
                if descriptor == child_signal:
                    _forget(child_signal)
                if descriptor == watch:
                    if (exit := process.exit()) is not None:
                        return exit, ended_by
                elif descriptor == host.reading:
                    self._receive(poll, pipes, host, events)
                else:
                    pipes.serve(descriptor, events)

    def _receive(self, poll: select.poll, pipes: Pipes, host: Host, events: int) -> None:
        if host.full:
            raise HostGone  # nothing is read now, and yet it says something: that it is gone
        host.receive()
        if host.full:
            poll.modify(host.reading, 0)

    def _exceeded_limit(self, exit: Exit, usage: TreeUsage, stderr: bytearray) -> EndedBy | None:
        """Which limit it exceeded, though we did not end it for that."""
        if max(usage.cpu_s, exit.cpu_s) > self.bounds.cpu_s:
            return "cpu"
        if exit.status == 0:
            return None
        if usage.out_of_memory or (
            self.address_space and _ALLOCATION_FAILED.search(stderr, max(0, len(stderr) - 4096))
        ):
            return "memory"
        return None


def _forget(child_signal: int) -> None:
    with contextlib.suppress(BlockingIOError):
        os.read(child_signal, 4096)
