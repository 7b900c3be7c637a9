"""The sandboxes of verifiers: opened when first needed, one for equal settings on an event loop, closed with it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from synthetic1.keys import content_key
from synthetic1.sandbox import Sandbox, open_sandbox


@dataclass(eq=False)
class _Open:
    """A sandbox on its way, or there."""

    opening: asyncio.Task[Sandbox]
    stack: AsyncExitStack


_by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, _Open]] = WeakKeyDictionary()


async def sandbox_for(kind: str, settings: Mapping[str, Any]) -> Sandbox:
    """The sandbox of this loop for ``open_sandbox(kind, **settings)``.

    Raises:
        SandboxUnavailable: none of that kind works here now. The next call tries again.
    """
    loop, key = asyncio.get_running_loop(), _key(kind, settings)
    opened = _by_loop.setdefault(loop, {})
    found = opened.get(key)
    if found is None:
        stack = AsyncExitStack()
        found = opened[key] = _Open(loop.create_task(stack.enter_async_context(open_sandbox(kind, **settings))), stack)
    try:
        return await asyncio.shield(found.opening)  # a verifier that gives up must not end what others wait for
    except BaseException:
        if found.opening.done() and (found.opening.cancelled() or found.opening.exception()):
            if opened.get(key) is found:
                del opened[key]
        raise


async def close_sandbox(kind: str, settings: Mapping[str, Any]) -> None:
    """Close that sandbox of this loop, if it is open."""
    found = _by_loop.get(asyncio.get_running_loop(), {}).pop(_key(kind, settings), None)
    if found is None:
        return
    if not found.opening.done():
        found.opening.cancel()
        await asyncio.wait({found.opening})
    await found.stack.aclose()


def _key(kind: str, settings: Mapping[str, Any]) -> str:
    return content_key([kind, dict(settings)])
