"""In the environment of OpenEnv: the pairs through its server and client, and the example.

python tests/support/openenv_pairs.py [code]
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[2] / "docs/adapters/examples"))

import adapter_pairs
import httpx
import openenv_math
import uvicorn
from adapter_pages import run_block
from fastapi import FastAPI

from synthetic1.adapters.openenv import client, create_app, env_factory

FAMILIES = ("math", "code_understanding", "stem", "swe", "code")


@asynccontextmanager
async def served(apps: dict[str, Any]) -> Any:
    """The URL below which each app is."""
    app = FastAPI()
    for path, inner in apps.items():
        app.mount(f"/{path}", inner)
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    running = asyncio.create_task(server.serve([listening]))
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    await running


async def scored(url: str, pair: adapter_pairs.AdapterPair, finish_reason: bool = True) -> tuple[Any, str, str | None]:
    """Reward, status, reason."""
    async with client(url, message_timeout_s=600) as env:
        started = await env.reset(task=pair.task)
        assert (started.observation.prompt, started.done) == (pair.as_task().prompt, False)
        ended = await env.step({"completion": pair.text, "finish_reason": pair.finish_reason})
        assert ended.done
        return ended.reward, ended.observation.status, ended.observation.reason


async def faults(url: str, broken: adapter_pairs.AdapterPair) -> dict[str, str]:
    """What a client is told that does something wrong, or meets an unscorable task under ``raise``."""
    told = {}
    async with client(f"{url}/raise") as env:
        for name, doing in {
            "no_task": lambda: env.step("\\boxed{1}"),
            "unknown_task": lambda: env.reset(task_id="nowhere"),
            "unknown_split": lambda: env.reset(split="test", index=0),
            "malformed_task": lambda: env.reset(task={"prompt": 1}),
        }.items():
            try:
                await doing()
            except RuntimeError as error:
                told[name] = str(error)
        await env.reset(task=broken.task)
        try:
            await env.step(broken.text)
        except RuntimeError as error:
            told["unscorable"] = str(error)
        told["afterwards"] = (await env.reset(seed=1)).observation.status
    return told


def blocking(pair: adapter_pairs.AdapterPair) -> list[Any]:
    """Without a server and without an event loop."""
    env = env_factory("math")()
    started = env.reset(task=pair.task, episode_id="one")
    ended = env.step(pair.text)
    return [started.reward, ended.reward, env.state.step_count, env.state.episode_id]


def page(url: str) -> list[Any]:
    """The client on the page, which blocks."""
    prints: list[Any] = []
    run_block("openenv", "client(", ".", url, print=lambda *told: prints.extend(told))
    return prints


async def over_http(url: str) -> dict[str, Any]:
    """Plain HTTP, where every request has an environment of its own."""
    async with httpx.AsyncClient(base_url=f"{url}/math/") as http:
        started = (await http.post("reset", json={"seed": 3})).json()
        again = (await http.post("reset", json={"seed": 3})).json()
        task_id = started["observation"]["task_id"]
        action = {"completion": "\\boxed{nothing}", "task_id": task_id}
        ended = (await http.post("step", json={"action": action})).json()
        schema = (await http.get("schema")).json()
    return {"same": started == again, "ended": ended, "action": sorted(schema["action"]["properties"])}


async def main(code: bool) -> dict[str, Any]:
    pairs = adapter_pairs.load(code=code)
    apps = {family: create_app(family) for family in FAMILIES}
    apps |= {f"{family}_open": create_app(family, {"thinking_open": True}) for family in FAMILIES}
    apps["page"] = run_block("openenv", "app =", ".")["app"]
    apps |= {"raise": create_app("math", unscorable="raise"), "number": create_app("math", unscorable=0.25)}
    broken = next(pair for pair in pairs if pair.kind == "no_gold")
    async with served(apps) as url:

        def place(pair: adapter_pairs.AdapterPair) -> str:
            family = "math" if pair.family == "broken" else pair.family
            return f"{url}/{family}_open" if pair.thinking_open else f"{url}/{family}"

        told = {
            "scores": await asyncio.gather(*(scored(place(pair), pair) for pair in pairs)),
            "page": await asyncio.to_thread(page, f"{url}/page"),
            "blocking": await asyncio.to_thread(blocking, pairs[0]),
            "number": await scored(f"{url}/number", broken),
            "faults": await faults(url, broken),
            "http": await over_http(url),
        }
    return {**told, "example": await openenv_math.main()}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main("code" in sys.argv[1:]))))
