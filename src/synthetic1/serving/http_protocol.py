"""uvicorn's HTTP protocol with a limit of time in which a request has to arrive, which uvicorn does not have.

One clock a request: from the connection, or the request's first byte, to its last one. It does not care whether the
response has been sent already: who is answered 413 and goes on sending is cut off when it runs out.
"""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_SAID = b'{"error":"the request did not arrive within the time limit"}'
TOO_SLOW = (
    b"HTTP/1.1 408 Request Timeout\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: "
    + str(len(_SAID)).encode()
    + b"\r\n\r\n"
    + _SAID
)


class TimedProtocol(HttpToolsProtocol):
    """As its base, but a request that takes longer than ``read_timeout_s`` to arrive is answered 408 and cut off."""

    read_timeout_s: ClassVar[float] = 30.0
    _clock: asyncio.TimerHandle | None = None
    _asked = False  # a request has begun on this connection, and not arrived whole
    _before: Any = None  # the request before it on this connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._start_clock()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._asked, self._before = True, self.cycle
        if self._clock is None:  # a further request of the connection
            self._start_clock()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._asked = False
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
        busy = self._before is not None and not self._before.response_complete
        answered = self.cycle is not self._before and self.cycle.response_started
        if self._asked and not busy and not answered:
            self.transport.write(TOO_SLOW)
            self.transport.close()
        else:
            self.transport.abort()


def protocol_class(read_timeout_s: float) -> type[Any]:
    """The protocol with this limit; uvicorn makes its objects, so that the limit has to be the class's."""
    return type("TimedProtocol", (TimedProtocol,), {"read_timeout_s": read_timeout_s})
