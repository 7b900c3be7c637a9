"""A worker from its plan to its end: key, pool, server, proofs."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic

from synthetic1.inference.client import Client
from synthetic1.inference.errors import ServerError
from synthetic1.inference.server import Server
from synthetic1.jobs.launching import launched
from synthetic1.jobs.model_settings import ModelSettings
from synthetic1.jobs.program import STOPPED, ProgramError
from synthetic1.jobs.stopping import stop_on_signal
from synthetic1.pool.node_key import NodeKey
from synthetic1.pool.wire import JoinRequest, Terms
from synthetic1.pool.worker.connection import PoolConnection
from synthetic1.pool.worker.machine import device_of
from synthetic1.pool.worker.spool import Spool
from synthetic1.pool.worker.worker import PoolWorker, Prover, WorkerCounts, join, keep_held

SAID_EVERY_S = 10.0


@dataclass(frozen=True)
class WorkerPlan:
    """What the command line says."""

    join: str
    server: str | None
    """``None``: vLLM is started."""
    model: str | None
    key: Path
    pool: str | None
    name: str
    region: str
    concurrency: int
    state: Path
    patience_s: float
    api_key_env: str


async def work(plan: WorkerPlan) -> int:
    """Work until the pool has nothing left, or a signal says stop; the exit status.

    Raises:
        ProgramError, PoolError: the pool or the server cannot be used; or the node is not welcome.
    """
    key = NodeKey.open(plan.key)
    connection = await PoolConnection.open(plan.join, key, plan.pool, patience_s=plan.patience_s)
    spool = Spool(plan.state / connection.pool[:16])  # what is of one pool is not handed in to another
    try:
        device, memory = device_of()
        print(f"node   {key.node_id}\npool   {connection.pool}", flush=True)
        said = JoinRequest(name=plan.name, region=plan.region, device=device, memory_bytes=memory)
        terms = (await join(connection, key, said)).terms
        print(f"joined {terms.run}: {terms.model}, {terms.sampling}", flush=True)
        keeping = asyncio.create_task(keep_held(connection, spool, terms))
        prover = await asyncio.to_thread(_prover, plan, terms)
        async with _server_of(plan, terms) as server, Client(server) as client:
            try:
                await client.check()
            except ServerError as error:
                raise ProgramError(str(error)) from error
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
            worker = PoolWorker(
                connection, terms, client, spool, prover, concurrency=plan.concurrency, on_news=Saying().say
            )
            with stop_on_signal(worker):
                await worker.run()
        counts = worker.counts
        print(f"{counts.handed_in:,} handed in, {counts.lost:,} too late, {counts.failed:,} not answered", flush=True)
        return STOPPED if worker.stopping else 0
    finally:
        await connection.aclose()


class Saying:
    """A line now and then."""

    def __init__(self) -> None:
        self._last = -SAID_EVERY_S

    def say(self, counts: WorkerCounts) -> None:
        now, earned = monotonic(), counts.earned
        if earned is None or now - self._last < SAID_EVERY_S:
            return
        self._last = now
        print(
            f"{counts.handed_in:,} handed in | accepted {earned.accepted:,}, rejected {earned.rejected:,}, pending "
            f"{earned.pending:,} | verified {earned.verified:,} | {earned.units:,} work units",
            flush=True,
            file=sys.stdout,
        )


@asynccontextmanager
async def _server_of(plan: WorkerPlan, terms: Terms) -> AsyncIterator[Server]:
    settings = {"api_key_env": plan.api_key_env, "max_in_flight": plan.concurrency, "timeout_s": 3600.0}
    if plan.server is not None:
        yield Server((plan.server,), thinking_open=terms.thinking_open, **settings)  # type: ignore[arg-type]
        return
    model = ModelSettings(name=plan.model or terms.model)
    async with launched(model, [], thinking_open=terms.thinking_open) as server:
        yield replace(server, **settings)  # type: ignore[arg-type]


def _prover(plan: WorkerPlan, terms: Terms) -> Prover | None:
    if terms.proof == "none":
        return None
    from synthetic1.pool.worker.proving import opened_prover

    return opened_prover(plan.model or terms.model, terms.dtype)
