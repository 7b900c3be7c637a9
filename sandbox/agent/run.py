"""One run of one process tree: feed it, take what it says, hold its limits, make an end."""

from __future__ import annotations

import os
import re
import select
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

from synthetic1.sandbox.agent.host import Host, Inbox
from synthetic1.sandbox.agent.job import Bounds, EndedBy, Outcome
from synthetic1.sandbox.agent.launch import Exit, LauncherError, Process, Streams

_CHUNK = 1 << 16
_MOST_IN_PIPE = 1 << 20  # bytes; more a pipe cannot hold when its writers are gone
_CHECK_S = 0.02  # the shortest time between two looks at the CPU clock
_DEATH_S = 20.0  # from SIGKILL to the end, on a very busy machine
_CPUS = os.cpu_count() or 1
_OUT_OF_ADDRESS_SPACE = re.compile(
    rb"MemoryError|std::bad_alloc|memory allocation of \d+ bytes failed|heap out of memory|[Cc]annot allocate memory"
)


@dataclass(frozen=True)
class Ran:
    """A finished run."""

    outcome: Outcome
    stdout: bytes
    stderr: bytes
    channel: bytes
    clean: bool
    """False: something of it could not be ended."""


class Waker:
    """A descriptor that becomes readable on SIGCHLD."""

    def __init__(self, descriptor: int) -> None:
        self.fd = descriptor

    def rest(self) -> None:
        """Forget the signals so far."""
        try:
            os.read(self.fd, 4096)
        except BlockingIOError:
            pass


