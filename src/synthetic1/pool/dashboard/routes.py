"""The page, its two assets, its state as JSON, and the same as events for as long as somebody looks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from fastapi import Response
from fastapi.responses import StreamingResponse

from synthetic1.pool.dashboard.state import PoolState, shown

if TYPE_CHECKING:
    from fastapi import FastAPI

ASSETS = {"dashboard.css": "text/css; charset=utf-8", "dashboard.js": "text/javascript; charset=utf-8"}
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
VIEWERS = 200
"""Pages that may be open; more get what stands at the moment, and no events."""
HEARTBEAT_S = 15.0


class Broadcast:
    """One encoding of the state for all who look, made only while somebody does, at most every ``interval_s``."""

    def __init__(self, state: Callable[[], dict[str, Any]], interval_s: float) -> None:
        self._state, self._interval_s = state, interval_s
        self._changed = asyncio.Condition()
        self._number, self._last = 0, ""
        self._compared = ""
        self._making: asyncio.Task[None] | None = None
        self.viewers = 0

    def text(self) -> str:
        """The state now."""
        return json.dumps(self._state(), ensure_ascii=True, separators=(",", ":"))

    async def events(self) -> AsyncIterator[str]:
        """The events of a viewer, who has been counted: it is taken off at the end. One that is slow skips states: it
        always gets the last one next."""
        if self._making is None or self._making.done():
            self._making = asyncio.create_task(self._make())
        seen = self._number
        try:
            yield f"event: state\ndata: {self.text()}\n\n"
            while True:
                try:
                    async with asyncio.timeout(HEARTBEAT_S), self._changed:
                        await self._changed.wait_for(lambda at=seen: self._number > at)  # type: ignore[misc]
                        seen = self._number
                    yield f"event: state\ndata: {self._last}\n\n"
                except TimeoutError:
                    if self._making is not None and self._making.done():
                        self._making.result()  # the state failed: no heartbeat for figures that stand still
                    yield "event: ping\ndata: 0\n\n"  # a comment would not be seen by the page
        finally:
            self.viewers -= 1
            if not self.viewers and self._making is not None:
                self._making.cancel()
                self._making = None

    async def _make(self) -> None:
        while True:
            state = self._state()
            compared = json.dumps(_lasting(state))
            if compared != self._compared:
                self._compared, self._last = compared, json.dumps(state, separators=(",", ":"))
                async with self._changed:
                    self._number += 1
                    self._changed.notify_all()
            await asyncio.sleep(self._interval_s)


def add_dashboard(
    app: FastAPI,
    state: Callable[[], PoolState],
    *,
    join_url: str | None = None,
    interval_s: float = 1.0,
    public: bool = False,
) -> None:
    """Put the dashboard on an application: ``/``, ``/v1/state`` and ``/v1/events``.

    Args:
        join_url: what workers are told to join; ``None``: where the page is.
        public: whether prompts and completions are left out, and keys shortened.
    """
    folder = files("synthetic1.pool.dashboard")
    page = folder.joinpath("page.html").read_text(encoding="utf-8")
    broadcast = Broadcast(lambda: {**shown(state(), public=public), "join_url": join_url}, interval_s)

    @app.get("/", include_in_schema=False)
    async def dashboard() -> Response:
        return Response(page, headers=HEADERS, media_type="text/html; charset=utf-8")

    for name, kind in ASSETS.items():
        app.add_api_route(f"/{name}", _asset(folder.joinpath(name).read_text("utf-8"), kind), include_in_schema=False)

    @app.get("/v1/state", response_class=Response, summary="What the page shows")
    async def now() -> Response:
        return Response(broadcast.text(), headers=HEADERS, media_type="application/json")

    @app.get("/v1/events", response_class=Response, include_in_schema=False)
    async def events() -> Response:
        if broadcast.viewers >= VIEWERS:
            return Response("too many viewers\n", 503, {**HEADERS, "Retry-After": "30"}, "text/plain")
        broadcast.viewers += 1  # here: many may come before the first of their streams begins
        return StreamingResponse(broadcast.events(), headers=HEADERS, media_type="text/event-stream")


def _asset(text: str, kind: str) -> Callable[[], Any]:
    async def asset() -> Response:
        return Response(text, headers=HEADERS, media_type=kind)

    return asset


def _lasting(state: dict[str, Any]) -> dict[str, Any]:
    """Without what changes by itself."""
    nodes = [{**node, "last_seen_s": node["last_seen_s"] // 10} for node in state["nodes"]]
    return {**state, "now": 0, "tokens_per_s": 0, "eta_s": 0, "nodes": nodes}
