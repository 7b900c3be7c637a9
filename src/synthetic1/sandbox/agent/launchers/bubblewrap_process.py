"""A program under bwrap, as the agent watches it: how it ends, what it uses, and the processes that it leaves."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

from synthetic1.sandbox.agent.control_groups.control_group import ControlGroup
from synthetic1.sandbox.agent.launchers.launcher import Exit, LauncherError, TreeUsage
from synthetic1.sandbox.agent.linux import processes


class Orphans:
    """What is left of programs. All of it descends from bwrap's process, so each orphan becomes a child of this one."""

    def __init__(self) -> None:
        self._pid = os.getpid()
        self.cpu_s, self.peak_bytes = 0.0, 0

    def forget(self) -> None:
        """Count anew, for another program."""
        self.cpu_s, self.peak_bytes = 0.0, 0

    def end(self, timeout_s: float) -> bool:
        """Kill and reap them, and count what they used; False: some do not go."""
        deadline = time.monotonic() + timeout_s
        while children := processes.children(self._pid):
            for pid in children:
                try:
                    os.kill(pid, signal.SIGKILL)
                    reaped, _, usage = os.wait4(pid, os.WNOHANG)
                except (ProcessLookupError, ChildProcessError):
                    continue
                if reaped:
                    self.cpu_s += usage.ru_utime + usage.ru_stime
                    self.peak_bytes = max(self.peak_bytes, usage.ru_maxrss * 1024)
            if time.monotonic() > deadline:
                return False
            time.sleep(0.0002)
        return True


class GroupAccount:
    """What one program uses, by the slot's control group, in which nothing else is.

    Args:
        group: None: there is none, and nothing is known.
    """

    def __init__(self, group: ControlGroup | None) -> None:
        self._group = group
        self._cpu_s = self._oom_kills = 0.0
        if group is not None:
            self._cpu_s, self._oom_kills = group.cpu_s(), group.oom_kills()
            group.reset_peak()

    def cpu_s(self) -> float | None:
        """CPU seconds since this account began."""
        return None if self._group is None else self._group.cpu_s() - self._cpu_s

    def peak_bytes(self) -> int | None:
        """The most memory since then; see ``ControlGroup.peak_bytes``."""
        return None if self._group is None else self._group.peak_bytes()

    def out_of_memory(self) -> bool:
        """Whether the kernel killed one of its processes for memory."""
        return self._group is not None and self._group.oom_kills() > self._oom_kills


class BubblewrapProcess:
    """bwrap's outer process, and through it the program. A ``Process``.

    Args:
        said: where bwrap reports, as JSON, how the program began and ended.
        begins: whether bwrap is to start the program; else the process is our own, and says on stderr why not.
        orphans: what the program leaves, which counts for it.
        end_rest: ends that, and frees what the program wrote; False: something stays.
    """

    watch: int | None = None

    def __init__(
        self,
        pid: int,
        said: int,
        begins: bool,
        account: GroupAccount,
        orphans: Orphans,
        end_rest: Callable[[], bool],
    ) -> None:
        self._pid, self._said, self._begins = pid, said, begins
        self._account, self._orphans, self._end_rest = account, orphans, end_rest
        self._killed = False
        self._exit: Exit | None = None

    def exit(self) -> Exit | None:
        if self._exit is None:
            try:
                pid, status, usage = os.wait4(self._pid, os.WNOHANG)
            except ChildProcessError:
                raise LauncherError("bwrap was reaped by somebody else") from None
            if pid:
                # A control group knows better; the largest process may even be the agent's fork, before it was bwrap.
                peak_bytes = usage.ru_maxrss * 1024 if self._account.peak_bytes() is None else 0
                self._exit = Exit(self._status(status), usage.ru_utime + usage.ru_stime, peak_bytes)
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
        self._killed = True
        if self._exit is None:
            os.kill(self._pid, signal.SIGKILL)  # what is inside has asked to die with it

    def finish(self) -> TreeUsage:
        assert self._exit is not None, "finish comes after exit"
        clean = self._end_rest()
        cpu_s, peak = self._account.cpu_s(), self._account.peak_bytes()
        # bwrap's outer process does not wait for the inner one, in whose rusage the program's is.
        return TreeUsage(
            self._exit.cpu_s + self._orphans.cpu_s if cpu_s is None else cpu_s,
            max(self._exit.peak_bytes, self._orphans.peak_bytes) if peak is None else peak,
            self._account.out_of_memory(),
            clean,
        )

    def _pids(self) -> list[int]:
        return [self._pid, *processes.descendants(self._pid)]

    def _status(self, status: int) -> int:
        """The program's own, from bwrap's, which says 128 + n for signal n, as a shell does.

        Raises:
            LauncherError: bwrap ended before the program began.
        """
        try:
            report = os.read(self._said, 65536)
        except BlockingIOError:
            report = b""
        os.close(self._said)
        if os.WIFSIGNALED(status) or not self._begins:
            return status  # it was killed, by us, or by the kernel for memory
        if b'"exit-code"' not in report and not self._killed and not self._account.out_of_memory():
            raise LauncherError(f"bwrap ended with {os.WEXITSTATUS(status)} before the program began")
        code = os.WEXITSTATUS(status)
        return code - 128 if 128 < code <= 128 + signal.NSIG else status