class Run:
    """Makes the pipes; ``go`` starts the process and returns when nothing of it is left.

    Args:
        channel: what the program finds in its channel first; None: it has no channel.
        relay: of a dialogue: the channel's traffic goes from and to the host while it runs.
    """

    def __init__(
        self, host: Host, waker: Waker, bounds: Bounds, stdin: bytes, channel: bytes | None, relay: object | None = None
    ) -> None:
        self._host, self._waker, self._bounds, self._relay = host, waker, bounds, relay
        self._poll = select.poll()
        self._stdin, self._stdout, self._stderr = memoryview(stdin), bytearray(), bytearray()
        self._to_channel = bytearray(channel or b"")
        self._from_channel = bytearray()
        self._channel: socket.socket | None = None
        self._has_channel = channel is not None
        self._hangup = relay is None  # what is known now is all that will be said
        self._ended_by: EndedBy | None = None
        self._readers: dict[int, Callable[[int], bool]] = {}  # descriptor → take what is there; False at its end
        self._in: int | None = None

    def go(self, start: Callable[[Streams], Process]) -> Ran:
        """Raises LauncherError, HostGone, WireError; then too everything is closed, but not all is killed."""
        ends = self._open()
        began = time.monotonic()
        try:
            try:
                process = start(ends)
            finally:
                for end in (ends.stdin, ends.stdout, ends.stderr, ends.channel):
                    if end is not None:
                        os.close(end)
            exit = self._attend(process, began)
            wall_s = time.monotonic() - began
            tally = process.finish()
            self._drain()
        finally:
            self._close()
        cpu_s = max(tally.cpu_s, exit.cpu_s)
        signal = os.WTERMSIG(exit.status) if os.WIFSIGNALED(exit.status) else None
        if self._ended_by is None:
            if cpu_s > self._bounds.cpu_s:
                self._ended_by = "cpu"
            elif exit.status != 0 and tally.out_of_memory:
                self._ended_by = "memory"
        outcome = Outcome(
            exit_code=None if signal is not None else os.WEXITSTATUS(exit.status),
            signal=signal,
            ended_by=self._ended_by,
            cpu_s=round(cpu_s, 6),
            wall_s=round(wall_s, 6),
            peak_bytes=tally.peak_bytes,
        )
        return Ran(outcome, bytes(self._stdout), bytes(self._stderr), bytes(self._from_channel), tally.clean)

    def _open(self) -> Streams:
        stdin, self._in = os.pipe()
        out, stdout = os.pipe()
        err, stderr = os.pipe()
        for end in (stdin, stdout, stderr):
            os.fchmod(end, 0o666)  # the program is another user, and may open /dev/stdin
        for end in (self._in, out, err):
            os.set_blocking(end, False)
        self._readers = {out: self._take_stdout, err: self._take_stderr}
        channel = None
        if self._has_channel:
            self._channel, its = socket.socketpair()
            channel = its.detach()
            self._channel.setblocking(False)
            self._readers[self._channel.fileno()] = self._take_channel
        for reader in self._readers:
            self._poll.register(reader, select.POLLIN)
        # Most inputs fit into the pipe whole, and then need no attention while the program runs.
        if self._feed():
            self._poll.register(self._in, select.POLLOUT)
        self._feed_channel()
        return Streams(stdin, stdout, stderr, channel)

    def _attend(self, process: Process, began: float) -> Exit:
        bounds, host, poll = self._bounds, self._host, self._poll
        if not host.full:
            poll.register(host.reading, select.POLLIN)
        poll.register(self._waker.fd, select.POLLIN)
        watch = self._waker.fd if process.watch is None else process.watch
        if process.watch is not None:
            poll.register(watch, select.POLLIN)
        deadline = began + bounds.wall_s
        # CPU time runs at most as fast as all processors do, so there is nothing to look at before:
        look = began + bounds.cpu_s / _CPUS
        killed = False
        while True:
            if host.inbox.stopped:
                self._ended_by = self._ended_by or "stop"
            now = time.monotonic()
            if self._ended_by is None and now >= deadline:
                self._ended_by = "wall"
            if self._ended_by is None and now >= look:
                left = bounds.cpu_s - process.cpu_s()
                if left <= 0:
                    self._ended_by = "cpu"
                look = now + max(left / _CPUS, _CHECK_S)
            if self._ended_by is not None:
                if not killed:
                    deadline, killed = now + _DEATH_S, True
                elif now >= deadline:
                    raise LauncherError("a process does not end on SIGKILL")
                process.kill()
            until = now + 0.05 if killed else min(deadline, look)
            for descriptor, _ in poll.poll(max(0.0, until - now) * 1000 + 1):
                if descriptor == self._waker.fd:
                    self._waker.rest()
                if descriptor == watch:
                    if ended := process.exit():
                        return ended
                elif descriptor in self._readers:
                    self._read(descriptor)
                elif descriptor == self._in:
                    if not self._feed():
                        poll.unregister(descriptor)
                        self._close_stdin()
                elif descriptor == host.reading:
                    host.receive()
                    self._hear(host.inbox)
                    if host.full:
                        poll.unregister(descriptor)

    def _read(self, descriptor: int) -> None:
        if self._channel is not None and descriptor == self._channel.fileno():
            self._feed_channel()
        if not self._readers[descriptor](descriptor):
            self._poll.unregister(descriptor)
            del self._readers[descriptor]
            if self._channel is None or descriptor != self._channel.fileno():
                os.close(descriptor)

    def _drain(self) -> None:
        """The process is gone, and its kin too: what they had written still stands in the pipes."""
        for descriptor, take in list(self._readers.items()):
            for _ in range(_MOST_IN_PIPE // _CHUNK):
                if not take(descriptor):
                    break
                if not self._pending(descriptor):
                    break

    def _pending(self, descriptor: int) -> bool:
        waiting = select.poll()
        waiting.register(descriptor, select.POLLIN)
        return bool(waiting.poll(0))

    def _take_stdout(self, descriptor: int) -> bool:
        chunk = _read_now(descriptor)
        if chunk:
            self._stdout += chunk
            if len(self._stdout) > self._bounds.stdout_bytes:
                del self._stdout[self._bounds.stdout_bytes :]
                self._ended_by = self._ended_by or "output"
        return chunk != b""

    def _take_stderr(self, descriptor: int) -> bool:
        chunk = _read_now(descriptor)
        if chunk:
            self._stderr += chunk[: self._bounds.stderr_bytes - len(self._stderr)]
        return chunk != b""

    def _take_channel(self, descriptor: int) -> bool:
        try:
            chunk = _read_now(descriptor)
        except ConnectionResetError:  # it ended with our words unread
            return False
        if chunk:
            if self._relay is not None:
                self._host.send({"op": "channel", "id": self._relay}, chunk)
            elif len(self._from_channel) + len(chunk) > self._bounds.channel_bytes:
                self._ended_by = self._ended_by or "output"
            else:
                self._from_channel += chunk
        return chunk != b""

    def _feed(self) -> bool:
        """Write to stdin what it takes now; True: more is to come."""
        if self._in is None:
            return False
        try:
            while self._stdin:
                self._stdin = self._stdin[os.write(self._in, self._stdin[: 1 << 20]) :]
        except BlockingIOError:
            return True
        except BrokenPipeError:
            pass  # it need not read its input
        self._close_stdin()
        return False
