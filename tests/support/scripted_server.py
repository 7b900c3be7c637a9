"""A server of completions whose every answer is known beforehand: the OpenAI protocol on loopback, faults and all.

In a test, on its own loop::

    async with ScriptedServer(lambda messages, sample: f"answer {sample}", faults=LOST, share=0.3) as server:
        … server.url … server.requests … server.counts

``scripted_process.py`` runs it in a process of its own, for tests that kill it and benchmarks that give it a core.

What it answers, how long that takes and what goes wrong is drawn from the request (and from how often it came before),
never from the order of arrival: two runs that ask the same get the same.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from time import monotonic
from typing import Any

from aiohttp import web

REFUSED = {
    "400": (400, "this prompt is too long", {}),
    "429": (429, "too many requests", {}),
    "429_later": (429, "too many requests", {"Retry-After": "0.2"}),
    "500": (500, "internal error", {}),
    "503": (503, "no worker is free", {}),
    "503_later": (503, "no worker is free", {"Retry-After": "0"}),
    "error_inside": (200, "the engine died", {}),  # as proxies do
}
"""The request is turned away, and nothing is charged: status, words, headers."""
LOST = ("stall", "dropped", "half_closed", "no_json", "no_choices", "aborted")
"""The server worked and no answer arrives."""
SPOILT = {
    "malformed": '{"reasoning": "well", "verdict": "correct"',
    "out_of_range": '{"reasoning": "well", "verdict": "excellent", "score": 1000}',
    "refusal": "I'm sorry, but I can't help with that.",
    "empty": "",
    "thought_only": "<think>\nThe candidate says",
    "cut": None,
}
"""An answer arrives, whole and charged for; what it holds is no good (``cut``: half of the right one)."""
FAULTS = (*REFUSED, *LOST, *SPOILT)
PIECES = 7  # pieces of a streamed answer
END = web.ResponseKey("end", str)
"""How a request ended, for the server's own counts."""


class Fault(str):
    """A reply that is one of ``FAULTS``, for scripts: ``[Fault("503"), "the answer"]``."""


Said = str | Mapping[str, Any]
"""The text of an answer, or fields of its choice: ``content``, ``reasoning``, ``finish_reason``."""


def draw(request: Mapping[str, Any], what: str, index: int = 0) -> float:
    """A number in [0, 1) that belongs to this request."""
    content = json.dumps([request.get("messages"), request.get("seed"), what, index])
    return int.from_bytes(hashlib.blake2b(content.encode(), digest_size=7).digest()) / 2**56


