"""Launchers that fork and exec: inside a container, under the slot's uid, or with nothing around it at all."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable
from typing import Literal

from synthetic1.sandbox.agent.box import remove_below
from synthetic1.sandbox.agent.control_groups.named_groups import own_group
from synthetic1.sandbox.agent.launchers import confine
from synthetic1.sandbox.agent.launchers.direct_process import Child, ContainerAccount, ProcessTree, kill, reap
from synthetic1.sandbox.agent.launchers.launcher import (
    OUR_ERRORS,
    Command,
    Exit,
    LauncherError,
    Process,
    Streams,
    WarmProgram,
)
from synthetic1.sandbox.agent.launchers.starter import open_starter
from synthetic1.sandbox.agent.launchers.warm import ForkServer, Spawner
from synthetic1.sandbox.agent.launchers.warm_node import NodeForkServer, is_built, works
from synthetic1.sandbox.agent.linux import ipc, processes

_BOX = "box"
_SWEEP_S = 10.0  # for killed processes to be gone
_KILLING_S = 2.0
_REMOVAL_S = 15.0


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
        self._group = None if uid is None else own_group()
        self.memory_limit: Literal["cgroup", "address_space"] = "cgroup" if self._group else "address_space"
        self._fork_servers: dict[str, ForkServer] = {}
        self._node_works: bool | None = None  # whether Node can be forked; None: not tried yet
        self._command: Command | None = None  # the last one started, and what starts it again
        self._starter: Spawner | None = None
        self._known_oom_kills = self._group.oom_kills() if self._group else 0
        self._pid = os.getpid()
        self._children = processes.Children()
        confine.deny_inspection()
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
        account = ContainerAccount(self._group)
        said, says = os.pipe()
        try:
            pid = self._fork(lambda: self._execute(command, streams, limits, says))
        except LauncherError:
            os.close(said)
            raise
        finally:
            os.close(says)
        return self._tree(account, Child(pid, said).exit, lambda: [pid])

    def _execute(self, command: Command, streams: Streams, limits: confine.RLimits, says: int) -> None:
        """In the child."""
        os.setsid()
        confine.take_streams(streams)
        confine.prefer_as_oom_victim()
        confine.restore_signals()
        confine.apply(limits)
        if self._uid is not None:
            confine.become_user(self._uid)
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

    def warm(self, command: Command) -> WarmProgram | None:
        limits = confine.rlimits(command.bounds, self.memory_limit, self._uid is not None)
        language = os.path.splitext(command.argv[-1])[1]
        kind = {".py": ForkServer, ".js": NodeForkServer}.get(language)
        if kind is None or (kind is NodeForkServer and not self._can_fork_node(command)):
            return None
        server = self._fork_servers.get(language)
        if server is None or not server.serves(command):
            self._end_fork_server(language)
            try:
                server = self._fork_servers[language] = kind(command, self.memory_limit, self._fork)
            except LauncherError:
                return None
        try:
            program = server.program(command, limits, self._uid)
        except LauncherError:
            self._end_fork_server(language)  # the next program gets a new one
            return None
        return None if program is None else _WarmProgram(self, program, exact=kind is ForkServer)

    def _can_fork_node(self, command: Command) -> bool:
        if self._node_works is None:
            self._node_works = is_built() and works(command, self.memory_limit, self._uid, self._fork)
        return self._node_works

    def spawn(self, starter: Spawner, streams: Streams) -> Process:
        """By the fork server of a program, or a starter. Raises LauncherError: it is gone."""
        account = ContainerAccount(self._group)
        starter.start(streams)
        return self._tree(account, starter.exit, lambda: processes.children(starter.pid), starter)

    def _tree(
        self,
        account: ContainerAccount,
        wait: Callable[[], Exit | None],
        roots: Callable[[], list[int]],
        by: Spawner | None = None,
    ) -> ProcessTree:
        watch, parent = (None, None) if by is None else (by.watch, by.pid)
        return ProcessTree(account, wait, roots, self._end_leftovers, self._take_oom_kills, watch, parent)

    def sweep(self) -> bool:
        self._end_starter()
        if not self._end_leftovers():
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
        for language in list(self._fork_servers):
            self._end_fork_server(language)
        self._end_leftovers()

    def _end_leftovers(self) -> bool:
        """Kill and reap every process but the agent's own helpers; False: some do not go.

        The kernel makes every orphan a child of the agent before its parent can be reaped, so that an agent with no
        children but its own has nothing of a program left. One reading of a file tells.
        """
        deadline = time.monotonic() + _SWEEP_S
        pause = 0.0005
        while leftovers := self._leftovers():
            for pid in leftovers:
                os.waitpid(pid, os.WNOHANG)
            if not (leftovers := self._leftovers()):
                break
            if time.monotonic() > deadline:
                return False
            self._kill_leftovers(leftovers)
            time.sleep(pause)
            pause = min(2 * pause, 0.02)
        return True

    def _take_oom_kills(self) -> bool:
        """Whether the kernel killed for memory since this was asked last."""
        if self._group is None:
            return False
        before, self._known_oom_kills = self._known_oom_kills, self._group.oom_kills()
        return self._known_oom_kills > before

    def _leftovers(self) -> list[int]:
        own = [helper.pid for helper in (*self._fork_servers.values(), self._starter) if helper is not None]
        return [pid for pid in self._children.pids() if pid not in own]

    def _kill_leftovers(self, leftovers: list[int]) -> None:
        if self._uid is None:
            for root in leftovers:
                for pid in (root, *processes.descendants(root)):
                    kill(pid)
            return
        try:
            # All at once: the kernel lets nothing be forked in between.
            self._as_program(lambda: os.kill(-1, signal.SIGKILL), _KILLING_S)
        except LauncherError:  # no process left for us: one by one then, though a fork bomb may be faster
            for pid in processes.descendants(self._pid):
                if processes.uid(pid) == self._uid:
                    kill(pid)

    def _as_program(self, act: Callable[[], object], within_s: float = _REMOVAL_S) -> None:
        """Do something as the user that programs are, in a process of its own if that is another one.

        Raises:
            LauncherError: the process could not be started.
        """
        if (uid := self._uid) is None:
            act()
            return

        def child() -> None:
            confine.act_as_user(uid)
            with contextlib.suppress(OSError):  # whoever asked looks at what has come of it
                act()
            os._exit(0)

        reap(self._fork(child), within_s)

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
            reap(starter.pid, 0.0)

    def _end_fork_server(self, language: str) -> None:
        fork_server = self._fork_servers.pop(language, None)
        if fork_server is not None:
            fork_server.close()


class _WarmProgram:
    def __init__(self, launcher: DirectLauncher, program: Spawner, *, exact: bool) -> None:
        self._launcher, self._program, self.exact = launcher, program, exact

    def start(self, streams: Streams) -> Process:
        return self._launcher.spawn(self._program, streams)

    def close(self) -> None:
        self._program.close()
