"""A pool for tests: the orchestrator in this process, on loopback, over forty sums; nodes that sign for themselves."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import uvicorn

from synthetic1.datagen.journal.runs import open_journal
from synthetic1.jobs.opening import open_environment
from synthetic1.keys import canonical_json
from synthetic1.pool.ledger import FileLedger
from synthetic1.pool.node_key import NodeKey
from synthetic1.pool.orchestrator.application import make_pool_application
from synthetic1.pool.orchestrator.service import PoolService
from synthetic1.pool.orchestrator.settings import PoolSettings
from synthetic1.pool.orchestrator.start import KEY, LEDGER, assembled
from synthetic1.pool.signed_request import RequestCheck, sign_request


def write_sums(path: Path, many: int = 40) -> Path:
    """Mathematical tasks that say their answers."""
    rows = [
        {
            "problem_id": f"p{i:04d}",
            "task_type": "verifiable_math",
            "prompt": f"What is {i} + {i}? It is said that {i} + {i} = {2 * i}",
            "verification_info": json.dumps({"ground_truth": str(2 * i)}),
            "source": "test",
        }
        for i in range(many)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def pool_settings(folder: Path, **more: Any) -> PoolSettings:
    """A pool without a challenge, whose groups are settled at once."""
    tasks = folder / "tasks.jsonl"
    if not tasks.exists():
        write_sums(tasks)
    values: dict[str, Any] = {
        "env": {"id": "synthetic1/math-v0", "tasks": str(tasks), "split": "all"},
        "model_name": "scripted",
        "runs": str(folder / "runs"),
        "run_name": "t",
        "challenge": {"memory_bytes": 0},
        "lease": {"repeated": 0.0},
        "audit": {"group_s": 0.2},
        "per_minute": 100_000,
    }
    for name, value in more.items():
        values[name] = {**values.get(name, {}), **value} if isinstance(value, dict) else value
    return PoolSettings.model_validate(values)


class PoolBed:
    """A pool that runs; ``node()`` makes somebody who speaks to it."""

    def __init__(self, service: PoolService, url: str, pool: str, session: aiohttp.ClientSession) -> None:
        self.service, self.url, self.pool, self.session = service, url, pool, session
        self.failed: list[Exception] = []

    def node(self, key: NodeKey | None = None) -> NodeBed:
        return NodeBed(self, key or NodeKey.generate())

    async def settled(self, many: int, seconds: float = 20.0) -> None:
        """Wait until so many completions are settled, and all that follows from them is done."""
        async with asyncio.timeout(seconds):
            while self._settled < many or self.service.settling.pending:
                await asyncio.sleep(0.02)

    @property
    def _settled(self) -> int:
        return sum(self.state(one) for one in ("accepted", "rejected", "crashed"))

    def state(self, name: str) -> int:
        return sum(record.counts[name] for record in self.service.members)


class NodeBed:
    """A node by hand: every request is signed, and answered by (status, JSON)."""

    def __init__(self, bed: PoolBed, key: NodeKey) -> None:
        self.bed, self.key = bed, key
        self.id = key.node_id

    async def post(self, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, Any]]:
        sent = body if isinstance(body, bytes) else canonical_json({} if body is None else body)
        signed = sign_request(self.key, self.bed.pool, "POST", path, sent) | headers
        async with self.bed.session.post(self.bed.url + path, data=sent, headers=signed) as response:
            return response.status, await response.json()

    async def ok(self, path: str, body: Any = None) -> dict[str, Any]:
        status, said = await self.post(path, body)
        assert status == 200, said
        return said

    async def join(self, **said: Any) -> dict[str, Any]:
        return await self.ok("/v1/join", said)

    async def lease(self, many: int = 8) -> list[dict[str, Any]]:
        return list((await self.ok("/v1/leases", {"many": many}))["tasks"])

    async def submit(self, tasks: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
        return await self.ok("/v1/submissions", {"work": [work_of(task, **more) for task in tasks]})

    async def earned(self) -> dict[str, Any]:
        return await self.ok("/v1/earned")


def work_of(task: dict[str, Any], *, right: bool = True, **more: Any) -> dict[str, Any]:
    """A completion for a lent task."""
    answer = task["prompt"].rpartition(" = ")[2] if right else "-1"
    text = f"The sum is \\boxed{{{answer}}}"
    work = {"unit": task["unit"], "text": text, "finish_reason": "stop", "prompt_tokens": 20, "completion_tokens": 9}
    return work | more


@asynccontextmanager
async def led_pool(
    folder: Path, *, recompute: Any = None, clock: Callable[[], float] | None = None, **more: Any
) -> AsyncIterator[PoolBed]:
    """An orchestrator for as long as the block lasts; begun again in the same folder, it goes on."""
    settings = pool_settings(folder, **more)
    settings.folder.mkdir(parents=True, exist_ok=True)
    key = NodeKey.open(settings.folder / KEY)
    journal = open_journal(settings.folder, settings.journal, alone=True)
    ledger = FileLedger(settings.folder / LEDGER, key)
    opened = open_environment(settings.judged_env, bad_rows=settings.bad_rows)
    timed = {} if clock is None else {"clock": clock}
    try:
        service, telling = assembled(settings, opened, journal, ledger, recompute, **timed)
        members = service.members
        check = RequestCheck(
            key.node_id, per_minute=settings.per_minute, committed=members.committed_ms, known=members.knows
        )
        failed: list[Exception] = []
        app = make_pool_application(service, key.node_id, check, failed.append)
        telling.add_to(app, service)
        port = settings.port if "port" in more else 0
        config = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", access_log=False, ws="none")
        server = uvicorn.Server(config)
        socket = config.bind_socket()
        serving = asyncio.create_task(server._serve([socket]))
        async with aiohttp.ClientSession() as session:
            while not server.started:
                await asyncio.sleep(0.01)
            bed = PoolBed(service, f"http://127.0.0.1:{socket.getsockname()[1]}", key.node_id, session)
            bed.failed = failed
            try:
                yield bed
            finally:
                server.should_exit = True
                await serving
    finally:
        ledger.close()
        journal.close()
        opened.scorer.close()
