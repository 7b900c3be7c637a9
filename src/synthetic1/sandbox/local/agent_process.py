"""An agent that is a process of this machine, outside of what it starts programs in."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from synthetic1.sandbox.agent import bootstrap
from synthetic1.sandbox.agent.box import remove_below
from synthetic1.sandbox.agent.control_groups.control_group import ControlGroup
from synthetic1.sandbox.agent.control_groups.named_groups import create_group, leftover_groups, remove_leftover
from synthetic1.sandbox.backend import Connection
from synthetic1.sandbox.errors import SandboxUnavailable
from synthetic1.sandbox.owner import is_alive, owner_id

NAME = "synthetic1-sandbox-"
"""What the names of its folder and control groups begin with; the owner and a random word follow."""
READ_BYTES = 2**20
_END_S = 30.0  # to end programs and remove what it made, before it is killed
_EXIT_REASON_S = 5.0  # from the end of its stream to its own
_BOOTSTRAP = Path(bootstrap.__file__)


class LocalConnection(Connection):
    """A started agent. It ends, with all that it started, as soon as its socket does, however its owner ends."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        stream: socket.socket,
        folder: str,
        log: IO[bytes],
        group: ControlGroup | None,
    ) -> None:
        self._process, self._stream, self._folder, self._log, self._group = process, stream, folder, log, group
        self._abandoned = False

    @classmethod
    async def start(
        cls,
        arguments: Callable[[str, str], Sequence[str]],
        path: str,
        descriptors: Sequence[int] = (),
        processes: int | None = None,
    ) -> LocalConnection:
        """Start an agent.

        Args:
            arguments: from (its folder, a name that is only its own) to its command line.
            path: where it looks for commands, as ``PATH`` does.
            descriptors: what it inherits.
            processes: bound it and all that it starts to so many, where a control group can be made. Nothing else holds
                back what root forks.

        Raises:
            SandboxUnavailable: the process or its folder cannot be made.
        """
        name = own_name(secrets.token_hex(4))
        ours, its = socket.socketpair()
        with its, contextlib.ExitStack() as undo:
            undo.callback(ours.close)
            try:
                folder = os.path.join(tempfile.gettempdir(), name)
                os.mkdir(folder, 0o711)
                undo.callback(_remove_folder, folder)
                log = undo.enter_context(tempfile.TemporaryFile())
                process = subprocess.Popen(
                    [sys.executable, "-I", "-S", str(_BOOTSTRAP), *arguments(folder, name)],
                    stdin=its.fileno(),
                    stdout=its.fileno(),
                    stderr=log,
                    cwd="/",
                    env={"PATH": path},
                    pass_fds=descriptors,
                    start_new_session=True,  # what is sent to the owner's terminal or group does not reach it
                )
                undo.callback(process.kill)
                group = _group_around(process.pid, name, processes) if processes else None
            except OSError as error:
                raise SandboxUnavailable(f"the agent does not start: {error}") from error
            undo.pop_all()
        connection = cls(process, ours, folder, log, group)
        loop = asyncio.get_running_loop()
        ours.setblocking(False)
        connection.reader = asyncio.StreamReader(limit=READ_BYTES)
        protocol = asyncio.StreamReaderProtocol(connection.reader)
        transport, _ = await loop.create_connection(lambda: protocol, sock=ours)
        connection.writer = asyncio.StreamWriter(transport, protocol, connection.reader, loop)
        return connection

    async def set_memory(self, limit_bytes: int) -> None:
        """Nothing: the agent bounds each program by what its job says."""

    async def close(self) -> None:
        if not self._abandoned:
            await super().close()

    def hang_up(self) -> None:
        # Not by the transport alone: its loop may have ended, and a forked child may hold the stream as well.
        with contextlib.suppress(OSError):
            self._stream.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(Exception):
            self.writer.transport.abort()

    async def end(self) -> None:
        try:
            await asyncio.to_thread(self._end)
        except RuntimeError:  # no more threads: then everybody waits
            self._end()

    def abandon(self) -> None:
        self._stream.close()  # not through asyncio: its selector is the parent's
        self._process.returncode = 0  # the parent waits for it
        self._log.close()
        self._abandoned = True

    async def exit_reason(self) -> str:
        try:
            code = await asyncio.to_thread(self._process.wait, _EXIT_REASON_S)
        except subprocess.TimeoutExpired:
            return "the agent closed its stream and does not end"
        if self._log.closed:
            return "the agent was closed"
        self._log.seek(0)
        said = " ".join(self._log.read().decode("utf-8", errors="replace").split())[-500:]
        how = f"the agent was killed by signal {-code}" if code < 0 else f"the agent ended with exit code {code}"
        return f"{how}; it said: {said}" if said else how

    def _end(self) -> None:
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()  # what it started has asked the kernel to die with it
            with contextlib.suppress(subprocess.TimeoutExpired):  # it hangs in the kernel: the sweep of a later opening
                self._process.wait(_END_S)
            for group in leftover_groups(os.path.basename(self._folder)):
                remove_leftover(group)
        if self._group is not None:
            with contextlib.suppress(OSError):  # else the next sweep
                self._group.remove()
        self._log.close()
        _remove_folder(self._folder)


def sweep() -> None:
    """Remove what agents left whose owners have died: control groups, with all that is in them, and folders."""
    for name in leftover_groups(NAME):
        if is_dead(name):
            remove_leftover(name)
    for folder in Path(tempfile.gettempdir()).glob(f"{NAME}*"):
        with contextlib.suppress(FileNotFoundError):  # another one sweeps, too
            if folder.stat().st_uid == os.getuid() and is_dead(folder.name):
                _remove_folder(str(folder))


def own_name(word: str) -> str:
    """A name that says that it is this process's. Without colons, which separate folders in search paths."""
    return f"{NAME}{owner_id().replace(':', '+')}-{word}"


def is_dead(name: str) -> bool:
    """Whether the process of an ``own_name`` is known to have died."""
    boot_and_process = name.removeprefix(NAME).split("-")[:5]  # the boot's id has four of them itself
    return is_alive("-".join(boot_and_process).replace("+", ":")) is False


def _group_around(pid: int, name: str, processes: int) -> ControlGroup | None:
    group = create_group(name)
    if group is not None:
        try:
            group.set_limits(None, processes)
            group.enter(pid)
        except OSError:
            group.remove()
            return None
    return group


def _remove_folder(folder: str) -> None:
    with contextlib.suppress(OSError):
        remove_below(folder)
        os.rmdir(folder)
