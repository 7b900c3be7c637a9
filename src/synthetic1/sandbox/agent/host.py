"""The agent's end of the wire: frames are taken in while a program runs, and put out one write each."""

from __future__ import annotations

import os
from collections import deque
from dataclasses import dataclass, field

from synthetic1.sandbox.agent.wire import Header, WireError, decode_header, encode, header_length

MOST_WAITING = 64 * 2**20
"""Bytes of inputs. With more waiting nothing is read; a host that keeps fewer in flight always gets `stop` through."""
_CHUNK = 1 << 20


class HostGone(Exception):
    """The host closed the stream: everything is to end."""


@dataclass
class Inbox:
    """What came for the running job and is not yet used."""

    inputs: deque[tuple[int, list[bytes]]] = field(default_factory=deque)
    """(index, blobs)."""
    channel: deque[bytes | None] = field(default_factory=deque)
    """Of a dialogue; None: the host sends no more."""
    stopped: bool = False


class Host:
    """Frames from one descriptor, frames to another."""

    def __init__(self, reading: int, writing: int) -> None:
        self.reading, self._writing = reading, writing
        self._buffer = bytearray()
        self._wanted = 4  # bytes in the buffer before it is worth a look
        self._header: tuple[Header, list[int]] | None = None
        self._waiting = 0
        self._job: object = None
        self.jobs: deque[tuple[Header, list[bytes]]] = deque()
        self.inbox = Inbox()

    @property
    def full(self) -> bool:
        return self._waiting > MOST_WAITING

    def receive(self) -> None:
        """Take in what is there, or wait for something.

        Raises:
            HostGone: the stream ended.
            WireError: it does not keep to our protocol.
        """
        chunk = os.read(self.reading, max(_CHUNK, self._wanted - len(self._buffer)))
        if not chunk:
            raise HostGone
        self._buffer += chunk
        while len(self._buffer) >= self._wanted:
            self._parse()

    def next_job(self) -> tuple[Header, list[bytes]]:
        """Raises HostGone or WireError."""
        while not self.jobs:
            self.receive()
        return self.jobs.popleft()

    def next_input(self) -> tuple[int, list[bytes]] | None:
        """The job's next input, (index, blobs); None after ``stop``.

        Raises:
            HostGone, WireError: see ``receive``.
        """
        while not self.inbox.inputs and not self.inbox.stopped:
            self.receive()
        if self.inbox.stopped:
            return None
        index, blobs = self.inbox.inputs.popleft()
        self._waiting -= sum(map(len, blobs))
        return index, blobs

    def end(self) -> None:
        """The job is over: what still comes for it, or waits, is dropped."""
        self._job, self._waiting, self.inbox = None, 0, Inbox()

    def send(self, header: Header, *blobs: bytes) -> None:
        """Raises HostGone."""
        pieces = encode(header, blobs)
        try:
            sent = os.writev(self._writing, pieces)
            while pieces:
                while pieces and sent >= len(pieces[0]):
                    sent -= len(pieces.pop(0))
                if pieces:
                    pieces[0] = pieces[0][sent:]
                    sent = os.writev(self._writing, pieces)
        except (BrokenPipeError, ConnectionResetError):
            raise HostGone from None

    def _parse(self) -> None:
        """One step: a length, a header, or blobs."""
        if self._header is None:
            if self._wanted == 4:
                self._wanted = 4 + header_length(bytes(self._buffer[:4]))
                return
            header, sizes = decode_header(bytes(self._buffer[4 : self._wanted]))
            del self._buffer[: self._wanted]
            self._header, self._wanted = (header, sizes), sum(sizes)
            if self._wanted > len(self._buffer):
                return
        (header, sizes), self._header = self._header, None
        blobs, start = [], 0
        for size in sizes:
            blobs.append(bytes(memoryview(self._buffer)[start : start + size]))
            start += size
        del self._buffer[:start]
        self._wanted = 4
        self._dispatch(header, blobs)

    def _dispatch(self, header: Header, blobs: list[bytes]) -> None:
        op = header["op"]
        if op == "job":
            if self._job is not None:
                raise WireError("a job came while another one runs")
            self.jobs.append((header, blobs))
            self._job = header["id"]
        elif op == "ping":
            self.send({"op": "pong", "n": header.get("n")})
        elif op not in ("input", "channel", "hangup", "stop"):
            raise WireError(f"unknown op {op!r:.40}")
        elif header.get("id") == self._job:
            if op == "input":
                self.inbox.inputs.append((header["index"], blobs))
                self._waiting += sum(map(len, blobs))
            elif op == "stop":
                self.inbox.stopped = True
            else:
                self.inbox.channel.append(blobs[0] if op == "channel" else None)
