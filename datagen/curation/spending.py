"""What the model was asked by all processes of a run, killed ones among them: kept in the store while they work."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from synthetic1.datagen.curation.work_store import WorkStore
from synthetic1.inference.client import Client

USAGE = "usage"
SAVED_EVERY_S = 0.1
"""As often as the client's cache writes its answers: what is lost of the one is lost of the other, and asked again."""


@asynccontextmanager
async def spending(store: WorkStore, client: Client) -> AsyncIterator[None]:
    """Keep the account of ``client`` in the store, behind that of the processes before."""
    before = of_the_killed(store.meta(USAGE) or {})
    kept: dict[str, Any] = {}

    def keep() -> None:
        nonlocal kept
        if (now := client.usage.to_dict()) != kept:
            store.set_meta(USAGE, added(before, now))
            kept = now

    async def keep_on() -> None:
        while True:
            keep()
            await asyncio.sleep(SAVED_EVERY_S)

    keeping = asyncio.create_task(keep_on())
    try:
        yield
    finally:
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping
        keep()


def of_the_killed(usage: dict[str, Any]) -> dict[str, Any]:
    """The account of processes that have ended: what was in flight was perhaps charged, and nobody has counted it."""
    lost = usage.get("in_flight", 0)
    if not lost:
        return usage
    errors = dict(usage.get("errors", {}))
    errors["killed"] = errors.get("killed", 0) + lost
    return {**usage, "in_flight": 0, "errors": errors, "usage_unknown": usage.get("usage_unknown", 0) + lost}


def added(before: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    """The sum of two accounts."""
    if not before or not now:
        return now or before
    both = {**before, **now}
    for name, value in now.items():
        earlier = before.get(name)
        if isinstance(value, dict) and isinstance(earlier, dict):
            both[name] = {kind: value.get(kind, 0) + earlier.get(kind, 0) for kind in {**earlier, **value}}
        elif name != "window" and isinstance(value, int | float) and isinstance(earlier, int | float):
            both[name] = value + earlier
        elif name == "cost" and value is None:
            both[name] = earlier
    return both
