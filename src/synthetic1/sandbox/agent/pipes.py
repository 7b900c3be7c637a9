"""Our ends of a program's standard streams and channel: fed and emptied while it runs, never waited for."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
from collections.abc import Callable, Iterator

from synthetic1.sandbox.agent.job import Bounds
from synthetic1.sandbox.agent.launchers.launcher import Streams

_CHUNK = 1 << 16
_MOST_LEFT = 2 << 20  # bytes; a pipe or socket that nobody writes to any more holds less
_SO_PASSRIGHTS = 83  # Linux 6.16
_NUDGE_S = 0.05


class Pipes:
    """``ends`` are the program's; the others are watched through ``poll``, and served by ``serve``.

    Args:
        channel: what the program finds in its channel first; None: it has none.
        relay: of a dialogue: takes what comes through the channel. Otherwise the channel's answers are kept, and the
            program sees its end after ``channel``.
    """

    def __init__(
        self,
        poll: select.poll,
        bounds: Bounds,
        stdin: bytes,
        channel: bytes | None,
        relay: Callable[[bytes], None] | None = None,
    ) -> None:
        self.stdout, self.stderr, self.channel = bytearray(), bytearray(), bytearray()
        self.overflow = False
        """More came than stdout or the channel may hold."""
        self._poll, self._bounds, self._relay = poll, bounds, relay
        self._relayed = 0
        self._to_stdin = memoryview(stdin)
        self._to_channel, self._hangup = bytearray(channel or b""), relay is None
        self._takers: dict[int, Callable[[bytes], None]] = {}
        self._socket: socket.socket | None = None
        its_stdin, self._stdin = os.pipe()
        out, its_stdout = os.pipe()
        err, its_stderr = os.pipe()
        for descriptor in (its_stdin, its_stdout, its_stderr):
            os.fchmod(descriptor, 0o666)  # the program is another user, and may open /dev/stdin
        for descriptor in (self._stdin, out, err):
            os.set_blocking(descriptor, False)
        self._takers = {out: self._take_stdout, err: self._take_stderr}
        its_channel = None
        if channel is not None:
            self._socket, its = socket.socketpair()
            self._socket.setblocking(False)
            _refuse_descriptors(self._socket)
            its_channel = its.detach()
            self._takers[self._socket.fileno()] = self._take_channel
        for descriptor in self._takers:
            poll.register(descriptor, select.POLLIN)
        self.ends = Streams(its_stdin, its_stdout, its_stderr, its_channel)
        # Most inputs fit into the pipe as a whole, and then need nothing more while the program runs.
        self._feed_stdin()
        if self._to_stdin:
            poll.register(self._stdin, select.POLLOUT)
        self._feed_channel()

    def close_ends(self) -> None:
        """Once the program has its own."""
        for descriptor in (self.ends.stdin, self.ends.stdout, self.ends.stderr, self.ends.channel):
            if descriptor is not None:
                os.close(descriptor)

    def serve(self, descriptor: int, events: int) -> None:
        """What ``poll`` said of one of ours."""
        if descriptor == self._stdin:
            self._feed_stdin()
        elif descriptor in self._takers:
            if events & select.POLLOUT:
                self._feed_channel()
            if events & ~select.POLLOUT and self._take(descriptor) == 0:  # its end; None would be: nothing now
                self._poll.unregister(descriptor)
                del self._takers[descriptor]
                if self._socket is None or descriptor != self._socket.fileno():
                    os.close(descriptor)

    def say(self, words: bytes | None) -> None:
        """Into the channel of a dialogue; None: nothing more will be said."""
        if words is None:
            self._hangup = True
        else:
            self._to_channel += words
        self._feed_channel()

    def drain(self) -> None:
        """The program is gone: take what still stands in the pipes, and wait for nothing.

        Their end need not come: a descriptor that is on its way through a socket keeps its pipe open.
        """
        for descriptor in self._takers:
            left = _MOST_LEFT
            while left > 0 and (size := self._take(descriptor)):
                left -= size

    def close(self) -> None:
        """Let go of our ends."""
        if self._socket is not None:
            self._takers.pop(self._socket.fileno(), None)
            self._socket.close()
        for descriptor in self._takers:
            os.close(descriptor)
        self._takers = {}
        self._close_stdin()

    def _take(self, descriptor: int) -> int | None:
        """How many bytes there were: 0 at the end, None if there is nothing now."""
        try:
            chunk = os.read(descriptor, _CHUNK)
        except BlockingIOError:
            return None
        except ConnectionResetError:  # the channel of a program that left our words unread
            return 0
        if chunk:
            self._takers[descriptor](chunk)
        return len(chunk)

    def _take_stdout(self, chunk: bytes) -> None:
        room = self._bounds.stdout_bytes - len(self.stdout)
        self.stdout += chunk[:room]
        self.overflow |= len(chunk) > room

    def _take_stderr(self, chunk: bytes) -> None:
        self.stderr += chunk[: self._bounds.stderr_bytes - len(self.stderr)]

    def _take_channel(self, chunk: bytes) -> None:
        room = self._bounds.channel_bytes - len(self.channel) - self._relayed
        self.overflow |= len(chunk) > room
        if self._relay is None:
            self.channel += chunk[:room]
        elif not self.overflow:
            self._relayed += len(chunk)
            self._relay(chunk)

    def _feed_stdin(self) -> None:
        try:
            while self._to_stdin:
                self._to_stdin = self._to_stdin[os.write(self._stdin, self._to_stdin) :]
        except BlockingIOError:
            return
        except BrokenPipeError:  # a program need not read its input
            self._to_stdin = memoryview(b"")
        self._close_stdin()

    def _close_stdin(self) -> None:
        if self._stdin >= 0:
            with contextlib.suppress(KeyError):  # it all went in at once
                self._poll.unregister(self._stdin)
            os.close(self._stdin)
            self._stdin = -1

    def _feed_channel(self) -> None:
        if self._socket is None:
            return
        try:
            while self._to_channel:
                del self._to_channel[: self._socket.send(self._to_channel)]
        except BlockingIOError:
            pass
        except (BrokenPipeError, ConnectionResetError):
            self._to_channel.clear()
        if self._socket.fileno() in self._takers:
            self._poll.modify(self._socket, select.POLLIN | (select.POLLOUT if self._to_channel else 0))
        if self._hangup and not self._to_channel:
            with contextlib.suppress(OSError):  # the program was faster
                self._socket.shutdown(socket.SHUT_WR)


def _refuse_descriptors(channel: socket.socket) -> None:
    """Have the kernel refuse those that a program sends through its channel; before Linux 6.16 it does not."""
    with contextlib.suppress(OSError):
        channel.setsockopt(socket.SOL_SOCKET, _SO_PASSRIGHTS, 0)


@contextlib.contextmanager
def nudged() -> Iterator[None]:
    """Let no system call of this block wait for long: a signal comes all the time, and breaks it off.

    A descriptor that came through the channel is closed by whoever reads there, or closes it, and the last one to close
    a connection may wait (``SO_LINGER``) for as long as who made it has asked for.
    """
    before = signal.signal(signal.SIGALRM, lambda *_: None)
    signal.setitimer(signal.ITIMER_REAL, _NUDGE_S, _NUDGE_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
