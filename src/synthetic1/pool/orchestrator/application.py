"""The orchestrator over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException

from synthetic1.pool.errors import RequestRefused
from synthetic1.pool.orchestrator.door import JSON, Door, refusal
from synthetic1.pool.orchestrator.exposition import CONTENT_TYPE, PoolNumbers
from synthetic1.pool.orchestrator.service import PoolService
from synthetic1.pool.signed_request import RequestCheck, SignedRequest
from synthetic1.pool.wire import (
    AdminRequest,
    CommitmentRequest,
    EarnedReply,
    EmptyRequest,
    JoinReply,
    JoinRequest,
    LeaseReply,
    LeaseRequest,
    OpeningsReply,
    OpeningsRequest,
    PoolFacts,
    ProductRequest,
    RenewReply,
    RenewRequest,
    Standing,
    SubmitReply,
    SubmitRequest,
    VectorReply,
)

LAPSE_LOOK_S = 0.5
AHEAD_S = 0.05
"""Between two looks whether there is room for more tasks."""


def make_pool_application(
    service: PoolService, pool: str, check: RequestCheck, failed: Callable[[Exception], None]
) -> FastAPI:
    """The ASGI application of a service.

    Args:
        pool: the orchestrator's public key.
        failed: told, once, of what keeps the service from going on.
    """
    from synthetic1 import __version__

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(work) for work in (service.settling.run(), _lapses(service), _ahead(service))]
        for task in tasks:
            task.add_done_callback(lambda done: None if done.cancelled() else failed(_error(done)))
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    app = FastAPI(
        title="synthetic1 pool",
        version=__version__,
        summary="Tasks lent to contributed machines; nothing they hand in is believed before it was looked at.",
        lifespan=lifespan,
        redoc_url=None,
        docs_url=None,
        swagger_ui_oauth2_redirect_url=None,
    )

    async def refused(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException), "it is registered for these"
        return refusal(RequestRefused(error.status_code, "http", str(error.detail)))

    app.add_exception_handler(HTTPException, refused)
    facts = PoolFacts(pool=pool, run=service.settings.name, version=__version__).model_dump_json()

    @app.get("/health", response_class=Response, summary="The process lives, and which pool it is")
    async def health() -> Response:
        return Response(facts, media_type=JSON)

    numbers = PoolNumbers(service)

    @app.get("/metrics", response_class=Response, summary="For Prometheus")
    async def metrics() -> Response:
        return Response(numbers.text(), media_type=CONTENT_TYPE)

    _add_signed(Door(app, check, service.members.knows, failed), service)
    return app


def _add_signed(door: Door, service: PoolService) -> None:
    async def join(signed: SignedRequest, said: JoinRequest) -> JoinReply:
        return await service.join(signed.node, signed.timestamp_ms, said)

    async def commitment(signed: SignedRequest, said: CommitmentRequest) -> VectorReply:
        service.members.of(signed.node)
        return await service.challenges.commit(signed.node, said)

    async def product(signed: SignedRequest, said: ProductRequest) -> OpeningsReply:
        service.members.of(signed.node)
        return await service.challenges.product(signed.node, said)

    async def openings(signed: SignedRequest, said: OpeningsRequest) -> Standing:
        service.members.of(signed.node)
        await service.challenges.openings(signed.node, said)
        return await service.passed(signed.node)

    async def lend(signed: SignedRequest, said: LeaseRequest) -> LeaseReply:
        return await service.lend(signed.node, signed.timestamp_ms, said)

    async def held(signed: SignedRequest, _: EmptyRequest) -> LeaseReply:
        return service.held(signed.node)

    async def renew(signed: SignedRequest, said: RenewRequest) -> RenewReply:
        return await service.renew(signed.node, signed.timestamp_ms, said)

    async def submit(signed: SignedRequest, said: SubmitRequest) -> SubmitReply:
        return await service.submit(signed.node, signed.timestamp_ms, said)

    async def earned(signed: SignedRequest, _: EmptyRequest) -> EarnedReply:
        return service.earned(signed.node)

    async def administer(signed: SignedRequest, said: AdminRequest) -> Standing:
        return await service.administer(signed.node, said.action, said.node, said.why)

    door.add("/v1/join", JoinRequest, JoinReply, join, "Join, or say something new of oneself")
    door.add("/v1/challenge/commitment", CommitmentRequest, VectorReply, commitment, "The challenge, first answer")
    door.add("/v1/challenge/product", ProductRequest, OpeningsReply, product, "The challenge, second answer")
    door.add("/v1/challenge/openings", OpeningsRequest, Standing, openings, "The challenge, last answer")
    door.add("/v1/leases", LeaseRequest, LeaseReply, lend, "Get tasks")
    door.add("/v1/leases/held", EmptyRequest, LeaseReply, held, "The tasks that one has")
    door.add("/v1/leases/renew", RenewRequest, RenewReply, renew, "A sign of life")
    door.add("/v1/submissions", SubmitRequest, SubmitReply, submit, "Hand in what is done")
    door.add("/v1/earned", EmptyRequest, EarnedReply, earned, "How one stands")
    door.add("/v1/admin/nodes", AdminRequest, Standing, administer, "Quarantine or release a node")


async def _lapses(service: PoolService) -> None:
    while True:
        await service.let_lapse()
        await asyncio.sleep(LAPSE_LOOK_S)


async def _ahead(service: PoolService) -> None:
    while True:
        service.lending.read_ahead()
        await asyncio.sleep(AHEAD_S)


def _error(task: asyncio.Task[None]) -> Exception:
    error = task.exception()
    return error if isinstance(error, Exception) else RuntimeError(f"it ended: {error!r}")
