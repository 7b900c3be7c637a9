"""Who may ask: signed requests, of a bounded size, read before anything is parsed."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from fastapi import FastAPI, Request, Response
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect

from synthetic1.datagen.journal.database import JournalError
from synthetic1.pool.errors import PoolError, RequestRefused
from synthetic1.pool.signed_request import NODE, RequestCheck, SignedRequest

log = logging.getLogger(__name__)
BODY_BYTES = 8 << 20
"""Of a request; a submission of 256 rollouts is sent in parts."""
STRANGERS_BYTES = 16 << 10, 4 << 20
"""Of a request whose sender has not joined, and of all of theirs that are being read."""
BODIES_BYTES = 32 * BODY_BYTES
"""Of all requests that are being read."""
READ_S = 30.0
"""In which a request must have arrived whole."""
JSON = "application/json"
Body = TypeVar("Body", bound=BaseModel)
Answer = Callable[[SignedRequest, Any], Awaitable[BaseModel]]


class Door:
    """Adds signed endpoints to an application.

    Args:
        check: takes each signed request once.
        knows: whether a node has joined: what others send is short.
        failed: told of what ends the service: a journal or ledger that takes nothing more.
    """

    def __init__(
        self,
        app: FastAPI,
        check: RequestCheck,
        knows: Callable[[str], bool],
        failed: Callable[[Exception], None],
    ) -> None:
        self._app, self._check, self._knows, self._failed = app, check, knows, failed
        self._held: Counter[str] = Counter()

    def add(self, path: str, takes: type[BaseModel], gives: type[BaseModel], answer: Answer, summary: str) -> None:
        """A POST that a node has to sign."""

        async def endpoint(request: Request) -> Response:
            try:
                signed = await self._signed(request)
                return _said(await answer(signed, _parsed(takes, signed.body)))
            except RequestRefused as refused:
                return refusal(refused)
            except (JournalError, PoolError) as error:
                self._failed(error)
                return refusal(RequestRefused(503, "failing", "the orchestrator cannot record anything", 60.0))

        self._app.add_api_route(
            path,
            endpoint,
            methods=["POST"],
            summary=summary,
            operation_id=path.strip("/").replace("/", "_"),
            response_class=Response,
            responses=_responses(gives),
            openapi_extra={"requestBody": {"required": True, "content": {JSON: {"schema": _schema(takes)}}}},
        )

    async def _signed(self, request: Request) -> SignedRequest:
        body, size, claimed = b"", 0, request.headers.get(NODE, "")
        sender, most, share = (claimed, BODY_BYTES, 2 * BODY_BYTES) if self._knows(claimed) else ("", *STRANGERS_BYTES)
        try:
            async with asyncio.timeout(READ_S):
                parts = []
                async for part in request.stream():
                    size += len(part)
                    self._held[sender] += len(part)
                    if size > most:
                        raise RequestRefused(413, "too_large", f"a body has at most {most:,} bytes")
                    if self._held[sender] > share or self._held.total() > BODIES_BYTES:
                        raise RequestRefused(503, "busy", "too many bytes of requests are in memory", 1.0)
                    parts.append(part)
                body = b"".join(parts)
            raw = request.scope.get("raw_path") or request.url.path.encode()
            query = request.scope.get("query_string", b"")
            target = (raw + (b"?" + query if query else b"")).decode("latin-1")
            return self._check.check("POST", target, request.headers, body)
        except TimeoutError:
            raise RequestRefused(408, "slow", f"a request has to arrive within {READ_S:.0f} s") from None
        except ClientDisconnect:
            raise RequestRefused(400, "gone", "the request ended before it was whole") from None
        finally:
            self._held[sender] -= size
            if self._held[sender] <= 0:
                del self._held[sender]


def refusal(refused: RequestRefused) -> Response:
    """What is sent in place of an answer."""
    headers = {} if refused.retry_after_s is None else {"Retry-After": str(max(1, round(refused.retry_after_s)))}
    said = json.dumps({"error": str(refused), "reason": refused.reason})
    return Response(said, refused.status, headers, JSON)


def _parsed(takes: type[Body], body: bytes) -> Body:
    try:
        return takes.model_validate_json(body or b"{}")
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])[:200]
        raise RequestRefused(422, "bad_body", f"{where}: {first['msg']}" if where else str(first["msg"])) from None
    except (ValueError, RecursionError) as error:
        raise RequestRefused(422, "bad_body", f"the body is not JSON that can be read: {str(error)[:200]}") from None


def _said(answer: BaseModel) -> Response:
    return Response(answer.model_dump_json(), 200, None, JSON)


def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()


REFUSALS = {
    400: "A header of the signature is malformed.",
    401: "Not signed, not by this key, not for this pool, or not of now.",
    403: "This node may not.",
    404: "There is no such node.",
    408: "The request did not arrive in time.",
    409: "The request was here before; or no challenge is under way.",
    413: "The body is too large.",
    422: "The body has another shape.",
    429: "Too many requests; `Retry-After` says when to ask again.",
    503: "The orchestrator cannot take it now.",
}


def _responses(gives: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    fault = {"type": "object", "properties": {"error": {"type": "string"}, "reason": {"type": "string"}}}
    told: dict[int | str, dict[str, Any]] = {
        status: {"description": said, "content": {JSON: {"schema": fault}}} for status, said in REFUSALS.items()
    }
    return {200: {"description": "Done.", "content": {JSON: {"schema": _schema(gives)}}}, **told}
