"""A server for judges of the tests: speaks the OpenAI protocol on loopback, spoils some of its answers, counts all."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from aiohttp import web

LOST = ("429", "500", "503", "stall", "half_closed", "no_json_body")
"""The answer does not arrive; the client asks again."""
SPOILT = ("malformed", "out_of_range", "refusal", "empty", "cut_off", "thought_only")
"""An answer arrives that gives no verdict; the judge asks again."""
PROMPT_TOKENS, COMPLETION_TOKENS = 5, 7
_SPOILT = {
    "malformed": '{"reasoning": "well", "verdict": "correct"',
    "out_of_range": '{"claims": [], "reasoning": "r", "equally_valid": false, "score": 1000, "verdict": "excellent"}',
    "refusal": "I'm sorry, but I can't help with grading this.",
    "empty": "",
    "thought_only": "<think>The candidate says",
}


class JudgeServer:
    """``reply(messages, index)`` says what an answer holds; a ``share`` of them meets one of ``faults`` instead."""

    def __init__(
        self, reply: Callable[[Any, int], str], *, faults: Sequence[str] = (), share: float = 0.0, seed: int = 0
    ) -> None:
        self.reply, self.faults, self.share = reply, tuple(faults), share
        self.requests: list[dict[str, Any]] = []
        self.counts: Counter[str] = Counter()
        self.stall_s, self.context, self.model = 30.0, 10**9, "scripted-judge"
        self.too_long_status = 400
        """How a prompt of more than ``context`` characters is refused."""
        self.refuse: Callable[[Any], int | str] = lambda messages: 0
        """The status by which messages are refused, a fault of ``LOST`` that they meet, or 0."""
        self.delay_s = 0.0
        self.root: str | None = None
        """What weights it says stand behind its name."""
        self._rng = random.Random(seed)
        self._runner: web.AppRunner | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def start(self) -> None:
        """Come up, at the same port as before."""
        app = web.Application(client_max_size=2**24)
        app.router.add_get("/v1/models", self._models)
        app.router.add_post("/v1/chat/completions", self._chat)
        self._runner = web.AppRunner(app, shutdown_timeout=0.05, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Go down, answers under way and all."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> JudgeServer:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _models(self, request: web.Request) -> web.Response:
        card = {"id": self.model, "object": "model"} | ({} if self.root is None else {"root": self.root})
        return web.json_response({"object": "list", "data": [card]})

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        index = len(self.requests)
        self.requests.append(body)
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        if sum(len(message["content"]) for message in body["messages"]) > self.context:
            self.counts["too_long"] += 1
            return _error(self.too_long_status, f"This model's maximum context length is {self.context} characters")
        refusal = self.refuse(body["messages"])
        if isinstance(refusal, int) and refusal:
            self.counts["refused"] += 1
            return _error(refusal, "the request was refused")
        drawn = self._rng.choice(self.faults) if self.faults and self._rng.random() < self.share else ""
        fault = str(refusal or drawn)
        self.counts[fault or "answered"] += 1
        match fault:
            case "429":
                return _error(429, "slow down", {"Retry-After": "0"})
            case "500" | "503":
                return _error(int(fault), "out of order")
            case "stall":
                await asyncio.sleep(self.stall_s)
            case "half_closed":
                response = web.StreamResponse(headers={"Content-Length": "10000"})
                await response.prepare(request)
                await response.write(b'{"choices": [{"index": 0, "message": {"content": "')
                assert request.transport is not None
                request.transport.abort()
                return response
            case "filtered":
                choice = {
                    "index": 0,
                    "finish_reason": "content_filter",
                    "message": {"role": "assistant", "content": ""},
                }
                return web.json_response({"choices": [choice]})
            case "no_json_body":
                return web.Response(text="<html>Bad gateway</html>", content_type="text/html")
        text, finish = _SPOILT.get(fault), "stop"
        if text is None:
            try:
                text = self.reply(body["messages"], index)
            except StopIteration:  # another question than a judge's: the client asks whether the server is well
                text = "ok"
        if fault == "cut_off":
            text, finish = text[: len(text) // 2], "length"
        choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text}}
        usage = {"prompt_tokens": PROMPT_TOKENS, "completion_tokens": COMPLETION_TOKENS, "total_tokens": 12}
        return web.json_response(
            {"id": "1", "object": "chat.completion", "model": self.model, "choices": [choice], "usage": usage}
        )


def _error(status: int, message: str, headers: dict[str, str] | None = None) -> web.Response:
    body = json.dumps({"error": {"message": message, "type": "error", "code": status}})
    return web.Response(status=status, text=body, content_type="application/json", headers=headers)
