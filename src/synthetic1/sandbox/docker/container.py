"""A container with its agent: how it is started, spoken to, and ended."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
import struct
from typing import TYPE_CHECKING

from synthetic1.sandbox.backend import OUT_OF_MEMORY, Connection
from synthetic1.sandbox.errors import SandboxError, SandboxUnavailable
from synthetic1.sandbox.program import MIB

if TYPE_CHECKING:
    from docker import APIClient

    from synthetic1.sandbox.docker.backend import DockerBackend

AGENT_BYTES = 64 * MIB  # what the agent and its warm interpreters may use over the limit of programs
READ_BYTES = 1 * MIB
_UIDS = range(20_000, 60_000)  # inside what engines that map user ids leave to containers
_taken_uids: set[int] = set()


class DockerConnection(Connection):
    """A container with its agent."""

    def __init__(
        self,
        backend: DockerBackend,
        api: APIClient,
        container: str,
        uid: int,
        stream: socket.socket,
        demultiplexer: Demultiplexer,
    ) -> None:
        self._backend = backend
        self._api = api
        self._container = container
        self._uid = uid
        self._stream = stream
        self._demultiplexer = demultiplexer

    @classmethod
    async def start(cls, backend: DockerBackend, api: APIClient) -> DockerConnection:
        """Make, attach and start a container.

        Raises:
            SandboxUnavailable: that did not work; nothing is left of it.
        """
        uid, container, stream = _take_uid(), "", None
        try:
            container = (await backend.call(api.create_container, **backend.container_config(api, uid)))["Id"]
            # Attached before it starts: nothing that it says is lost.
            stream = await backend.call(_attach, api, container)
            await backend.call(api.start, container)
            loop = asyncio.get_running_loop()
            reader = asyncio.StreamReader(limit=READ_BYTES)
            demultiplexer = Demultiplexer(reader)
            transport, _ = await loop.create_connection(lambda: demultiplexer, sock=stream)
        except BaseException:
            if stream is not None:
                stream.close()
            if not container or await asyncio.shield(_remove(backend, api, container)):
                _taken_uids.discard(uid)
            raise
        connection = cls(backend, api, container, uid, stream, demultiplexer)
        connection.reader = reader
        connection.writer = asyncio.StreamWriter(transport, demultiplexer, reader, loop)
        return connection

    async def set_memory(self, limit_bytes: int) -> None:
        total = limit_bytes + AGENT_BYTES
        try:
            await self._backend.call(self._api.update_container, self._container, mem_limit=total, memswap_limit=total)
        except SandboxUnavailable as error:
            raise SandboxError(f"docker: the memory limit of a container cannot be set: {error}") from error

    def hang_up(self) -> None:
        with contextlib.suppress(Exception):
            self.writer.transport.abort()

    async def end(self) -> None:
        if await _remove(self._backend, self._api, self._container):
            _taken_uids.discard(self._uid)

    def abandon(self) -> None:
        self._stream.close()  # not through asyncio: its selector is the parent's

    async def exit_reason(self) -> str:
        from docker.errors import NotFound

        said = self._demultiplexer.last_words
        try:
            found = await self._backend.call(self._api.inspect_container, self._container)
        except SandboxUnavailable as error:
            if not isinstance(error.__cause__, NotFound):
                return f"the container is lost: {error}"
            how = "the container has ended"
        else:
            state = found["State"]
            how = f"the stream of the container ended; it is {state['Status']}, exit code {state['ExitCode']}"
            how += f", {OUT_OF_MEMORY}" if state.get("OOMKilled") else ""
        return f"{how}; the agent said: {said}" if said else how


def _take_uid() -> int:
    """A user that no other container of this process has: the kernel counts a user's processes across containers."""
    uid = secrets.choice([uid for uid in _UIDS if uid not in _taken_uids] or _UIDS)
    _taken_uids.add(uid)
    return uid


async def _remove(backend: DockerBackend, api: APIClient, container: str) -> bool:
    """Whether it is gone; else the guardian or the next sweep will see to it."""
    try:
        await backend.call(api.remove_container, container, force=True)
    except Exception as error:
        if (refused := _status(error)) != 409:
            return refused == 404
        # It is on its way out by itself, as its agent has ended; what is closed is gone, so wait for that.
        try:
            ended = await backend.call(api.wait, container, timeout=api.timeout, condition="removed")
        except Exception as error:
            return _status(error) == 404
        return not ended.get("Error")
    return True


def _status(error: Exception) -> int | None:
    """Of the engine's answer, if there was one."""
    return getattr(error.__cause__, "status_code", None)


def _attach(api: APIClient, container: str) -> socket.socket:
    """The raw stream of a container, as a socket that is ours alone."""
    attached = api.attach_socket(container, params={"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1})
    raw: socket.socket = attached._sock
    ours = raw.dup()
    attached.close()
    raw.close()
    ours.setblocking(False)
    return ours


class Demultiplexer(asyncio.StreamReaderProtocol):
    """Takes the engine's stream apart: stdout goes to the reader, of stderr the end is kept."""

    _HEADER = struct.Struct(">BxxxI")

    def __init__(self, reader: asyncio.StreamReader) -> None:
        super().__init__(reader)
        self._reader = reader
        self._rest = b""
        self._missing = 0
        self._kind = 0
        self._stderr = b""

    @property
    def last_words(self) -> str:
        """The end of what the agent wrote to stderr, on one line."""
        return " ".join(self._stderr.decode("utf-8", errors="replace").split())[-500:]

    def data_received(self, data: bytes) -> None:
        data = self._rest + data if self._rest else data
        at = 0
        while at < len(data):
            if self._missing == 0:
                if len(data) - at < self._HEADER.size:
                    break
                self._kind, self._missing = self._HEADER.unpack_from(data, at)
                at += self._HEADER.size
                continue
            piece = data[at : at + self._missing]
            at += len(piece)
            self._missing -= len(piece)
            if self._kind == 1:
                self._reader.feed_data(piece)
            else:
                self._stderr = (self._stderr + piece)[-4096:]
        self._rest = data[at:]


def one_line(error: BaseException) -> str:
    explanation = getattr(error, "explanation", None) or str(error) or type(error).__name__
    return " ".join(str(explanation).split())[:300]
