"""Serve mathematics as an OpenEnv environment, and play four episodes of it through OpenEnv's client.

python docs/adapters/examples/openenv_math.py
"""

from __future__ import annotations

import asyncio
import json
import socket

import uvicorn

from synthetic1.adapters.openenv import client, create_app


async def main() -> dict[str, list[float]]:
    app = create_app("math", {"level": "1-2"})  # on its own: uvicorn my_app:app --ws-max-size 16777216
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    running = asyncio.create_task(server.serve([listening]))
    rewards = []
    async with client(f"http://127.0.0.1:{listening.getsockname()[1]}") as env:
        for seed in range(4):
            started = await env.reset(seed=seed)
            assert "\\boxed" in started.observation.prompt
            ended = await env.step("<think>It is what it is.</think>\\boxed{0}")
            rewards.append(ended.reward)
    server.should_exit = True
    await running
    return {"rewards": rewards}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main())))
