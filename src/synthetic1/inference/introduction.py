"""What servers say of themselves before the first call: which models they serve, and how much fits in."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from synthetic1.inference.errors import ServerError
from synthetic1.inference.failure import Remedy, back_off_s, from_exception, from_status
from synthetic1.inference.route import endpoint, proxy_of
from synthetic1.inference.server import Server

if TYPE_CHECKING:
    import aiohttp

log = logging.getLogger(__name__)

CHECK_S = 20.0  # for a server to say what it serves
NOBODY_THERE = {502, 503, 504}  # what a proxy says for a server that is away


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

    A server that answers but does not say what it serves (many do not, or only to administrators) is taken at the
    user's word, with a warning, where the settings name the model.

    Args:
        wanted: the model; ``None`` = the only one that it serves.

    Raises:
        ServerError: it cannot be reached, or does not serve the model.
    """
    try:
        status, headers, body = await _models(session, url)
    except Exception as error:
        if (failure := from_exception(error)) is None:
            raise
        raise ServerError("unreachable", f"cannot reach {url} ({failure.message}); is the server up?") from None
    cards: dict[str, dict[str, Any]] | None = None
    if status == 200:
        cards = _cards(body)
        trouble = ServerError("bad_response", f"{url}/models names no models; is this an OpenAI-compatible server?")
    else:
        failure = from_status(status, headers, body)
        kind = failure.kind if failure.remedy is Remedy.NONE else "unreachable"
        trouble = ServerError(kind, f"{url}/models: {failure.message}; is this an OpenAI-compatible server?")
        if 300 <= status < 400 or failure.remedy is Remedy.LATER:
            raise trouble
    if not cards and wanted:
        log.warning("%s; going on with the model that the settings name, %s", trouble.message, wanted)
        return ServerFacts((), wanted, None)
    if cards is None:
        raise trouble
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
        assert isinstance(found[0], ServerError)
        if loop.time() + pause > ends:
            raise found[0]
        if tries == 1:
            log.warning("%s; waiting for it up to %g s", found[0].message, server.outage_s)
        await asyncio.sleep(pause)


async def answers(session: aiohttp.ClientSession, url: str) -> bool:
    """Whether a server that was away is back: whatever it says, it said it itself."""
    import aiohttp

    try:
        status, _, _ = await _models(session, url)
        return status not in NOBODY_THERE
    except (aiohttp.ClientError, OSError):
        return False


async def _models(session: aiohttp.ClientSession, url: str) -> tuple[int, Mapping[str, str], bytes]:
    """Status, headers and body of ``/models``."""
    import aiohttp

    async with session.get(
        endpoint(url, "models"),
        allow_redirects=False,
        timeout=aiohttp.ClientTimeout(total=CHECK_S),
        proxy=proxy_of(url),
    ) as response:
        return response.status, response.headers, await response.read()


def _agreed(facts: Mapping[str, ServerFacts]) -> ServerFacts:
    """What replicas said, by URL: that of the first."""
    first, *others = facts
    for url in others:
        if facts[url].model != facts[first].model:
            raise ServerError("wrong_model", f"{url} serves {facts[url].model}, and {first} {facts[first].model}")
    return facts[first]


def _cards(body: bytes) -> dict[str, dict[str, Any]] | None:
    """Model name → what ``/models`` says of it; ``None`` if it lists nothing.

    ``{"data": [{"id": …}]}`` as the protocol has it, or only the list.
    """
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    listed = value.get("data") if isinstance(value, dict) else value
    if not isinstance(listed, list):
        return None
    return {card["id"]: card for card in listed if isinstance(card, dict) and isinstance(card.get("id"), str)}
