"""A server of the OpenAI protocol that costs next to nothing, so that what a benchmark measures is the client.

It says the same answer to everybody, after a time that depends on the order of arrival alone. It counts what comes.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import multiprocessing
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from random import Random
from time import monotonic
from typing import Any
from urllib.request import urlopen

MODEL = "loopback"
FIRST = 8  # requests whose time of arrival is kept
SENTENCE = 'Then \\(x^2 - 3x + 2 = (x - 1)(x - 2)\\), so we "only" have to look at x = 1 and x = 2 – wait.\n'


def prompt(index: int) -> str:
    """What everybody asks: 200 bytes, another text for each index."""
    words = "A quadratic equation with whole coefficients has two roots, of which one is known; say what the other is"
    return f"Problem {index}. {words}, and why. ".ljust(200, ".")


@dataclass(frozen=True)
class Shape:
    """What the server does with every request."""

    body_bytes: int = 2_000
    """Of an answer, the JSON around it included."""
    median_s: float = 0.0
    """Before it answers; 0: at once."""
    sigma: float = 0.8
    """Of the lognormal times."""


def answer(shape: Shape) -> bytes:
    """A completion as vLLM sends it, with a thought in it, and its head."""
    value: dict[str, Any] = {
        "id": "chatcmpl-0123456789abcdef",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": MODEL,
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": ""}, "logprobs": None, "finish_reason": "stop"}
        ],
        "usage": {"prompt_tokens": 60, "completion_tokens": shape.body_bytes // 4, "total_tokens": 0},
    }

    def body(sentences: int) -> bytes:
        thought = "".join(f"{i}. {SENTENCE}" for i in range(sentences))
        value["choices"][0]["message"]["content"] = f"<think>\n{thought}</think>\n\nThe answer is \\boxed{{4}}."
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()

    sentences = 1
    while len(body(sentences + 1)) <= shape.body_bytes:
        sentences += 1
    return http("200 OK", body(sentences))


def http(status: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


class Counts:
    """What has come since the counts were last asked for."""

    def __init__(self) -> None:
        self.requests = self.in_flight = self.peak = 0
        self.busy_s = 0.0
        self.last = 0.0
        self.first: list[float] = []
        """When the first few came: some tools send a request or two ahead to try the server."""

    def to_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("requests", "peak", "busy_s", "first", "last")}


class Server:
    """Answers on loopback. ``shape`` may change between runs."""

    def __init__(self) -> None:
        self.shape(Shape())
        self.models = http("200 OK", json.dumps({"object": "list", "data": [{"id": MODEL}]}).encode())

    def shape(self, shape: Shape) -> None:
        self.answer, self.median_s, self.sigma = answer(shape), shape.median_s, shape.sigma
        self.counts, self.random = Counts(), Random(6)

    def latency(self) -> float:
        return self.median_s and self.median_s * self.random.lognormvariate(0.0, self.sigma)


class Conversation(asyncio.Protocol):
    """One connection."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.rest = b""
        self.last = False
        """The client wants the connection closed after this answer, and may wait for that."""
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.rest += data
        while (end := self.rest.find(b"\r\n\r\n")) >= 0:
            head = self.rest[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self.rest) < end + 4 + length:
                return
            body, self.rest = self.rest[end + 4 : end + 4 + length], self.rest[end + 4 + length :]
            self.last = b"connection: close" in head
            self.request(head.split(b" ", 2)[1], body)

    def request(self, path: bytes, body: bytes) -> None:
        server = self.server
        if path.endswith(b"/chat/completions"):
            counts, now = server.counts, monotonic()
            counts.requests += 1
            counts.in_flight += 1
            counts.peak = max(counts.peak, counts.in_flight)
            if len(counts.first) < FIRST:
                counts.first.append(now)
            if wait := server.latency():
                asyncio.get_running_loop().call_later(wait, self.reply, now, server.answer)
            else:
                self.reply(now, server.answer)
        elif path.startswith(b"/shape"):
            counts = server.counts
            server.shape(Shape(**json.loads(body)))
            self.send(http("200 OK", json.dumps(counts.to_dict()).encode()))
        else:
            self.send(server.models)

    def reply(self, came: float, message: bytes) -> None:
        counts, now = self.server.counts, monotonic()
        counts.in_flight -= 1
        counts.busy_s += now - came
        counts.last = now
        self.send(message)

    def send(self, message: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(message)
            if self.last:
                self.transport.close()


def serve(port: Connection) -> None:
    """Run until the process is ended; sends its port first."""

    async def run() -> None:
        server = Server()
        listening = await asyncio.get_running_loop().create_server(
            lambda: Conversation(server), "127.0.0.1", 0, backlog=4096
        )
        port.send(listening.sockets[0].getsockname()[1])
        await listening.serve_forever()

    asyncio.run(run())


class Loopback:
    """The server as the benchmark sees it."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/v1"

    def counts(self, shape: Shape) -> dict[str, Any]:
        """What came since the last time; from now on, it answers in this ``shape``."""
        address = self.url.replace("/v1", "/shape")
        with urlopen(address, data=json.dumps(vars(shape)).encode(), timeout=10) as reply:
            counts: dict[str, Any] = json.load(reply)
            return counts


@contextlib.contextmanager
def loopback() -> Iterator[Loopback]:
    """A server in a process of its own."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=serve, args=(there,), daemon=True)
    process.start()
    try:
        yield Loopback(here.recv())
    finally:
        process.kill()
        process.join()
