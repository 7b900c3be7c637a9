"""One run of generation as ``datagen/generate.py`` does it, and the floor: a loop over aiohttp that keeps nothing."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from generate_server import MODEL, prompt

from synthetic1.completion import Completion
from synthetic1.rewards.verifier import Verifier
from synthetic1.task import Task
from synthetic1.verdict import Verdict


@dataclass(frozen=True)
class Always(Verifier):
    """Says that every answer is right: what generation costs without verification."""

    version: ClassVar[int] = 1
    inline: ClassVar[bool] = True

    async def verify(self, task: Task, completion: Completion) -> Verdict:
        return Verdict.graded(1.0, answer="4")


async def ours(url: str, n: int, slots: int) -> dict[str, float]:
    """Journal, scorer, client and scheduler as a run has them; only the judge is trivial."""
    from synthetic1.datagen.generation.goal import Progress
    from synthetic1.datagen.generation.run import introduce, schedule
    from synthetic1.datagen.generation.settings import GenerateSettings
    from synthetic1.datagen.journal.writer import Journal
    from synthetic1.inference.client import Client
    from synthetic1.rewards.scoring.scorer import Scorer
    from synthetic1.tasks.sources.source import TaskList

    settings = GenerateSettings.model_validate(
        {
            "env": {"id": "math-v0"},
            "model_name": MODEL,
            "server": url,
            "concurrency": slots,
            "sampling": {"max_tokens": 4096},
        }
    )
    tasks = [Task(f"p{i}", "verifiable_math", prompt(i), {"ground_truth": "4"}) for i in range(n)]
    scorer, progress = Scorer({"verifiable_math": Always()}), Progress()
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder, scorer:
        journal = Journal.open(Path(folder) / "journal.sqlite")
        async with Client(settings.server_for(url, False)) as client:
            await introduce(client)
            generation = schedule(settings, TaskList(tasks, name="benchmark"), scorer, client, journal, progress)
            measured = await timed(generation.run)
        counts = journal.counts()
        journal.close()
    assert counts == {"tasks": n, "rollouts": n, "verified": n, "failures": 0}, counts
    return measured


async def bare(url: str, n: int, slots: int) -> dict[str, float]:
    """What one would write by hand: workers, one session, the text taken out, nothing kept."""
    import aiohttp

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        indices = iter(range(n))
        texts = 0

        async def work() -> None:
            nonlocal texts
            for index in indices:
                body: dict[str, Any] = {"model": MODEL, "messages": [{"role": "user", "content": prompt(index)}]}
                body |= {"max_tokens": 4096, "temperature": 0.6, "top_p": 0.95, "seed": index}
                async with session.post(f"{url}/chat/completions", json=body) as response:
                    value = json.loads(await response.read())
                texts += bool(value["choices"][0]["message"]["content"])

        measured = await timed(lambda: asyncio.gather(*(work() for _ in range(slots))))
    assert texts == n
    return measured


async def timed(work: Callable[[], Awaitable[object]]) -> dict[str, float]:
    """Seconds of the clock and of the processor, over all threads of this process."""
    wall, cpu = time.perf_counter(), time.process_time()
    await work()
    return {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
