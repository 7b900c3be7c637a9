"""Processes started by fork, as the agent watches them: how they end, what they and all below them use."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable

from synthetic1.sandbox.agent.control_groups.control_group import ControlGroup
from synthetic1.sandbox.agent.launchers.launcher import Exit, LauncherError, TreeUsage
from synthetic1.sandbox.agent.linux import processes

_DEATH_S = 5.0  # from SIGKILL to the end of a helper
_NOISE_S = 0.05  # CPU seconds of a control group that are the agent's own doing, not the program's


class ContainerAccount:
    """What a tree uses, by the container's control group, in which only it and the agent do anything.

    Args:
        group: None: there is none.
    """

    def __init__(self, group: ControlGroup | None) -> None:
        self._group = group
        self._own = time.process_time()
        self._before = group.cpu_s() if group else 0.0

    def cpu_s(self) -> float | None:
        """CPU seconds since this account began; None: not known."""
        if self._group is None:
            return None
        return self._group.cpu_s() - self._before - (time.process_time() - self._own)


class ProcessTree:
    """A process of a program and all below it: the agent's own child, or a fork of the fork server. A ``Process``.

    Args:
        wait: how the main process ended, None while it runs.
        roots: the pids of what the agent has to kill; what is below them becomes its own.
        parent: the helper that waits for the main process, if that is not the agent itself.
        end_rest: kills and reaps what the main process left; False: something stays.
        out_of_memory: whether the kernel killed for memory since this was asked last.
        watch: see ``Process.watch``.
    """

    def __init__(
        self,
        account: ContainerAccount,
        wait: Callable[[], Exit | None],
        roots: Callable[[], list[int]],
        end_rest: Callable[[], bool],
        out_of_memory: Callable[[], bool],
        watch: int | None = None,
        parent: int | None = None,
    ) -> None:
        self._account, self._wait, self._roots, self._parent = account, wait, roots, parent
        self._end_rest, self._out_of_memory = end_rest, out_of_memory
        self._exit: Exit | None = None
        self.watch = watch

    def exit(self) -> Exit | None:
        if self._exit is None:
            self._exit = self._wait()
        return self._exit

    def cpu_s(self) -> float:
        counted = self._account.cpu_s()
        if counted is not None:
            return counted
        return sum(map(processes.cpu_s, self._pids()))

    def is_asleep(self) -> bool:
        return processes.are_asleep(self._pids())

    def waited_s(self) -> float:
        return processes.waited_s(self._pids())

    def kill(self) -> None:
        if self._exit is None:
            for pid in self._roots():  # what is below them becomes the agent's child, and `finish` ends it
                kill(pid)
            if self._parent is not None:
                with contextlib.suppress(OSError):  # a program may have stopped it (see `starter`)
                    os.kill(self._parent, signal.SIGCONT)

    def _pids(self) -> list[int]:
        return [pid for root in self._roots() for pid in (root, *processes.descendants(root))]

    def finish(self) -> TreeUsage:
        assert self._exit is not None, "finish comes after exit"
        clean = self._end_rest()
        counted = self._account.cpu_s()
        cpu_s = self._exit.cpu_s
        if counted is not None and counted > cpu_s + _NOISE_S:
            cpu_s = counted
        return TreeUsage(cpu_s, self._exit.peak_bytes, self._out_of_memory(), clean)


class Child:
    """A child of the agent, which says in a pipe why it could not be executed, if that is our fault."""

    def __init__(self, pid: int, said: int) -> None:
        self._pid, self._said = pid, said
        self._lost: LauncherError | None = None

    def exit(self) -> Exit | None:
        """As ``Process.exit``."""
        if self._lost is not None:
            raise self._lost
        try:
            ended, status, usage = os.wait4(self._pid, os.WNOHANG)
        except ChildProcessError:
            message = "a process was reaped by somebody else"
        else:
            if not ended:
                return None
            message = os.read(self._said, 1000).decode(errors="replace")  # all that writes to it has ended
        os.close(self._said)
        if message:
            self._lost = LauncherError(message)
            raise self._lost
        return Exit(status, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def reap(pid: int, within_s: float) -> bool:
    """Wait for a child of ours to end; one that has not by then is killed. False: not even that ends it, yet."""
    deadline, pause, killed = time.monotonic() + within_s, 0.0001, False
    while True:
        try:
            if os.waitpid(pid, os.WNOHANG)[0]:
                return True
        except ChildProcessError:  # reaped as an orphan
            return True
        if time.monotonic() > deadline:
            if killed:
                return False
            kill(pid)
            deadline, killed = time.monotonic() + _DEATH_S, True
        time.sleep(pause)
        pause = min(2 * pause, 0.005)


def kill(pid: int) -> None:
    """Send SIGKILL, if there is still such a process and it is ours."""
    with contextlib.suppress(OSError):  # gone, or by now a process of somebody else's
        os.kill(pid, signal.SIGKILL)
