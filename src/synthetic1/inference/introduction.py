"""What servers say of themselves before the first call: which models they serve, and how much fits in."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from synthetic1.inference.errors import ServerError
from synthetic1.inference.failure import Remedy, back_off_s, from_exception, from_status
from synthetic1.inference.server import Server

if TYPE_CHECKING:
    import aiohttp

CHECK_S = 20.0  # for a server to say what it serves


@dataclass(frozen=True)
class ServerFacts:
    """What a server says of itself."""

    models: tuple[str, ...]
    """All it serves; empty where it does not say."""
    model: str
    """The one that is asked."""
    max_model_len: int | None
    """Context length in tokens, prompt and completion together, where it says so (vLLM does)."""
    root: str | None = None
    """What weights stand behind the name, where it says so."""


async def ask(session: aiohttp.ClientSession, url: str, wanted: str | None) -> ServerFacts:
    """What one replica serves, asked once.

    Args:
        wanted: the model; ``None`` = the only one that it serves.

    Raises:
        ServerError: it cannot be reached, or does not serve the model.
    """
    import aiohttp

    try:
        async with session.get(
            f"{url}/models", allow_redirects=False, timeout=aiohttp.ClientTimeout(total=CHECK_S)
        ) as response:
            body, status = await response.read(), response.status
    except Exception as error:
        if (failure := from_exception(error)) is None:
            raise
        raise ServerError("unreachable", f"cannot reach {url} ({failure.message}); is the server up?") from None
    if status in (404, 405, 501) and wanted:
        return ServerFacts((), wanted, None)
    if status != 200:
        failure = from_status(status, response.headers, body)
        kind = failure.kind if failure.remedy is Remedy.NONE else "unreachable"
        raise ServerError(kind, f"{url}/models: {failure.message}; is this an OpenAI-compatible server?")
    cards = _cards(body)
    if cards is None:
        raise ServerError("bad_response", f"{url}/models names no models; is this an OpenAI-compatible server?")
    names = tuple(cards)
    if wanted is None and len(names) != 1:
        raise ServerError("wrong_model", f"{url} serves {', '.join(names) or 'no model'}; say which: model=…")
    model = wanted or names[0]
    if model not in cards:
        raise ServerError("wrong_model", f"{url} serves {', '.join(names) or 'no model'}; not {model}")
    length, root = cards[model].get("max_model_len"), cards[model].get("root")
    return ServerFacts(names, model, length if isinstance(length, int) else None, root if isinstance(root, str) else "")


async def ask_all(session: aiohttp.ClientSession, server: Server) -> ServerFacts:
    """Ask every replica, once: what the first says.

    Raises:
        ServerError: one cannot be reached or does not serve the model, or they do not serve the same.
    """
    facts = await asyncio.gather(*(ask(session, url, server.model) for url in server.urls))
    return _agreed(dict(zip(server.urls, facts, strict=True)))


async def ask_until_told(session: aiohttp.ClientSession, server: Server) -> ServerFacts:
    """As ``ask_all``, but an outage is waited out, and one replica that answers is enough: the others may be back
    later, or never.
    """
    loop = asyncio.get_running_loop()
    ends, tries = loop.time() + server.outage_s, 0
    while True:
        asked = (ask(session, url, server.model) for url in server.urls)
        found = await asyncio.gather(*asked, return_exceptions=True)
        facts = {u: said for u, said in zip(server.urls, found, strict=True) if isinstance(said, ServerFacts)}
        for error in found:
            away = isinstance(error, ServerError) and error.kind == "unreachable"
            if isinstance(error, BaseException) and not away:
                raise error
        if facts:
            return _agreed(facts)
        tries += 1
        pause = back_off_s(tries)
        if loop.time() + pause > ends:
            assert isinstance(found[0], ServerError)
            raise found[0]
        await asyncio.sleep(pause)


async def answers(session: aiohttp.ClientSession, url: str) -> bool:
    """Whether a server that was away is back."""
    import aiohttp

    try:
        async with session.get(
            f"{url}/models", allow_redirects=False, timeout=aiohttp.ClientTimeout(total=CHECK_S)
        ) as response:
            return response.status < 500
    except (aiohttp.ClientError, OSError):
        return False


def _agreed(facts: Mapping[str, ServerFacts]) -> ServerFacts:
    """What replicas said, by URL: that of the first."""
    first, *others = facts
    for url in others:
        if facts[url].model != facts[first].model:
            raise ServerError("wrong_model", f"{url} serves {facts[url].model}, and {first} {facts[first].model}")
    return facts[first]


def _cards(body: bytes) -> dict[str, dict[str, Any]] | None:
    """Model name → what ``/models`` says of it."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    listed = value.get("data") if isinstance(value, dict) else None
    if not isinstance(listed, list):
        return None
    return {card["id"]: card for card in listed if isinstance(card, dict) and isinstance(card.get("id"), str)}
