"""The agent's side of the fork server: a warm Python interpreter, forked for each program, and then for each input."""

from __future__ import annotations

import json
import os
import select
import socket
import struct
from collections.abc import Callable

from synthetic1.sandbox.agent.launchers import confine
from synthetic1.sandbox.agent.launchers.direct_process import reap
from synthetic1.sandbox.agent.launchers.launcher import Command, Exit, LauncherError, Streams

_SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fork_server.py")
_CONTROL_FD = 3
READY = struct.Struct("=?i")  # it compiles; the pid of the program's process
EXIT = struct.Struct("=idq")  # wait status, CPU seconds, peak bytes
_START_S = 60.0
_COMPILE_S = 20.0


class ForkServer:
    """A process of its own: a program finds nothing of the agent in the memory it is forked from.

    Args:
        command: the interpreter and its flags are taken from there.
        fork: runs a function in a fork, which has to exec or exit; gives the pid.

    Raises:
        LauncherError: it does not start.
    """

    def __init__(self, command: Command, memory_limit: str, fork: Callable[[Callable[[], None]], int]) -> None:
        self._argv, self._env, self._memory_limit = self.argv_of(command), dict(command.env), memory_limit
        self._cwd = self.cwd_of(command)
        self._control, control = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with control:
            self.pid = fork(lambda: self._execute(control.fileno()))
        try:
            self._receive(self._control, _START_S)
        except LauncherError:
            self.close()
            raise

    def serves(self, command: Command) -> bool:
        """Whether a program so called would have run in the same interpreter."""
        return self.argv_of(command) == self._argv and command.env == self._env and self.cwd_of(command) == self._cwd

    def argv_of(self, command: Command) -> list[str]:
        """What a fork server for such a command is started as."""
        return [*command.argv[:-1], _SCRIPT]

    def cwd_of(self, command: Command) -> str:
        """Where it is started."""
        return "/"

    def order(self, command: Command, limits: confine.RLimits, uid: int | None) -> bytes:
        """The message that names a program."""
        return json.dumps({"path": command.argv[-1], "cwd": command.cwd, "limits": limits, "uid": uid}).encode()

    def program(self, command: Command, limits: confine.RLimits, uid: int | None) -> Spawner | None:
        """Compile a program; None if that fails.

        Raises:
            LauncherError: the fork server is not what it was.
        """
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with its:
            try:
                socket.send_fds(self._control, [self.order(command, limits, uid)], [its.fileno()])
            except OSError as error:
                ours.close()
                raise LauncherError(f"the fork server is gone: {error.strerror}") from None
        try:
            compiles, pid = READY.unpack(self._receive(ours, _COMPILE_S))
        except LauncherError:
            ours.close()
            raise
        if not compiles:
            ours.close()
            return None
        return Spawner(ours, pid)

    def close(self) -> None:
        """End it. Its programs' processes end with their sockets."""
        self._control.close()
        reap(self.pid, 0.0)

    def _execute(self, control: int) -> None:
        """In the child. The standard streams are pipes, as a program's are: Python's objects for them fit both."""
        os.setsid()
        confine.prefer_as_oom_victim()
        confine.apply(confine.stack_limit(self._memory_limit))
        confine.die_with_parent()
        standard_in, standard_out = os.pipe()[0], os.pipe()[1]
        confine.take_streams(Streams(standard_in, standard_out, standard_out, control))
        os.chdir(self._cwd)
        os.execve(self._argv[0], self._argv, self._env)

    @staticmethod
    def _receive(connection: socket.socket, within_s: float) -> bytes:
        waiting = select.poll()
        waiting.register(connection, select.POLLIN)
        if not waiting.poll(within_s * 1000):
            raise LauncherError(f"the fork server says nothing for {within_s:.0f} s")
        try:
            message = connection.recv(4096)
        except OSError as error:
            raise LauncherError(f"the fork server is gone: {error.strerror}") from None
        if not message:
            raise LauncherError("the fork server is gone")
        return message


class Spawner:
    """A process that starts another one for each input: a program's own fork of the fork server, or a starter."""

    def __init__(self, connection: socket.socket, pid: int) -> None:
        self._connection, self.pid = connection, pid
        connection.setblocking(False)
        self.watch = connection.fileno()

    def start(self, streams: Streams) -> None:
        """Raises LauncherError: it is gone."""
        ends = [streams.stdin, streams.stdout, streams.stderr]
        if streams.channel is not None:
            ends.append(streams.channel)
        try:
            socket.send_fds(self._connection, [b"r"], ends)
        except OSError as error:
            raise LauncherError(f"what starts the program is gone: {error.strerror}") from None

    def exit(self) -> Exit | None:
        """Raises LauncherError: it is gone, or could not start it."""
        try:
            message = self._connection.recv(64)
        except BlockingIOError:
            return None
        except OSError as error:
            raise LauncherError(f"what starts the program is gone: {error.strerror}") from None
        if len(message) != EXIT.size:
            raise LauncherError("the program cannot be started" if message else "what starts the program is gone")
        return Exit(*EXIT.unpack(message))

    def close(self) -> None:
        self._connection.close()
