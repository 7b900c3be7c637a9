"""Whether a server that fails is sick, or has met a prompt that it cannot take: a harmless question tells.

A server that answers nothing but errors is as good as one that is down, and tasks asked of it must not be given up.
One prompt that always fails must not look so, even where it is the only one that is asked. Where others are answered
in between, the server is well. Where none is, it is asked the same as before, with a few harmless words in place of the
prompt: so what in the request is not the prompt (a parameter) stays under suspicion, too. A server that turns down
request after request is asked alike: one that refuses the harmless words, too, refuses everything.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

from synthetic1.inference.failure import Failure, Remedy
from synthetic1.inference.replicas import Replica, Replicas
from synthetic1.inference.reply import Reply

IN_A_ROW = 8
"""Requests to one server that failed without an answer between them, before it is asked whether it is well."""
WAITED_FOR = 3
"""Outages that one call waits out: the fourth that begins while it is asked may be its own doing."""
FORBIDDEN = 403
"""The key, most likely, which is to be known at once; but a filter may have found fault with the prompt."""
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
        self._replicas, self._post, self._failed, self._timeout_s = replicas, post, failed, timeout_s
        self._looks: dict[tuple[Replica, str], asyncio.Task[bool]] = {}
        self._refused: Counter[Replica] = Counter()
        """Requests that each has turned down for good since its last answer."""

    def answered(self, replica: Replica) -> None:
        """A request brought an answer."""
        self._refused.pop(replica, None)

    def failed(self, replica: Replica, failure: Failure, body: Mapping[str, Any]) -> None:
        """A request brought nothing. After ``IN_A_ROW``, the server is looked at."""
        replica.failed_in_a_row += 1
        if failure.remedy is Remedy.AGAIN and replica.failed_in_a_row % IN_A_ROW == 0:
            self._look_whether_sick(replica, body)

    async def is_sick(self, replica: Replica, failure: Failure, body: Mapping[str, Any], failed: int) -> bool:
        """Whether a call that failed at a server ``failed`` times should wait for it, rather than be given up."""
        if not replica.up:
            return True
        if failure.remedy is not Remedy.AGAIN or replica.failed_in_a_row < min(failed, IN_A_ROW):
            return False  # the others got answers
        return await asyncio.shield(self._look_whether_sick(replica, body))

    async def is_outage(self, replica: Replica, failure: Failure, body: Mapping[str, Any], failed: int) -> bool:
        """Whether a call that is given up is one of all: no other would be answered either.

        It was turned down for good, or turned away ``failed`` times, as long as it had patience, and nobody has had an
        answer meanwhile.
        """
        if failure.for_all:
            return True
        if failure.remedy is Remedy.NONE:
            self._refused[replica] += 1
            if self._refused[replica] < (1 if failure.status == FORBIDDEN else IN_A_ROW):
                return False
            return await asyncio.shield(self._look(replica, "refuses", lambda: self._refuses_all(replica, body)))
        if self._replicas.any_well or replica.failed_in_a_row < failed:
            return False
        if failure.wait_s is not None and failure.wait_s > self._replicas.outage_s:
            return True  # it has said so itself
        if failure.remedy is not Remedy.LATER:
            return False
        return await self._asked(replica.url, body) is not None

    async def aclose(self) -> None:
        looks = list(self._looks.values())
        for look in looks:
            look.cancel()
        await asyncio.gather(*looks, return_exceptions=True)

    async def _asked(self, url: str, body: Mapping[str, Any]) -> Failure | None:
        """What the harmless question meets at a server that did not refuse the request itself."""
        told = await self._ask(url, harmless(body), ASK_S)
        if told is not None and told.remedy is Remedy.NONE:  # maybe for its shape: a least length, a budget to think
            told = await self._ask(url, harmless(body, short=False), self._timeout_s)
        return told

    async def _ask(self, url: str, question: dict[str, Any], seconds: float) -> Failure | None:
        try:
            async with asyncio.timeout(min(seconds, self._timeout_s)):
                await self._post(url, question, 1)
        except BaseException as error:
            return self._failed(error)
        return None

    def _look_whether_sick(self, replica: Replica, body: Mapping[str, Any]) -> asyncio.Task[bool]:
        return self._look(replica, "is sick", lambda: self._is_sick(replica, body))

    def _look(self, replica: Replica, what: str, begin: Callable[[], Coroutine[Any, Any, bool]]) -> asyncio.Task[bool]:
        """One question for all that want to know at once."""
        key = replica, what
        look = self._looks.get(key)
        if look is None:
            look = self._looks[key] = asyncio.get_running_loop().create_task(begin())
            look.add_done_callback(lambda _: self._looks.pop(key, None))
        return look

    async def _refuses_all(self, replica: Replica, body: Mapping[str, Any]) -> bool:
        """Whether it turns down the harmless question, too, which is as long as the request: that may be the matter."""
        told = await self._ask(replica.url, harmless(body, short=False), ASK_S)
        if told is None:
            self._refused.pop(replica, None)
        return told is not None and told.remedy is Remedy.NONE and replica in self._refused

    async def _is_sick(self, replica: Replica, body: Mapping[str, Any]) -> bool:
        told = await self._asked(replica.url, body)
        if _is_well(told):
            replica.failed_in_a_row = 0
            return False
        assert told is not None
        if replica.failed_in_a_row == 0:
            return False  # it has answered others meanwhile

        async def is_back(url: str) -> bool:
            return _is_well(await self._asked(url, body))

        if told.remedy is Remedy.ELSEWHERE:
            self._replicas.went_down(replica, told.message)
        else:
            self._replicas.is_sick(replica, told, is_back)
        return True


def harmless(body: Mapping[str, Any], *, short: bool = True) -> dict[str, Any]:
    """The request with another prompt, and with a ``short`` answer or one as long as it was to have."""
    question = {name: value for name, value in body.items() if name not in ("n", "response_format")}
    lengths = {name: TOKENS for name in ("max_tokens", "max_completion_tokens") if short and name in body}
    return question | lengths | {"messages": WORDS}


def _is_well(told: Failure | None) -> bool:
    """A server that is busy is at work. One that refuses the question has not said anything of the request, which it
    did not refuse."""
    return told is None or (told.kind == "rate_limited" and not told.for_all)
