"""The sandboxes of verifiers: opened when first needed, one for equal settings on an event loop, closed with it."""

from __future__ import annotations

import asyncio
from weakref import WeakKeyDictionary

from synthetic1.sandbox.open import Settings, open_with
from synthetic1.sandbox.sandbox import Sandbox

_by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Settings, asyncio.Task[Sandbox]]] = WeakKeyDictionary()


async def sandbox_for(settings: Settings) -> Sandbox:
    """The sandbox of this loop with these settings.

    Raises:
        SandboxUnavailable: there is none that works here now. The next call tries again.
    """
    opened = _by_loop.setdefault(asyncio.get_running_loop(), {})
    opening = opened.get(settings)
    if opening is None or (opening.done() and (opening.cancelled() or opening.exception() is not None)):
        opening = opened[settings] = asyncio.create_task(open_with(settings))
    return await asyncio.shield(opening)  # a verifier that gives up must not end what others wait for


async def close_sandbox(settings: Settings) -> None:
    """Close the sandbox of this loop with these settings, if it is open."""
    opening = _by_loop.get(asyncio.get_running_loop(), {}).pop(settings, None)
    if opening is None:
        return
    opening.cancel()  # does nothing if it is there already
    await asyncio.wait({opening})
    if not opening.cancelled() and opening.exception() is None:
        await opening.result().aclose()
