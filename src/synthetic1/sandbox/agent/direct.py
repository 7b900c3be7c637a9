"""Launchers that fork and exec: inside a container, under the slot's uid, or with nothing around it at all."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable
from typing import Literal

from synthetic1.sandbox.agent import cgroup, confine, ipc, processes
from synthetic1.sandbox.agent.box import remove_below
from synthetic1.sandbox.agent.launch import OUR_ERRORS, Command, Exit, LauncherError, Process, Streams, Tally, Warm
from synthetic1.sandbox.agent.starter import open_starter
from synthetic1.sandbox.agent.warm import Spawning, Zygote

_BOX = "box"
_SWEEP_S = 10.0  # for killed processes to be gone
_REMOVAL_S = 60.0
_NOISE_S = 0.05  # CPU seconds of a cgroup that are the agent's own doing, not the program's


class DirectLauncher:
    """Forks and execs.

    With a ``uid`` (in a container, as root with SETUID, SETGID, KILL) programs run as that user, whom nobody else uses:
    they cannot touch the agent, and whatever is that user's is theirs. Without, they are confined by rlimits alone.

    Args:
        root: the folder of the box, all of which is swept between jobs.
    """

    def __init__(self, root: str, uid: int | None) -> None:
        self.name = "plain" if uid is None else "direct"
        self._root, self._uid = root, uid
        self._cgroup = None if uid is None else cgroup.own()
        self.memory_limit: Literal["cgroup", "address_space"] = "cgroup" if self._cgroup else "address_space"
        self._zygote: Zygote | None = None
        self._command: Command | None = None  # the last one started, and what starts it again
        self._starter: Spawning | None = None
        self._known_oom_kills = self._cgroup.oom_kills() if self._cgroup else 0
        self._pid = os.getpid()
        self._children = processes.Children()
        confine.hide()
        confine.adopt_orphans()

    def start(self, command: Command, streams: Streams) -> Process:
        limits = confine.rlimits(command.bounds, self.memory_limit, self._uid is not None)
        if self._uid is not None and command is self._command:
            if self._starter is None:
                self._starter = open_starter(command, limits, self._uid, self._fork)
            try:
                return self.spawn(self._starter, streams)
            except LauncherError:
                self._end_starter()
        self._command = command
        account = _Account(self._cgroup)
        said, says = os.pipe()
        try:
            pid = self._fork(lambda: self._execute(command, streams, limits, says))
        except LauncherError:
            os.close(said)
            raise
        finally:
            os.close(says)
        return _Tree(self, account, _Child(pid, said).exit, lambda: [pid])

    def _execute(self, command: Command, streams: Streams, limits: confine.RLimits, says: int) -> None:
        """In the child."""
        os.setsid()
        confine.take_streams(streams)
        confine.become_victim()
        confine.restore_signals()
        confine.apply(limits)
        if self._uid is not None:
            confine.become(self._uid)
        else:
            confine.die_with_parent()
        try:
            os.chdir(command.cwd)
            os.execve(command.argv[0], command.argv, command.env)
        except OSError as error:
            message = f"cannot execute {command.argv[0]}: {error.strerror}"
            if error.errno in OUR_ERRORS:
                os.write(says, message.encode())
            os.write(2, f"{message}\n".encode())

    def warm(self, command: Command) -> Warm | None:
        if self._zygote is None or not self._zygote.serves(command):
            self._end_zygote()
            try:
                self._zygote = Zygote(command, self.memory_limit, self._fork)
            except LauncherError:
                return None
        limits = confine.rlimits(command.bounds, self.memory_limit, self._uid is not None)
        try:
            program = self._zygote.program(command, limits, self._uid)
        except LauncherError:
            self._end_zygote()  # the next program gets a new one
            return None
        return None if program is None else _Warm(self, program)

    def spawn(self, starter: Spawning, streams: Streams) -> Process:
        """By the zygote of a program, or a starter. Raises LauncherError: it is gone."""
        account = _Account(self._cgroup)
        starter.start(streams)
        return _Tree(self, account, starter.exit, lambda: processes.children(starter.pid), starter.watch)

    def sweep(self) -> bool:
        self._end_starter()
        if not self.end_strangers():
            return False
        if self._uid is not None and ipc.any_left():
            self._as_program(ipc.remove_own)
            if ipc.any_left():
                return False
        return self._remove_strays()

    def empty(self, folder: str) -> bool:
        if os.listdir(folder):
            self._as_program(lambda: remove_below(folder))
            if not remove_below(folder):  # what is the agent's own
                return False
        return self._remove_strays()

    def close(self) -> None:
        self._end_starter()
        self._end_zygote()
        self.end_strangers()

    def end_strangers(self) -> bool:
        """Kill and reap every process that is no zygote of ours; False: some do not go.

        The kernel makes every orphan a child of the agent before its parent can be reaped, so that an agent with no
        children but its own has nothing of a program left. One reading of a file tells.
        """
        deadline = time.monotonic() + _SWEEP_S
        pause = 0.0005
        while strangers := self._strangers():
            for pid in strangers:
                os.waitpid(pid, os.WNOHANG)
            if not (strangers := self._strangers()):
                break
            if time.monotonic() > deadline:
                return False
            self._kill_strangers(strangers)
            time.sleep(pause)
            pause = min(2 * pause, 0.02)
        return True

    def take_oom_kills(self) -> bool:
        """Whether the kernel killed for memory since this was asked last."""
        if self._cgroup is None:
            return False
        before, self._known_oom_kills = self._known_oom_kills, self._cgroup.oom_kills()
        return self._known_oom_kills > before

    def _strangers(self) -> list[int]:
        own = [helper.pid for helper in (self._zygote, self._starter) if helper is not None]
        return [pid for pid in self._children.pids() if pid not in own]

    def _kill_strangers(self, strangers: list[int]) -> None:
        if self._uid is None:
            for root in strangers:
                for pid in (root, *processes.descendants(root)):
                    _kill(pid)
            return
        try:
            child = os.fork()
        except OSError:  # no process left for us: one by one then, though a fork bomb may be faster
            for pid in processes.descendants(self._pid):
                if processes.uid(pid) == self._uid:
                    _kill(pid)
            return
        if child == 0:
            # All at once: the kernel lets nothing be forked in between.
            try:
                confine.become(self._uid)
                os.kill(-1, signal.SIGKILL)
            finally:
                os._exit(0)
        os.waitpid(child, 0)

    def _as_program(self, act: Callable[[], object]) -> None:
        """Do something as the user that programs are, in a process of its own if that is another one."""
        if (uid := self._uid) is None:
            act()
            return

        def child() -> None:
            confine.become(uid)
            act()
            os._exit(0)

        pid = self._fork(child)
        deadline = time.monotonic() + _REMOVAL_S
        while os.waitpid(pid, os.WNOHANG)[0] == 0:
            if time.monotonic() > deadline:
                _kill(pid)
            time.sleep(0.0005)

    def _remove_strays(self) -> bool:
        """What programs left beside the box, where they may write if they have a uid (and so a root) of their own."""
        if self._uid is None or set(os.listdir(self._root)) <= {_BOX}:
            return True
        self._as_program(lambda: remove_below(self._root, keep=_BOX))
        return set(os.listdir(self._root)) <= {_BOX}

    def _fork(self, child: Callable[[], None]) -> int:
        """Run ``child`` in a fork, which ends with 127 if that returns.

        Raises:
            LauncherError: no more processes, no memory.
        """
        try:
            pid = os.fork()
        except OSError as error:
            raise LauncherError(f"cannot fork: {error.strerror}") from None
        if pid == 0:
            try:
                child()
            except BaseException as error:
                os.write(2, f"cannot start: {error}\n".encode(errors="replace"))
            finally:
                os._exit(127)
        return pid

    def _end_starter(self) -> None:
        self._command, starter, self._starter = None, self._starter, None
        if starter is not None:
            starter.close()
            _kill(starter.pid)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(starter.pid, 0)

    def _end_zygote(self) -> None:
        zygote, self._zygote = self._zygote, None
        if zygote is not None:
            zygote.close()


class _Account:
    """What a tree uses, by the container's cgroup, in which only it and the agent do anything."""

    def __init__(self, group: cgroup.Cgroup | None) -> None:
        self._group = group
        self._own = time.process_time()
        self._before = group.cpu_s() if group else 0.0

    def cpu_s(self) -> float | None:
        if self._group is None:
            return None
        return self._group.cpu_s() - self._before - (time.process_time() - self._own)


