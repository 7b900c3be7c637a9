"""A worker's way to its pool: signed requests, sent again until they have an answer."""

from __future__ import annotations

import asyncio
import json
import logging
import random
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

from synthetic1.jobs.program import ProgramError
from synthetic1.keys import canonical_json
from synthetic1.pool.node_key import NodeKey
from synthetic1.pool.signed_request import sign_request
from synthetic1.pool.wire import PoolFacts

if TYPE_CHECKING:
    import aiohttp

log = logging.getLogger(__name__)
Reply = TypeVar("Reply", bound=BaseModel)
TIMEOUT_S = 60.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
REPLY_BYTES = 64 << 20
AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
SIGNED_ANEW = frozenset({"replayed"})
"""Reasons that another signature does away with: the pool was restarted, or the answer was lost."""


class PoolRefused(ProgramError):
    """The pool does not take a request, and would not take it later.

    Args:
        reason: its word, e.g. ``quarantined``.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class PoolConnection:
    """Open it with ``open``; ``post`` waits for as long as the pool is away.

    Args:
        url: the pool's, without a path.
        pool: its public key: what is signed is worth nothing elsewhere.
    """

    def __init__(self, url: str, key: NodeKey, pool: str, session: aiohttp.ClientSession) -> None:
        self.url, self._key, self._pool, self._session = url, key, pool, session

    @classmethod
    async def open(cls, url: str, key: NodeKey, pool: str | None = None, *, patience_s: float = 0.0) -> PoolConnection:
        """Ask the pool who it is.

        Args:
            pool: the key that it has to have; ``None``: whichever it says.
            patience_s: so long it may be away.

        Raises:
            ProgramError: there is no pool at this address, or another one.
        """
        import aiohttp

        url = url.rstrip("/")
        if not url.startswith(("http://", "https://")):
            raise ProgramError(f"--join {url}: must be the address of a pool, such as http://HOST:8470")
        session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=TIMEOUT_S), headers={"User-Agent": "synthetic1 worker"}
        )
        until = monotonic() + patience_s
        try:
            while True:
                try:
                    async with session.get(f"{url}/health") as response:
                        facts = PoolFacts.model_validate_json(await response.content.read(1 << 16))
                    break
                except (aiohttp.ClientError, TimeoutError, OSError) as error:
                    if monotonic() >= until:
                        said = str(error) or type(error).__name__
                        raise ProgramError(f"--join {url}: no pool answers there: {said}") from None
                    await asyncio.sleep(FIRST_PAUSE_S)
                except ValueError:
                    raise ProgramError(f"--join {url}: what answers there is no pool") from None
            if pool is not None and facts.pool != pool:
                raise ProgramError(f"--join {url}: that is the pool {facts.pool}, not {pool}")
        except BaseException:
            await session.close()
            raise
        return cls(url, key, facts.pool, session)

    @property
    def pool(self) -> str:
        return self._pool

    async def post(self, path: str, body: BaseModel, gives: type[Reply]) -> Reply:
        """The answer to a request; while the pool is away or full, it is asked again.

        Raises:
            PoolRefused: it says no.
        """
        import aiohttp

        sent, failed = canonical_json(body.model_dump(mode="json")), 0
        while True:
            wait_s: float | None = None
            try:
                headers = sign_request(self._key, self._pool, "POST", path, sent)
                async with self._session.post(
                    self.url + path, data=sent, headers={**headers, "Content-Type": "application/json"}
                ) as response:
                    content = await response.content.read(REPLY_BYTES)
                    if response.status == 200:
                        return gives.model_validate_json(content)
                    reason, said = _said(content)
                    if response.status not in AGAIN and reason not in SIGNED_ANEW:
                        raise PoolRefused(reason, f"{self.url}{path}: {said or response.status}")
                    header = response.headers.get("Retry-After", "")
                    wait_s = float(header) if header.isdigit() else None
                    why = f"{response.status}: {said}"
            except (aiohttp.ClientError, TimeoutError, OSError, ValidationError) as error:
                why = str(error) or type(error).__name__
            failed += 1
            pause = min(LONGEST_PAUSE_S, wait_s if wait_s is not None else FIRST_PAUSE_S * 2 ** min(failed, 8))
            if failed in (3, 10) or failed % 50 == 0:
                log.warning("%s%s: %s; asking again", self.url, path, why)
            await asyncio.sleep(pause * random.uniform(0.7, 1.3))

    async def aclose(self) -> None:
        await self._session.close()


def _said(content: bytes) -> tuple[str, str]:
    """The reason and the message of a refusal, as far as it is one of a pool's."""
    try:
        found = json.loads(content)
        return str(found["reason"])[:80], " ".join(str(found["error"]).split())[:300]
    except (ValueError, KeyError, TypeError):
        return "", ""
