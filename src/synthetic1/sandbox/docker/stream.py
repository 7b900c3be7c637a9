"""The stream that the engine makes of a container's stdin, stdout and stderr."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from docker import APIClient


def attach(api: APIClient, container: str) -> socket.socket:
    """The raw stream of a container, as a socket that nobody else holds."""
    attached = api.attach_socket(container, params={"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1})
    raw: socket.socket = attached._sock
    ours = raw.dup()
    attached.close()
    raw.close()
    ours.setblocking(False)
    return ours


class Demultiplexer(asyncio.StreamReaderProtocol):
    """Takes the engine's stream apart: stdout goes to the reader; of stderr the end is kept."""

    _HEADER = struct.Struct(">BxxxI")

    def __init__(self, reader: asyncio.StreamReader) -> None:
        super().__init__(reader)
        self._reader = reader
        self._rest = b""
        self._missing = 0
        self._kind = 0
        self._stderr = b""

    @property
    def stderr_tail(self) -> str:
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
