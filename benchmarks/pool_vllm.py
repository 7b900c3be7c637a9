"""Rollouts by vLLM on the CPU, with seeds, for ``pool_detection.py``: an honest worker with another engine."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from typing import Any

import aiohttp
from pool_liars import MAX_TOKENS, HandedIn

from synthetic1.inference.launch import launch_vllm
from synthetic1.jobs.embedded_model import FOLDER
from synthetic1.task import Task

ARGUMENTS = ("--enforce-eager", "--max-model-len", "2048", "--served-model-name", "embedded")
SETTINGS = {"OMP_NUM_THREADS": "1", "TORCH_COMPILE_DISABLE": "1", "VLLM_LOGGING_LEVEL": "WARNING"}
SETTINGS |= {"VLLM_ENABLE_V1_MULTIPROCESSING": "0", "VLLM_HOST_IP": "127.0.0.1", "VLLM_NO_USAGE_STATS": "1"}
AT_ONCE = 32


def written_by_vllm(tasks: Sequence[Task], seeds: Sequence[int]) -> list[HandedIn]:
    """Start it, have it complete all tasks at temperature 1, and end it."""
    os.environ.update(SETTINGS)
    return asyncio.run(_written(tasks, seeds))


async def _written(tasks: Sequence[Task], seeds: Sequence[int]) -> list[HandedIn]:
    gate = asyncio.Semaphore(AT_ONCE)
    async with launch_vllm(str(FOLDER), arguments=ARGUMENTS, start_s=600) as server, aiohttp.ClientSession() as client:

        async def one(task: Task, seed: int) -> HandedIn:
            asked: dict[str, Any] = {"model": "embedded", "messages": [{"role": "user", "content": task.prompt}]}
            asked |= {"seed": seed, "temperature": 1.0, "max_tokens": MAX_TOKENS, "return_token_ids": True}
            async with gate, client.post(f"{server.urls[0]}/chat/completions", json=asked) as reply:
                reply.raise_for_status()
                said = await reply.json()
            (choice,) = said["choices"]
            ended = choice["finish_reason"] == "stop"
            return HandedIn(said["prompt_token_ids"], choice["token_ids"], None, seed, ended)

        return list(await asyncio.gather(*(one(task, seed) for task, seed in zip(tasks, seeds, strict=True))))
