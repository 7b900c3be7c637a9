"""Whether a server that fails is sick, or has met a prompt that it cannot take: a harmless question tells.

A server that answers nothing but errors is as good as one that is down, and tasks asked of it must not be given up.
One prompt that always fails must not look so, even where it is the only one that is asked. Where others are answered
in between, the server is well. Where none is, it is asked the same as before, with a few harmless words in place of the
prompt: so what in the request is not the prompt (a parameter) stays under suspicion, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from synthetic1.inference.failure import Failure, Remedy
from synthetic1.inference.replicas import Replica, Replicas
from synthetic1.inference.reply import Reply

IN_A_ROW = 8
"""Requests to one server that failed without an answer between them, before it is asked whether it is well."""
WAITED_FOR = 3
"""Outages that one call waits out: the fourth that begins while it is asked may be its own doing."""
ASK_S = 60.0
WORDS = [{"role": "user", "content": "Say yes."}]
TOKENS = 16


class OutageWatch:
    """Over the servers of one client.

    Args:
        post: sends a request for one completion to a server, whatever its window. Our questions go over the wire and
            are charged: they are in the client's account like any request.
        failed: what such a request met; raises again what is no failure of a server.
        timeout_s: of a request.
    """

    def __init__(
        self,
        replicas: Replicas,
        post: Callable[[str, dict[str, Any], int], Awaitable[Reply]],
        failed: Callable[[BaseException], Failure],
        timeout_s: float,
    ) -> None:
        self._replicas, self._post, self._failed, self._timeout_s = replicas, post, failed, min(ASK_S, timeout_s)
        self._looks: dict[Replica, asyncio.Task[bool]] = {}

    def failed(self, replica: Replica, failure: Failure, body: Mapping[str, Any]) -> None:
        """A request brought nothing. After ``IN_A_ROW``, the server is looked at."""
        replica.failed_in_a_row += 1
        if _is_suspect(failure) and replica.failed_in_a_row % IN_A_ROW == 0:
            self._look(replica, body)

    async def is_sick(self, replica: Replica, failure: Failure, body: Mapping[str, Any], failed: int) -> bool:
        """Whether a call that failed at a server ``failed`` times should wait for it, rather than be given up."""
        if not replica.up:
            return True
        if not _is_suspect(failure) or replica.failed_in_a_row < min(failed, IN_A_ROW):
            return False  # the others got answers
        return await asyncio.shield(self._look(replica, body))

    async def is_outage(self, replica: Replica, failure: Failure, body: Mapping[str, Any], failed: int) -> bool:
        """Whether a call that was turned away ``failed`` times, as long as it had patience, is one of all: nobody has
        had an answer meanwhile."""
        if failure.remedy is Remedy.NONE or self._replicas.any_well or replica.failed_in_a_row < failed:
            return False
        if failure.wait_s is not None and failure.wait_s > self._replicas.outage_s:
            return True  # it has said so itself
        if failure.remedy is not Remedy.LATER:
            return False
        told = await self._ask(replica.url, harmless(body))
        return told is not None and told.remedy is not Remedy.NONE

    async def aclose(self) -> None:
        looks = list(self._looks.values())
        for look in looks:
            look.cancel()
        await asyncio.gather(*looks, return_exceptions=True)

    async def _ask(self, url: str, question: dict[str, Any]) -> Failure | None:
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._post(url, question, 1)
        except BaseException as error:
            return self._failed(error)
        return None

    def _look(self, replica: Replica, body: Mapping[str, Any]) -> asyncio.Task[bool]:
        """Whether it is sick; one question for all that want to know at once."""
        look = self._looks.get(replica)
        if look is None:
            look = asyncio.get_running_loop().create_task(self._is_sick(replica, harmless(body)))
            self._looks[replica] = look
            look.add_done_callback(lambda _: self._looks.pop(replica, None))
        return look

    async def _is_sick(self, replica: Replica, question: dict[str, Any]) -> bool:
        told = await self._ask(replica.url, question)
        if _is_well(told):
            replica.failed_in_a_row = 0
            return False
        assert told is not None
        if replica.failed_in_a_row == 0:
            return False  # it has answered others meanwhile

        async def is_back(url: str) -> bool:
            return _is_well(await self._ask(url, question))

        if told.remedy is Remedy.ELSEWHERE:
            self._replicas.went_down(replica, told.message)
        else:
            self._replicas.is_sick(replica, told, is_back)
        return True


def harmless(body: Mapping[str, Any]) -> dict[str, Any]:
    """The request with another prompt, and a short answer."""
    question = {name: value for name, value in body.items() if name not in ("n", "response_format")}
    lengths = {name: TOKENS for name in ("max_tokens", "max_completion_tokens") if name in body}
    return question | lengths | {"messages": WORDS}


def _is_suspect(failure: Failure) -> bool:
    """Whether it may be an outage: not where we were too impatient, or were asked to wait."""
    return failure.remedy is Remedy.AGAIN and not (failure.kind == "timeout" and failure.status is None)


def _is_well(told: Failure | None) -> bool:
    """A server that turns the question down, or is busy, is at work."""
    return told is None or told.remedy is Remedy.NONE or told.kind == "rate_limited"
