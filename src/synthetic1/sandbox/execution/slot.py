"""A slot: one agent, one job at a time; the host's side of the wire, with a watchdog over every answer."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

from synthetic1.sandbox.agent.job import Job
from synthetic1.sandbox.agent.wire import PROTOCOL, WireError, decode_header, encode, header_length
from synthetic1.sandbox.backend import OUT_OF_MEMORY, Backend, Connection
from synthetic1.sandbox.errors import SandboxError, SandboxUnavailable
from synthetic1.sandbox.program import MIB

GRACE_S = 20.0  # what an agent may take over the limits of a job before it counts as dead; a busy machine is slow
HELLO_S = 60.0
RECYCLE_AFTER = 2000  # jobs; whatever an agent may accumulate ends with it
_SMALL = 64 * 1024  # bytes; pieces below it are joined into one write


class SlotFailed(SandboxError):
    """The agent or its surroundings failed. What it had answered before stays true; the slot must be discarded."""

    @property
    def out_of_memory(self) -> bool:
        """The kernel ended the agent for memory, which is bounded together with the program's."""
        return OUT_OF_MEMORY in str(self)


class SandboxSlot:
    """At first, and after ``discard``, it has no agent; ``ready`` starts one."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.hello: Mapping[str, Any] = {}
        """What the agent said of itself when it started."""
        self._connection: Connection | None = None
        self._memory = 0
        self._jobs = 0
        self._running = False
        self._dead = False
        self._closed = False
        self._starting: set[asyncio.Future[Connection]] = set()
        self._strays: set[asyncio.Future[None]] = set()
        self._discarding: set[asyncio.Future[None]] = set()
        self._outbox: list[bytes] = []
        self._pending: tuple[Mapping[str, Any], list[int], list[bytes]] | None = None  # a frame read in part

    @property
    def settled(self) -> bool:
        """Nothing is left to ``finish``: another job may be sent as it is."""
        return self._connection is None or not (self._running or self._dead or self._jobs >= RECYCLE_AFTER)

    async def ready(self, memory_bytes: int) -> None:
        """Have an agent, with this memory limit for the coming job.

        Raises:
            SandboxUnavailable: none starts.
            SlotFailed: the limit cannot be set.
        """
        if self._closed:
            raise SandboxUnavailable("the sandbox was closed")
        if self._dead:
            await self.discard()
        if self._connection is None:
            await self._connect()
        assert self._connection is not None
        if self._memory != memory_bytes:
            self._memory = 0
            try:
                await self._connection.set_memory(memory_bytes)
            except SandboxError as error:
                raise SlotFailed(str(error)) from error
            self._memory = memory_bytes

    async def _connect(self) -> None:
        starting = asyncio.ensure_future(self.backend.connect())
        self._starting.add(starting)
        try:
            connection = await asyncio.shield(starting)
        except asyncio.CancelledError:
            self._end_stray(starting)  # nobody wants it any more, yet it may just be starting
            raise
        finally:
            self._starting.discard(starting)
        if self._closed:
            await connection.close()
            raise SlotFailed("the sandbox was closed")
        self._connection, self._pending, self._outbox = connection, None, []
        self._jobs, self._memory, self._running, self._dead = 0, 0, False, False
        try:
            hello, _ = await self.receive(HELLO_S, 0)
            if hello["op"] != "hello" or hello.get("protocol") != PROTOCOL:
                raise SlotFailed(f"the agent speaks protocol {hello.get('protocol')}, this synthetic1 wants {PROTOCOL}")
        except BaseException as error:
            await self.discard()
            if isinstance(error, SlotFailed):
                raise SandboxUnavailable(f"{self.backend.name}: the agent does not start: {error}") from error
            raise
        self.hello = hello

    def begin(self, job: Job, blobs: Sequence[bytes]) -> None:
        """Send a job. Its inputs follow by ``send``; its answers come by ``receive``, the last one being ``done``."""
        assert not self._running, "a slot runs one job at a time"
        self._jobs += 1
        self._running = True
        self.send({"op": "job", **job.to_header()}, blobs)

    def send(self, header: Mapping[str, Any], blobs: Sequence[bytes] = ()) -> None:
        """Put a frame of the running job into the next ``flush``. What is in flight is bounded by who calls."""
        self._outbox += encode({**header, "id": self._jobs}, blobs)

    def flush(self) -> None:
        """Write what was sent, many small frames at once; ``receive`` begins with it."""
        assert self._connection is not None
        pieces, self._outbox = self._outbox, []
        small: list[bytes] = []
        for piece in pieces:
            if len(piece) < _SMALL:
                small.append(piece)
            else:
                self._connection.writer.write(b"".join(small))
                self._connection.writer.write(piece)
                small = []
        if small:
            self._connection.writer.write(b"".join(small))

    async def receive(self, within_s: float, most_bytes: int) -> tuple[Mapping[str, Any], list[bytes]]:
        """The next frame. Cancelled, it loses nothing: the next call goes on where it stood.

        Args:
            within_s: an agent silent for longer counts as dead.
            most_bytes: of all blobs together; the agent's word for their size is not taken.

        Raises:
            SlotFailed: the stream ended, it holds something else, or nothing came in time.
        """
        connection = self._connection  # `discard` may come while we wait
        assert connection is not None
        if self._outbox:
            self.flush()
        try:
            async with asyncio.timeout(within_s):
                header, blobs = await self._read(connection.reader, most_bytes)
        except TimeoutError:
            self._dead = True
            raise SlotFailed(f"the agent said nothing for {within_s:.0f} s") from None
        except (asyncio.IncompleteReadError, ConnectionError, OSError):
            self._dead = True
            raise SlotFailed(await connection.exit_reason()) from None
        except WireError as error:
            self._dead = True
            raise SlotFailed(f"the agent does not keep to the protocol: {error}") from None
        if header["op"] == "fault":
            self._dead = True
            raise SlotFailed(f"the agent failed: {str(header.get('why'))[:500]}")
        if self._running and header.get("id") != self._jobs:
            self._dead = True
            raise SlotFailed(f"the agent answered for job {header.get('id')!r:.20} while it ran {self._jobs}")
        if header["op"] == "done":
            self._running = False
            self._dead = header.get("clean") is not True
        return header, blobs

    async def _read(self, reader: asyncio.StreamReader, most_bytes: int) -> tuple[Mapping[str, Any], list[bytes]]:
        if self._pending is None:
            # Nothing is taken from the stream before all of it is there, so a cancellation leaves it whole.
            prefix = await reader.readexactly(4)
            self._pending = {"length": header_length(prefix)}, [], []
        header, sizes, blobs = self._pending
        if "op" not in header:
            header, sizes = decode_header(await reader.readexactly(header["length"]))
            if sum(sizes) > most_bytes:
                raise WireError(f"{sum(sizes)} bytes where at most {most_bytes} can be")
            self._pending = header, sizes, blobs
        for size in sizes[len(blobs) :]:
            blobs.append(await reader.readexactly(size) if size else b"")
        self._pending = None
        return header, blobs

    async def finish(self) -> None:
        """Stop the job, if one runs, and wait until nothing is left of it. Then the slot is as new, or has no agent.

        What a dead, unclean or long used agent leaves is discarded.
        """
        if self._connection is None:
            return
        with contextlib.suppress(SlotFailed):
            if self._running and not self._dead:
                self.send({"op": "stop"})
                while self._running:
                    await self.receive(GRACE_S, 4 * 256 * MIB)
        if not self.settled:
            await self.discard()

    async def discard(self) -> None:
        """End the agent and everything that it started. Never raises."""
        connection, self._connection = self._connection, None
        self._running = self._dead = False
        if connection is not None:
            closing = asyncio.ensure_future(connection.close())
            self._discarding.add(closing)
            closing.add_done_callback(self._discarding.discard)
            await asyncio.shield(closing)

    async def close(self) -> None:
        """Discard it for ever, also an agent that is just starting."""
        self._closed = True
        starting = [*self._starting]
        await asyncio.gather(
            self.discard(), *(_close_started(one) for one in starting), *self._strays, *self._discarding
        )  # also what others discard at this moment

    def _end_stray(self, starting: asyncio.Future[Connection]) -> None:
        stray = asyncio.ensure_future(_close_started(starting))
        self._strays.add(stray)
        stray.add_done_callback(self._strays.discard)

    def abandon(self) -> None:
        """In a forked child: let go of the parent's agent without a word to it."""
        if self._connection is not None:
            self._connection.abandon()
        self._connection, self._running = None, False
        self._discarding.clear()  # the parent's, too


async def _close_started(starting: asyncio.Future[Connection]) -> None:
    await asyncio.wait([starting])
    if not starting.cancelled() and starting.exception() is None:
        await starting.result().close()
