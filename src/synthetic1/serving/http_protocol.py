"""uvicorn's HTTP protocol with limits that uvicorn does not have: of the time in which a request has to arrive, and of
its head, which is kept before anybody can look at its key.

One clock a request: from the connection, or the request's first byte, to its last one. It does not care whether the
response has been sent already: who is answered 413 and goes on sending is cut off when it runs out.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HEAD = 64 * 2**10
"""Bytes of a request's line and headers; of the trailers behind its body too."""


def _closing(status: str, why: str) -> bytes:
    body = json.dumps({"error": why}).encode()
    lines = ("content-type: application/json", "connection: close", f"content-length: {len(body)}")
    return "\r\n".join((f"HTTP/1.1 {status}", *lines, "", "")).encode() + body


TOO_SLOW = _closing("408 Request Timeout", "the request did not arrive within the time limit")
TOO_LONG = _closing("431 Request Header Fields Too Large", f"the request's head has more than {MOST_HEAD // 2**10} KiB")


class HeadTooLong(Exception):
    """More than ``MOST_HEAD``. It ends the parser, which says it to nobody."""


class TimedProtocol(HttpToolsProtocol):
    """As its base, but a request that takes longer than ``read_timeout_s`` to arrive is answered 408 and cut off, one
    whose head is longer than ``MOST_HEAD`` 431."""

    read_timeout_s: ClassVar[float] = 30.0
    _clock: asyncio.TimerHandle | None = None
    _asked = False  # a request has begun on this connection, and not arrived whole
    _before: Any = None  # the request before it on this connection
    _head = 0  # bytes of lines that the parser has read to their end
    _unread = 0  # bytes that the parser has been given since it last said that a part of the request is over
    _too_long = False  # answered, or cut off: what the client still sends goes by

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._start_clock()

    def data_received(self, data: bytes) -> None:
        if self._too_long:
            return
        self._unread += len(data)
        super().data_received(data)
        if self._unread > MOST_HEAD and not self._too_long and not self.transport.is_closing():
            self._refuse_head()  # of a line that does not end the parser says nothing, and keeps it

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._count_head(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count_head(len(name) + len(value) + len(b": \r\n"))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._unread = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._unread = 0
        super().on_body(body)

    def send_400_response(self, msg: str) -> None:
        """The parser has failed, be it because ``on_header`` has."""
        if self._head > MOST_HEAD:
            self._refuse_head()
        else:
            super().send_400_response(msg)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head = 0
        self._asked, self._before = True, self.cycle
        if self._clock is None:  # a further request of the connection
            self._start_clock()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._asked, self._unread = False, 0
        self._stop_clock()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_clock()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:  # pragma: no cover - the server has no WebSockets
        self._stop_clock()
        super().handle_websocket_upgrade()

    def _start_clock(self) -> None:
        self._clock = self.loop.call_later(self.read_timeout_s, self._too_slow)

    def _stop_clock(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    def _too_slow(self) -> None:
        self._clock = None
        if self.transport.is_closing():
            return
        if self._can_be_told() and not self._too_long:
            self.transport.write(TOO_SLOW)
            self.transport.close()
        else:
            self.transport.abort()

    def _can_be_told(self) -> bool:
        """Whether the next bytes of the connection are the response to the request that is arriving."""
        busy = self._before is not None and not self._before.response_complete
        answered = self.cycle is not self._before and self.cycle.response_started
        return self._asked and not busy and not answered

    def _count_head(self, length: int) -> None:
        self._head += length
        if self._head > MOST_HEAD:
            raise HeadTooLong

    def _refuse_head(self) -> None:
        """Answer, and end our side only: who closes a connection on unread bytes resets it, and the client never reads
        why. The clock ends the other side, if the client does not."""
        told = self.cycle is self._before and self._can_be_told()  # else the head was well, and its trailers are not
        self._too_long = True
        if not told:
            self.transport.abort()
            return
        self.transport.write(TOO_LONG)
        self.transport.write_eof()
        if self._clock is None:
            self._start_clock()


def protocol_class(read_timeout_s: float) -> type[Any]:
    """The protocol with this limit; uvicorn makes its objects, so that the limit has to be the class's."""
    return type("TimedProtocol", (TimedProtocol,), {"read_timeout_s": read_timeout_s})
