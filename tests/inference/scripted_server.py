"""A server of completions whose every answer is known beforehand: the OpenAI protocol on loopback, in its own process.

``python tests/inference/scripted_server.py --port 0 …`` prints its address on its first line. What it answers is a
function of the request alone, so that two runs that ask the same get the same, in any order.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import json
import math
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

from aiohttp import web


def draw(request: dict[str, Any], what: str, index: int = 0) -> float:
    """A number in [0, 1) that belongs to this request."""
    content = json.dumps([request.get("messages"), request.get("seed"), what, index])
    return int.from_bytes(hashlib.blake2b(content.encode(), digest_size=7).digest()) / 2**56


class ScriptedServer:
    """Says ``thought + answer``: right with probability ``right``, cut off with ``truncated``."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.counts: Counter[str] = Counter()
        self.prompts: Counter[str] = Counter()
        """How often each (prompt, seed) was asked."""

    def app(self) -> web.Application:
        app = web.Application(client_max_size=2**24)
        app.router.add_get("/v1/models", self.models)
        app.router.add_get("/counts", self.counted)
        app.router.add_post("/v1/chat/completions", self.chat)
        return app

    async def models(self, _: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": self.options.model, "max_model_len": 100_000}]})

    async def counted(self, _: web.Request) -> web.Response:
        return web.json_response(
            {"requests": 0, **self.counts, "distinct": len(self.prompts), "most": max(self.prompts.values(), default=0)}
        )

    async def chat(self, request: web.Request) -> web.Response:
        o, asked = self.options, await request.json()
        self.counts["requests"] += 1
        self.counts["in_flight"] += 1
        self.counts["peak"] = max(self.counts["peak"], self.counts["in_flight"])
        self.prompts[json.dumps([asked["messages"], asked.get("seed")])] += 1
        try:
            if o.latency:
                normal = math.sqrt(-2 * math.log(1 - draw(asked, "u"))) * math.cos(2 * math.pi * draw(asked, "v"))
                await asyncio.sleep(o.latency * math.exp(o.sigma * normal))
            prompt = asked["messages"][-1]["content"]
            if o.poison and o.poison in prompt:
                return web.json_response({"error": {"message": "this prompt is too long"}}, status=400)
            choices = [self.choice(asked, i) for i in range(asked.get("n") or 1)]
        finally:
            self.counts["in_flight"] -= 1
        tokens = sum(len(c["message"]["content"]) for c in choices)
        self.counts["completed"] += 1
        self.counts["tokens"] += tokens
        usage = {"prompt_tokens": 10, "completion_tokens": tokens, "total_tokens": 10 + tokens}
        return web.json_response({"id": "x", "model": o.model, "choices": choices, "usage": usage})

    def choice(self, asked: dict[str, Any], index: int) -> dict[str, Any]:
        o = self.options
        last = asked["messages"][-1]
        continues = last["role"] == "assistant"
        prompt = asked["messages"][0]["content"]
        right = draw(asked, "right", index) < o.right
        value = o.answer(prompt) if right else f"wrong {draw(asked, 'wrong', index):.6f}"
        thought = "é \u2028 padding " * o.padding
        text = f"<think>\n{thought}\n</think>\n\n{o.shape.replace('ANSWER', value)}"
        finish = "stop"
        if draw(asked, "cut", index) < o.truncated and not continues:
            text, finish = text[: len(text) // 3], "length"
        if continues:
            whole = f"<think>\n{thought}\n</think>\n\n{o.shape.replace('ANSWER', o.answer(prompt))}"
            text = whole[len(last["content"]) :]
        message: dict[str, Any] = {"role": "assistant", "content": text}
        if o.reasoning_field and "</think>" in text and not continues:
            reasoning, _, content = text.removeprefix("<think>").partition("</think>")
            message = {"role": "assistant", o.reasoning_field: reasoning, "content": content}
        return {"index": index, "message": message, "finish_reason": finish}


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--model", default="scripted")
    parser.add_argument("--right", type=float, default=0.5)
    parser.add_argument("--truncated", type=float, default=0.0)
    parser.add_argument("--latency", type=float, default=0.0, help="median seconds, lognormal")
    parser.add_argument("--sigma", type=float, default=0.6)
    parser.add_argument("--padding", type=int, default=1)
    parser.add_argument("--poison", default="", help="prompts that hold this are refused with status 400")
    parser.add_argument("--reasoning-field", default="", help="send the thought apart, in this field")
    parser.add_argument("--shape", default="\\boxed{ANSWER}", help="what the answer looks like")
    options = parser.parse_args(argv)
    options.answer = lambda prompt: prompt.rpartition(" = ")[2]  # the tests' tasks say it themselves
    return options


async def serve(options: argparse.Namespace) -> None:
    runner = web.AppRunner(ScriptedServer(options).app(), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", options.port, reuse_address=True)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
    print(f"http://127.0.0.1:{port}/v1", flush=True)
    await asyncio.Event().wait()


class Process:
    """The server as a process of its own, for tests that kill it."""

    def __init__(self, *options: str) -> None:
        self.options = options
        self.port = 0
        self.process: subprocess.Popen[str] | None = None
        self.start()

    def start(self) -> None:
        """Come up, at the same port as before."""
        command = [sys.executable, __file__, "--port", str(self.port), *self.options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        self.port = int(self.url.rpartition(":")[2].partition("/")[0])

    def kill(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process.stdout.close()  # type: ignore[union-attr]
            self.process = None

    def counts(self) -> dict[str, int]:
        from urllib.request import urlopen

        with urlopen(self.url.replace("/v1", "/counts"), timeout=10) as reply:
            found: dict[str, int] = json.load(reply)
            return found


@contextlib.contextmanager
def scripted(*options: str) -> Iterator[Process]:
    process = Process(*options)
    try:
        yield process
    finally:
        process.kill()


if __name__ == "__main__":
    asyncio.run(serve(arguments()))
