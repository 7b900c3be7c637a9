"""The door of the server: who may ask, how much, how many at once; and the end of work whose client has gone."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from synthetic1.rewards.scoring.scorer import ScorerClosed
from synthetic1.serving.admission import Admission, Overloaded
from synthetic1.serving.exposition import Exposition
from synthetic1.serving.settings import ServingSettings, is_loopback

log = logging.getLogger(__name__)

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]
Answer = Callable[[bytes], Awaitable[bytes]]
"""From the body of a request to the JSON of its response."""

OPEN = frozenset({"/healthz", "/readyz", "/health", "/openapi.json", "/docs"})
"""What needs no key: nothing of it tells more than the documentation does."""
OWN_NAMES = ("localhost", "127.0.0.1", "[::1]")
"""What a client on this machine may call it."""
BODIES = 32
"""So many bodies of the largest size may be in memory at once."""
RETRY_S = 1
WATCHED_AFTER_S = 0.02
"""Of work: whether the client is still there is looked at from then on."""


class Refusal(Exception):
    """A request that is not served: status, one line, further headers."""

    def __init__(self, status: int, why: str, **headers: str) -> None:
        super().__init__(why)
        self.status, self.why, self.headers = status, why, headers


class ClientGone(Exception):
    """Nobody waits for the response."""


@dataclass
class Incoming:
    """The body of a request, as it comes in."""

    receive: Receive
    size: int = 0
    """Bytes of it that were kept."""
    whole: bool = False

    async def part(self) -> bytes:
        """The next bytes.

        Raises:
            ClientGone: there will be none.
        """
        message = await self.receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        self.whole = not message.get("more_body", False)
        part: bytes = message.get("body", b"")
        return part


class Guard:
    """ASGI middleware. The endpoints that score are called by it; all others belong to ``app``.

    Args:
        endpoints: path → what answers a POST.
    """

    def __init__(
        self,
        app: Asgi,
        endpoints: Mapping[str, Answer],
        settings: ServingSettings,
        admission: Admission,
        exposition: Exposition,
    ) -> None:
        self._app, self._endpoints, self._settings = app, endpoints, settings
        self._admission, self._exposition = admission, exposition
        self._key = settings.api_key.encode() if settings.api_key else None
        alone = self._key is None and is_loopback(settings.host)
        self._names = frozenset({*OWN_NAMES, _bracketed(settings.host)}) if alone else None
        self._held = 0  # bytes of bodies in memory

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = perf_counter(), 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        incoming = Incoming(receive)
        try:
            self._check_name(scope)
            self._check_key(scope)
            answer = self._endpoints.get(scope["path"]) if scope["method"] == "POST" else None
            if answer is None:
                await self._app(scope, receive, watched)
            else:
                response = await self._serve(answer, scope, incoming)
                await respond(watched, 200, response)
        except Refusal as refusal:
            self._exposition.answered(scope["path"], refusal.status, perf_counter() - began)
            await refuse(send, refusal, incoming)
            return
        except ClientGone:
            self._exposition.gone.inc()
            return
        self._exposition.answered(scope["path"], status, perf_counter() - began)

    def _check_name(self, scope: Scope) -> None:
        """Where no key is asked for, and only this machine reaches the server: whether the client meant this machine.

        A page of another site may have the browser ask here by giving its own name this machine's address; then the
        browser takes the response for one of that site. Browsers always send the name.
        """
        if self._names is None:
            return
        for header, host in scope["headers"]:
            if header == b"host" and _name_in(host) not in self._names:
                raise Refusal(421, "this server has no key, and answers to localhost and 127.0.0.1 only")

    def _check_key(self, scope: Scope) -> None:
        """A bearer token; or, for clients that can only be given a URL, the password of ``http://any:KEY@host``."""
        if self._key is None or scope["path"] in OPEN:
            return
        scheme, _, given = _header(scope, b"authorization").partition(b" ")
        token = given.strip()
        if scheme.lower() == b"basic":
            try:
                token = base64.b64decode(token, validate=True).partition(b":")[2]
            except binascii.Error:
                token = b""
        elif scheme.lower() != b"bearer":
            token = b""
        if not hmac.compare_digest(token, self._key):
            raise Refusal(
                401, "no valid API key; send it as `Authorization: Bearer KEY`", **{"www-authenticate": "Bearer"}
            )

    async def _serve(self, answer: Answer, scope: Scope, incoming: Incoming) -> bytes:
        kind = _header(scope, b"content-type").partition(b";")[0].strip().lower()
        if kind != b"application/json":  # which a page of another site cannot send without being allowed to
            raise Refusal(415, "the body must be JSON, with `Content-Type: application/json`")
        try:
            body = await self._read(scope, incoming)
            return await self._work(answer, body, incoming.receive)
        finally:
            self._held -= incoming.size

    async def _read(self, scope: Scope, incoming: Incoming) -> bytes:
        """The body, no byte of which is kept once it is too large."""
        most = self._settings.max_body
        announced = _header(scope, b"content-length")
        if announced and int(announced) > most:
            raise _too_large(most)
        parts = []
        while not incoming.whole:
            part = await incoming.part()
            incoming.size += len(part)
            self._held += len(part)
            if incoming.size > most:
                raise _too_large(most)
            if self._held > BODIES * most:
                raise _busy("too many bytes of requests are in memory")
            parts.append(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def _work(self, answer: Answer, body: bytes, receive: Receive) -> bytes:
        """The response, once it is this request's turn; cancelled when the client goes away."""
        watch = _Watch(receive)
        try:
            await self._admission.enter()
            try:
                return await answer(body)
            finally:
                self._admission.leave()
        except Overloaded:
            raise _busy(f"{self._admission.waiting} requests wait already") from None
        except asyncio.CancelledError:
            watch.task.uncancel()
            if watch.gone:
                raise ClientGone from None
            raise _busy("the server ends, and its time for what was accepted is over") from None
        except ScorerClosed:
            raise _busy("the server ends") from None
        except Refusal:
            raise
        except Exception:
            log.exception("a request failed")
            raise Refusal(500, "a defect of the server's; its log has more") from None
        finally:
            watch.end()


class _Watch:
    """Cancels the task that makes it when its client goes away. What is answered at once is not watched."""

    def __init__(self, receive: Receive) -> None:
        task = asyncio.current_task()
        assert task is not None, "ASGI servers run a task a request"
        self.task, self.gone = task, False
        self._receive = receive
        self._looking: asyncio.Task[None] | None = None
        self._soon = asyncio.get_running_loop().call_later(WATCHED_AFTER_S, self._begin)

    def end(self) -> None:
        self._soon.cancel()
        if self._looking is not None:
            self._looking.cancel()

    def _begin(self) -> None:
        self._looking = asyncio.get_running_loop().create_task(self._look())

    async def _look(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.gone = True
        self.task.cancel()


async def respond(send: Send, status: int, body: bytes) -> None:
    """Send a JSON response."""
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def refuse(send: Send, refusal: Refusal, incoming: Incoming) -> None:
    """Send a refusal at once, and let what the client still sends go by before the connection may be closed: who closes
    it on unread bytes resets it, and the client never reads why. The protocol's clock bounds how long that takes."""
    body = fault(refusal.why)
    lines = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    lines += [(name.encode(), value.encode()) for name, value in refusal.headers.items()]
    await send({"type": "http.response.start", "status": refusal.status, "headers": lines})
    await send({"type": "http.response.body", "body": body, "more_body": True})
    with suppress(ClientGone):
        while not incoming.whole:
            await incoming.part()
    await send({"type": "http.response.body", "body": b""})


def fault(why: str) -> bytes:
    """The body of every response that is not what was asked for."""
    return json.dumps({"error": why}).encode()


def _header(scope: Scope, wanted: bytes) -> bytes:
    value: bytes
    for name, value in scope["headers"]:
        if name == wanted:
            return value
    return b""


def _name_in(host: bytes) -> str:
    """The name in a header ``Host``, without the port."""
    name, colon, port = host.decode("latin-1").strip().lower().rpartition(":")
    return name if colon and port.isdigit() else host.decode("latin-1").strip().lower()


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host.lower()


def _too_large(most: int) -> Refusal:
    return Refusal(413, f"the body has more than {most:,} bytes, the server's --max-body")


def _busy(why: str) -> Refusal:
    return Refusal(503, f"overloaded: {why}; try again later", **{"retry-after": str(RETRY_S)})
