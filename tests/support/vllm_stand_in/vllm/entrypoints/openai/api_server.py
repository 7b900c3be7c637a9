"""What is started in place of vLLM: the scripted server, with the command line of vLLM and a book of what it is asked.

Beside vLLM's arguments it takes ``--book FOLDER``: a file for each process, named for it, whose first line says which
GPUs it may use, with a line for each request that comes (``+``) and each answer that goes (``-``). While there is a
file ``FOLDER/hold``, none goes after so many requests as it says have come to all (an empty one: 0). Also
``--latency``, ``--slow``, and ``--child``, to start a process of its own, as a tensor-parallel server does. On a node
whose environment has ``STAND_IN_BREAKS``, it says why and ends.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
from hashlib import blake2b
from pathlib import Path
from typing import Any

import scripted_process
from aiohttp import web
from scripted_server import ScriptedServer


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    for name in ("--model", "--host", "--served-model-name", "--book"):
        parser.add_argument(name, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--right", type=float, default=0.5)
    parser.add_argument("--child", action="store_true")
    parser.add_argument("--slow", action="store_true", help="never answer")
    parser.add_argument("--tensor-parallel-size")
    parser.add_argument("--dtype")
    return parser.parse_args()


class Book:
    """What this process was asked, on the disk before the answer."""

    def __init__(self, folder: str) -> None:
        self._path = Path(folder, f"{os.getpid()}.book")
        self._path.write_text(f"GPUs {os.environ.get('CUDA_VISIBLE_DEVICES')}\n")
        self._is_known = False

    def well(self) -> None:
        """Somebody has asked whether it is well, and been told so."""
        if not self._is_known:
            self._is_known = True
            with self._path.open("a") as file:
                file.write("well\n")

    def may_answer(self) -> bool:
        """Whether no more requests than ``hold`` says have come, to all servers together."""
        try:
            most = int((self._path.parent / "hold").read_text() or 0)
        except FileNotFoundError:
            return True
        return sum(path.read_text().count("+") for path in self._path.parent.glob("*.book")) <= most

    def write(self, sign: str, asked: Any) -> None:
        content = json.dumps([asked["messages"], asked.get("seed")])
        with self._path.open("a") as file:
            file.write(f"{sign} {blake2b(content.encode(), digest_size=8).hexdigest()}\n")


async def serve(options: argparse.Namespace) -> None:
    served = argparse.Namespace(**vars(scripted_process.arguments([])) | vars(options))
    server = ScriptedServer(
        scripted_process.sums(served), model=options.served_model_name, latency=options.latency, sigma=0.6
    )
    book = Book(options.book)

    async def chat(request: web.Request) -> web.StreamResponse:
        asked = await request.json()
        book.write("+", asked)
        while not book.may_answer():
            await asyncio.sleep(0.02)
        response = await server._chat(request)
        book.write("-", asked)
        return response

    async def health(_: web.Request) -> web.Response:
        book.well()
        return web.Response()

    app = web.Application()
    app.router.add_get("/health", health)
    app.router.add_get("/v1/models", server._models)
    app.router.add_post("/v1/chat/completions", chat)
    runner = web.AppRunner(app, shutdown_timeout=0.05, handler_cancellation=True, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, options.host, options.port, reuse_address=True, backlog=4096).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    chosen = arguments()
    if "STAND_IN_BREAKS" in os.environ:
        sys.exit("ValueError: no free memory on the device is left for the cache")
    if chosen.child:
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(10_000)", "child", chosen.book])
    asyncio.run(asyncio.Event().wait() if chosen.slow else serve(chosen))
