"""The web application: the guarded endpoints that score, and those that tell about the server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.exceptions import HTTPException as StarletteHTTPException

from synthetic1.serving.admission import Admission
from synthetic1.serving.endpoints import Endpoint, ScoreEndpoints
from synthetic1.serving.exposition import CONTENT_TYPE, Exposition
from synthetic1.serving.guard import OPEN, Asgi, Guard, fault
from synthetic1.serving.open_instruct import OpenInstructEndpoints
from synthetic1.serving.openrlhf import OpenRlhfEndpoint
from synthetic1.serving.readiness import Readiness
from synthetic1.serving.service import FAMILY_OF, RewardService
from synthetic1.serving.wire import FamiliesOnWire, Fault, Health

JSON: Final = "application/json"
REFUSALS: Final = {
    400: "The body is not JSON.",
    401: "The API key is missing or wrong.",
    404: "There is no such task.",
    408: "The request did not arrive in time.",
    409: "The task cannot be scored: it, or its gold, is at fault.",
    413: "The body is too large, or has too many pairs.",
    415: "The body is not declared as JSON.",
    421: "The request names another host, and this server, which has no key, answers to this machine's names only.",
    422: "The body has another shape.",
    431: "The head of the request is too large.",
    503: "The server is full, or failed to give a score; `Retry-After` says when to ask again.",
}
ALL_HAVE: Final = (400, 401, 408, 413, 415, 421, 422, 431, 503)
REF: Final = "#/components/schemas/{model}"


def make_application(service: RewardService) -> Asgi:
    """The ASGI application of a service, which it closes when it ends."""
    admission = Admission(service.settings.concurrency, service.settings.queue)
    readiness = Readiness(service)
    told = ("/healthz", "/readyz", "/health", "/metrics", "/v1/families", "/openapi.json", "/docs")
    scoring: list[Endpoint[Any]] = []
    exposition = Exposition((*told, *PATHS), service.verifiers, admission)
    for part in (ScoreEndpoints, OpenRlhfEndpoint, OpenInstructEndpoints):
        scoring += part(service, exposition).endpoints()
    app = _make_app(service, readiness)
    _tell(app, service, readiness, exposition)
    _declare(app, scoring)
    answers = {endpoint.path: endpoint.answer for endpoint in scoring}
    return Guard(app, answers, service.settings, admission, exposition)


PATHS: Final = ("/v1/score", "/v1/score_batch", "/get_reward", "/test_program", "/test_program_stdio")


def _make_app(service: RewardService, readiness: Readiness) -> FastAPI:
    from synthetic1 import __version__

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        readiness.start()
        yield
        await readiness.stop()
        service.close()

    app = FastAPI(
        title="synthetic1 serve",
        version=__version__,
        summary="Verifiable rewards over HTTP: a task and a completion in, a verdict out.",
        lifespan=lifespan,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
    )

    async def refused(_: Request, error: Exception) -> Response:
        assert isinstance(error, StarletteHTTPException), "it is registered for these"
        return Response(fault(str(error.detail)), error.status_code, error.headers, JSON)

    app.add_exception_handler(StarletteHTTPException, refused)
    return app


def _tell(app: FastAPI, service: RewardService, readiness: Readiness, exposition: Exposition) -> None:
    """The endpoints that tell about the server."""

    @app.get("/healthz", response_model=Health, summary="The process lives")
    @app.get("/health", response_model=Health, include_in_schema=False)  # of open-instruct's API
    async def healthz() -> Health:
        return Health(status="healthy")

    unready: dict[int | str, dict[str, Any]] = {503: {"model": Health, "description": "What does not work."}}

    @app.get("/readyz", response_model=Health, responses=unready, summary="What the server promises works")
    async def readyz(response: Response) -> Health:
        readiness.start()
        why = readiness.fault
        response.status_code = 200 if why is None else 503
        return Health(status="ready" if why is None else "not ready", why=why or "")

    locked: dict[int | str, dict[str, Any]] = {401: {"model": Fault, "description": REFUSALS[401]}}

    @app.get("/v1/families", response_model=FamiliesOnWire, responses=locked, summary="What can be scored here")
    async def families() -> dict[str, Any]:
        readiness.start()
        rows = []
        for task_type, state in readiness.states.items():
            described = service.described(task_type)
            assert described is not None, "states are those of the service's verifiers"
            family = FAMILY_OF.get(task_type, task_type)
            told = {"works": state.works, "promised": state.promised, "why": state.why}
            rows.append({"family": family, **described, **told})
        return {"families": rows, "tasks": 0 if service.tasks is None else len(service.tasks)}

    text: dict[int | str, dict[str, Any]] = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}, **locked}

    @app.get("/metrics", responses=text, response_class=Response, summary="For Prometheus")
    async def metrics() -> Response:
        return Response(exposition.text(), media_type=CONTENT_TYPE)


def _declare(app: FastAPI, scoring: Sequence[Endpoint[Any]]) -> None:
    """Make the endpoints that the guard answers known: to the OpenAPI document, and to who asks with another method."""

    async def unguarded() -> Response:
        raise HTTPException(500, "the guard answers this path")  # pragma: no cover

    models: dict[str, type[BaseModel]] = {"Fault": Fault}
    for endpoint in scoring:
        models |= {endpoint.takes.__name__: endpoint.takes, endpoint.gives.__name__: endpoint.gives}
        statuses = sorted({*ALL_HAVE, *endpoint.refusals})
        responses: dict[int | str, dict[str, Any]] = {
            200: {"description": "Scored.", "content": _content(endpoint.gives)},
            **{status: {"description": REFUSALS[status], "content": _content(Fault)} for status in statuses},
        }
        app.add_api_route(
            endpoint.path,
            unguarded,
            methods=["POST"],
            summary=endpoint.summary,
            operation_id=endpoint.path.strip("/").replace("/", "_"),
            response_class=Response,
            responses=responses,
            openapi_extra={"requestBody": {"required": True, "content": _content(endpoint.takes)}},
        )

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
            _, schemas = models_json_schema([(model, "validation") for model in models.values()], ref_template=REF)
            parts = document.setdefault("components", {})
            parts["schemas"] = {**parts.get("schemas", {}), **schemas["$defs"]}
            parts["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
            for path, operations in document["paths"].items():
                if path not in OPEN:
                    for operation in operations.values():
                        operation["security"] = [{"key": []}]
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to change the document


def _content(model: type[BaseModel]) -> Mapping[str, Any]:
    return {JSON: {"schema": {"$ref": REF.format(model=model.__name__)}}}