class ScriptedServer:
    """Serves ``reply``; a ``share`` of the requests meets one of ``faults`` instead.

    Args:
        reply: ``(messages, sample) -> Said | Fault``, where ``sample`` is the request's seed plus the choice's place;
            or a list of those, one a request in the order of arrival, the last for all that follow.
        latency: seconds; with ``sigma`` the median of a lognormal.
        seed: of the faults.
        schema: what becomes of a JSON schema: ``honour`` checks that it is sent as the protocol says, ``refuse``
            answers 400.
        choices: ``all`` that are asked for, only ``one``, or ``refuse`` more than one with 400.
        reasoning_field: send a thought apart, in this field.
        api_key: what must stand in ``Authorization``.
        limit: requests in flight; those beyond are turned away with 429.
    """

    def __init__(
        self,
        reply: Callable[[Any, int], Said] | Sequence[Said] = ("hello",),
        *,
        faults: Sequence[str] = (),
        share: float = 0.0,
        latency: float = 0.0,
        sigma: float = 0.0,
        seed: int = 0,
        model: str = "scripted",
        models: Sequence[str] = (),
        schema: str = "honour",
        choices: str = "all",
        reasoning_field: str = "",
        api_key: str = "",
        limit: int = 10**9,
        stall_s: float = 600.0,
        port: int = 0,
    ) -> None:
        assert not (unknown := set(faults) - set(FAULTS)), unknown
        assert schema in ("honour", "refuse"), schema
        assert choices in ("all", "one", "refuse"), choices
        self.reply, self.faults, self.share, self.seed = reply, tuple(faults), share, seed
        self.latency, self.sigma, self.stall_s, self.limit = latency, sigma, stall_s, limit
        self.model, self.models = model, tuple(models) or (model,)
        self.schema, self.choices, self.reasoning_field, self.api_key = schema, choices, reasoning_field, api_key
        self.requests: list[dict[str, Any]] = []
        """The body of every request to ``/chat/completions``."""
        self.counts: Counter[str] = Counter()
        """``requests = completed + refused + lost`` once all is quiet; tokens are those of the completed ones;
        ``cancelled`` are the lost ones whose caller went away; each fault stands under its name."""
        self.prompts: Counter[str] = Counter()
        """How often each (prompt, seed) was asked."""
        self.spans: list[tuple[float, float]] = []
        """When each request came and went, in seconds of ``time.monotonic``."""
        self.port = port
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def start(self) -> None:
        """Come up, at the same port as before."""
        app = web.Application(client_max_size=2**26)
        app.router.add_get("/v1/models", self._models)
        app.router.add_get("/counts", self._counted)
        app.router.add_get("/spans", self._timed)
        app.router.add_post("/v1/chat/completions", self._chat)
        self._runner = web.AppRunner(app, shutdown_timeout=0.05, handler_cancellation=True, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True, backlog=4096)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Go down, with the answers under way."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> ScriptedServer:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def said(self, asked: Mapping[str, Any], sample: int) -> Said:
        """What the model says."""
        if callable(self.reply):
            return self.reply(asked["messages"], sample)
        return self.reply[min(len(self.requests), len(self.reply)) - 1]

    def seconds(self, asked: Mapping[str, Any]) -> float:
        """How long the model takes."""
        if not (self.latency and self.sigma):
            return self.latency
        normal = math.sqrt(-2 * math.log(1 - draw(asked, "u"))) * math.cos(2 * math.pi * draw(asked, "v"))
        return self.latency * math.exp(self.sigma * normal)

    async def _models(self, request: web.Request) -> web.Response:
        if self._denied(request):
            return _error(401, "Incorrect API key")
        cards = [{"id": name, "object": "model", "max_model_len": 100_000} for name in self.models]
        return web.json_response({"object": "list", "data": cards})

    async def _counted(self, _: web.Request) -> web.Response:
        most = max(self.prompts.values(), default=0)
        return web.json_response({"requests": 0, **self.counts, "distinct": len(self.prompts), "most": most})

    async def _timed(self, _: web.Request) -> web.Response:
        spans, self.spans = self.spans, []
        return web.json_response(spans)

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        asked, counts = await request.json(), self.counts
        came = monotonic()
        self.requests.append(asked)
        counts["requests"] += 1
        counts["in_flight"] += 1
        counts["peak"] = max(counts["peak"], counts["in_flight"])
        content = json.dumps([asked["messages"], asked.get("seed")])
        self.prompts[content] += 1
        end = "lost"
        try:
            if self._denied(request):
                response: web.StreamResponse = _error(401, "Incorrect API key")
            elif refusal := self._refusal(asked):
                response = refusal
            else:
                response = await self._answer(request, asked, self.prompts[content])
            end = response.get(END, "completed")
            return response
        except asyncio.CancelledError:
            counts["cancelled"] += 1
            raise
        finally:
            counts[end] += 1
            counts["in_flight"] -= 1
            self.spans.append((came, monotonic()))

    def _denied(self, request: web.Request) -> bool:
        return bool(self.api_key) and request.headers.get("Authorization") != f"Bearer {self.api_key}"

    def _refusal(self, asked: Mapping[str, Any]) -> web.Response | None:
        """What this server cannot do."""
        if asked["model"] not in self.models:
            return _error(404, f"The model `{asked['model']}` does not exist.")
        if self.counts["in_flight"] > self.limit:
            return _error(429, "too many requests in flight")
        if (asked.get("n") or 1) > 1 and (self.choices == "refuse" or asked.get("temperature") == 0):
            return _error(400, "n must be 1")
        if wanted := asked.get("response_format"):
            if self.schema == "refuse":
                return _error(400, "response_format: json_schema is not supported by this model")
            if wanted["type"] == "json_schema" and not isinstance(wanted["json_schema"]["schema"], dict):
                return _error(400, "response_format.json_schema.schema: must be an object")
        return None

    async def _answer(self, request: web.Request, asked: Mapping[str, Any], time: int) -> web.StreamResponse:
        """The answer to a request that comes for the ``time``-th time, or what goes wrong with it."""
        fault = ""
        if self.faults and draw(asked, f"fault {self.seed}", time) < self.share:
            fault = self.faults[int(draw(asked, f"which {self.seed}", time) * len(self.faults))]
        count = 1 if self.choices == "one" else asked.get("n") or 1
        told = [self.said(asked, (asked.get("seed") or 0) + i) for i in range(count)]
        fault = next((str(one) for one in told if isinstance(one, Fault)), fault)
        self.counts[fault] += bool(fault)
        if fault in REFUSED:
            return _error(*REFUSED[fault])
        if seconds := self.seconds(asked):
            await asyncio.sleep(seconds)
        choices = [self._choice(one, fault, index) for index, one in enumerate(told)]
        prompt = sum(len(message["content"].split()) for message in asked["messages"])
        texts = [text for choice in choices for name, text in choice["message"].items() if name != "role"]
        tokens = sum(len(text or "") for text in texts)
        usage = {"prompt_tokens": prompt, "completion_tokens": tokens, "total_tokens": prompt + tokens}
        whole = {"id": "x", "model": self.model, "choices": choices, "usage": usage}
        body, kind = json.dumps(whole).encode(), "application/json"
        if asked.get("stream"):
            body, kind = b"".join(_events(whole)), "text/event-stream"
        if fault in LOST:
            return await self._lose(request, fault, whole, body, kind)
        self.counts["prompt_tokens"] += prompt
        self.counts["completion_tokens"] += tokens
        return web.Response(body=body, content_type=kind)

    def _choice(self, said: Said, fault: str, index: int) -> dict[str, Any]:
        fields = {"content": said} if isinstance(said, str) else dict(said)
        finish = fields.pop("finish_reason", "stop")
        text = fields.get("content")
        if fault == "cut":
            fields["content"], finish = (text or "")[: len(text or "") // 2], "length"
        elif fault in SPOILT:
            fields = {"content": SPOILT[fault]}
        elif self.reasoning_field and text and "</think>" in text:
            thought, _, content = text.removeprefix("<think>").rpartition("</think>")
            fields = {self.reasoning_field: thought, "content": content}
        return {"index": index, "message": {"role": "assistant", **fields}, "finish_reason": finish}

    async def _lose(
        self, request: web.Request, fault: str, whole: dict[str, Any], body: bytes, kind: str
    ) -> web.StreamResponse:
        """What arrives of an answer that does not."""
        if fault == "stall":
            await asyncio.sleep(self.stall_s)
        if fault in ("stall", "dropped", "half_closed"):
            response = web.StreamResponse(headers={"Content-Length": str(len(body)), "Content-Type": kind})
            if fault == "half_closed":
                await response.prepare(request)
                await response.write(body[: len(body) // 2])
            assert request.transport is not None
            request.transport.abort()
        else:
            aborted = [{**choice, "finish_reason": "abort"} for choice in whole["choices"]]
            texts = {
                "no_json": "<html>Bad gateway</html>",
                "no_choices": json.dumps({**whole, "choices": []}),
                "aborted": json.dumps({**whole, "choices": aborted}),
            }
            response = web.Response(text=texts[fault], content_type="application/json")
        response[END] = "lost"
        return response


def _events(whole: Mapping[str, Any]) -> Iterator[bytes]:
    """The same answer, piece by piece."""
    for choice in whole["choices"]:
        message = dict(choice["message"])
        pieces: list[dict[str, Any]] = [{"role": message.pop("role"), "content": ""}]
        for name in sorted(message, key="content".__eq__):  # the thought first
            text = message[name] or ""
            size = max(1, len(text) // PIECES)
            pieces += [{name: text[at : at + size]} for at in range(0, len(text), size)]
        deltas = [{"index": choice["index"], "delta": piece} for piece in pieces]
        deltas.append({"index": choice["index"], "delta": {}, "finish_reason": choice["finish_reason"]})
        for delta in deltas:
            yield b": keep-alive\n\ndata: " + json.dumps({"choices": [delta]}).encode() + b"\n\n"
    yield b"data: " + json.dumps({"choices": [], "usage": whole["usage"]}).encode() + b"\n\ndata: [DONE]\n\n"


def _error(status: int, message: str, headers: Mapping[str, str] | None = None) -> web.Response:
    error = {"message": message, "type": "error", "code": 500 if status == 200 else status}
    response = web.json_response({"error": error}, status=status, headers=headers)
    response[END] = "refused"
    return response
