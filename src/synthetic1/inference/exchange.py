"""One request over the wire, and what came back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from synthetic1.inference.failure import Failure, from_exception, from_status
from synthetic1.inference.reply import Reply, read_reply
from synthetic1.inference.route import endpoint
from synthetic1.inference.stream import read_stream

if TYPE_CHECKING:
    import aiohttp


class Refused(Exception):
    """A reply whose status is not 200."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


async def post(
    session: aiohttp.ClientSession, url: str, body: dict[str, Any], n: int, *, stream: bool, proxy: str | None
) -> Reply:
    """The reply to a request for ``n`` completions.

    Raises:
        Exception: whatever ``failure_of`` takes.
    """
    data = json.dumps(body).encode()
    where = endpoint(url, "chat/completions")
    async with session.post(where, data=data, allow_redirects=False, proxy=proxy) as response:
        if not 200 <= response.status < 300:
            raise Refused(from_status(response.status, response.headers, await response.read()))
        if not stream or response.content_type == "application/json":
            return read_reply(await response.read(), n)
        return await read_stream(response, n)


def failure_of(error: Exception) -> Failure | None:
    """What ``post`` raised; ``None`` for a defect of ours, which is to be raised."""
    return error.failure if isinstance(error, Refused) else from_exception(error)