class _Tree:
    """A process of a program and all below it: the agent's own child, or a fork of the zygote."""

    def __init__(
        self,
        launcher: DirectLauncher,
        account: _Account,
        wait: Callable[[], Exit | None],
        roots: Callable[[], list[int]],
        watch: int | None = None,
    ) -> None:
        self._launcher, self._account, self._wait, self._roots = launcher, account, wait, roots
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
        roots = self._roots()
        return sum(processes.cpu_s(pid) for root in roots for pid in (root, *processes.descendants(root)))

    def kill(self) -> None:
        if self._exit is None:
            for pid in self._roots():  # what is below them becomes the agent's, and `finish` ends it
                _kill(pid)

    def finish(self) -> Tally:
        assert self._exit is not None, "finish comes after exit"
        clean = self._launcher.end_strangers()
        counted = self._account.cpu_s()
        cpu_s = self._exit.cpu_s
        if counted is not None and counted > cpu_s + _NOISE_S:
            cpu_s = counted
        return Tally(cpu_s, self._exit.peak_bytes, self._launcher.take_oom_kills(), clean)


class _Warm:
    def __init__(self, launcher: DirectLauncher, program: Spawning) -> None:
        self._launcher, self._program = launcher, program

    def start(self, streams: Streams) -> Process:
        return self._launcher.spawn(self._program, streams)

    def close(self) -> None:
        self._program.close()


class _Child:
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


def _kill(pid: int) -> None:
    with contextlib.suppress(OSError):  # gone, or no longer a process of ours
        os.kill(pid, signal.SIGKILL)
