"""A scripted model for adapters whose packages roll out by themselves: on a thread of its own, every field set."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from aiohttp import web
from scripted_server import ScriptedServer


class StrictServer(ScriptedServer):
    """Answers with the fields that the types of OpenAI's package require, which some packages validate."""

    async def _answer(self, request: web.Request, asked: Mapping[str, Any], time: int) -> web.StreamResponse:
        answer = await super()._answer(request, asked, time)
        if isinstance(answer, web.Response) and answer.content_type == "application/json" and answer.status == 200:
            assert isinstance(answer.body, bytes)
            answer.body = json.dumps({"object": "chat.completion", "created": 0, **json.loads(answer.body)}).encode()
        return answer


@contextmanager
def serving(reply: Callable[[Any, int], Any]) -> Iterator[StrictServer]:
    """The server while the block runs; the caller may block."""
    server, loop = StrictServer(reply), asyncio.new_event_loop()
    loop.run_until_complete(server.start())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
