"""Equal servers behind one client: who is asked next, who waits, who is left out until it is back, who joins or leaves.

A call with an affinity goes where calls with the same affinity went (rendezvous hashing), so that a server finds the
beginning of a prompt in its prefix cache; unless that server has much more to do than the others. No slot stays empty
while a call waits: a server whose own queue is empty takes from the longest.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from hashlib import blake2b
from random import uniform
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthetic1.inference.errors import InferenceError
from synthetic1.inference.failure import Failure
from synthetic1.inference.window import Window

log = logging.getLogger(__name__)

LOADED = 1.25, 8  # more than 1.25 times the average load and 8: the next in the order is asked
AVERAGED = 16  # times in a round over all servers that their average load is looked at anew
PROBE_S = 0.25, 5.0  # back-off between two health probes of a server that is down: the first pause, and the longest


class Replica:
    """One server."""

    def __init__(self, url: str, ceiling: int) -> None:
        self.url = url
        self.window = Window(ceiling)
        self.waiting: deque[asyncio.Future[Replica | None]] = deque()
        self.up = True
        self.gone = False
        """It has left, and will not be back."""
        self.failed_in_a_row = 0
        """Requests that failed since the last answer."""
        self._attempts: set[asyncio.Timeout] = set()

    @property
    def load(self) -> int:
        return self.window.in_flight + len(self.waiting)

    def attempt(self, longest_s: float | None = None) -> Attempt:
        """Around a request. A server that leaves may be on a machine without power, which closes no connection.

        Raises:
            TimeoutError: it has left, or it took longer than ``longest_s``.
        """
        return Attempt(self._attempts, asyncio.timeout(0 if self.gone else longest_s))

    def end_attempts(self) -> None:
        """Have all of them end now; it has left."""
        now = asyncio.get_running_loop().time()
        for limit in self._attempts:
            if not limit.expired():  # else it ends by itself, and refuses another time
                limit.reschedule(now)


class Attempt:
    """What ``Replica.attempt`` gives; no generator, which costs each request more than the limit does."""

    def __init__(self, all_: set[asyncio.Timeout], limit: asyncio.Timeout) -> None:
        self._all, self._limit = all_, limit

    async def __aenter__(self) -> None:
        await self._limit.__aenter__()
        self._all.add(self._limit)

    async def __aexit__(self, *exc: Any) -> None:
        self._all.discard(self._limit)
        await self._limit.__aexit__(*exc)


class Replicas:
    """Hands out slots. Belongs to the event loop it is used on.

    Args:
        probe: whether a server answers; never raises.
        outage_s: how long calls wait while no server is up.
    """

    def __init__(
        self, urls: Sequence[str], max_in_flight: int, probe: Callable[[str], Awaitable[bool]], outage_s: float
    ) -> None:
        self.all = [Replica(url, max_in_flight) for url in urls]
        self._live = list(self.all)
        self._max_in_flight = max_in_flight
        self._probe = probe
        self.outage_s = outage_s
        self._down_since: float | None = None  # since when no server has answered
        self._up_since = 0.0  # since when one has been up again
        self._why = "no server is there"
        self._failure: Failure | None = None  # what a server that is up in vain said last
        self._any_up = asyncio.Event()
        self._probes: dict[Replica, asyncio.Task[None]] = {}
        self._closed = False
        # What each call would have to look for among all servers, of which there may be thousands.
        self._with_room: dict[Replica, None] = {}
        self._with_queue: dict[Replica, None] = {}
        self._hashes = np.empty(0, np.uint64)
        self._average, self._average_for = 0.0, 0
        self._share()

    @property
    def window(self) -> int:
        """How many requests may be in flight now, all servers together."""
        return sum(replica.window.size for replica in self._live)

    @property
    def any_well(self) -> bool:
        """Whether some server has answered the request that it was sent last."""
        return any(replica.failed_in_a_row == 0 for replica in self._live)

    async def acquire(self, affinity: str | None = None, *, again: bool = False) -> Replica:
        """A slot of one server, to be released. First come, first served; who asks ``again`` has waited already.

        Raises:
            InferenceError: no server has been up, or has answered anything but errors, for ``outage_s``; or the client
                was closed.
        """
        while True:
            if self._closed:
                raise InferenceError("unreachable", "the client was closed")
            if not self._live:
                await self._until_any_up()
                continue
            replica = self._live[0] if len(self._live) == 1 else self._choose(affinity)
            if not replica.waiting and replica.window.room > 0:
                replica.window.in_flight += 1
                return replica
            self._with_queue[replica] = None
            waiter: asyncio.Future[Replica | None] = asyncio.get_running_loop().create_future()
            if again:
                replica.waiting.appendleft(waiter)
            else:
                replica.waiting.append(waiter)
            try:
                served = await waiter
            except asyncio.CancelledError:
                if waiter.done() and not waiter.cancelled() and (served := waiter.result()):
                    self.release(served)
                raise
            if served is not None and not self._closed:
                return served

    def release(self, replica: Replica) -> None:
        """Give the slot back."""
        replica.window.in_flight -= 1
        self._serve(replica)

    def answered(self, replica: Replica, seconds: float, tokens: int) -> None:
        """Before its release: an answer came over this slot."""
        replica.window.answered(seconds, tokens)
        replica.failed_in_a_row = 0
        if self._live:  # else a server's last answer has arrived after it went down
            self._down_since = None

    def went_down(self, replica: Replica, why: str) -> None:
        """It cannot be reached. Those in its queue go elsewhere, or wait until one is back."""
        if replica.up:
            self._leave_out(replica, f"cannot reach {replica.url} ({why})", None, self._probe)

    def is_sick(self, replica: Replica, failure: Failure, is_back: Callable[[str], Awaitable[bool]]) -> None:
        """It answers nothing but errors: as one that went down, until ``is_back``."""
        if replica.up:
            why = f"{replica.url} answers nothing but errors ({failure.message})"
            self._leave_out(replica, why, failure, is_back)

    def join(self, url: str) -> None:
        """One more server that is up, or one that was down and is back. It gets its share at once."""
        replica = self._known(url)
        if self._closed or (replica is not None and replica.up):
            return
        if replica is None:
            replica = Replica(url, self._max_in_flight)
            self.all.append(replica)
        elif (probe := self._probes.get(replica)) is not None:
            probe.cancel()
        self._come_up(replica)

    def leave(self, url: str, why: str) -> None:
        """A server is gone for good. Those in its queue go elsewhere, and what it was asked is asked of others."""
        replica = self._known(url)
        if self._closed or replica is None:
            return
        self.all.remove(replica)
        replica.gone = True
        if (probe := self._probes.get(replica)) is not None:
            probe.cancel()
        if replica.up:
            self._take_out(replica, f"{url} is gone ({why})", None)
        replica.end_attempts()

    def _known(self, url: str) -> Replica | None:
        return next((replica for replica in self.all if replica.url == url), None)

    def _leave_out(
        self, replica: Replica, why: str, failure: Failure | None, probe: Callable[[str], Awaitable[bool]]
    ) -> None:
        self._take_out(replica, why, failure)
        task = asyncio.get_running_loop().create_task(self._probe_until_up(replica, probe))
        self._probes[replica] = task
        task.add_done_callback(lambda _: self._forget_probe(replica, task))

    def _forget_probe(self, replica: Replica, task: asyncio.Task[None]) -> None:
        if self._probes.get(replica) is task:
            del self._probes[replica]

    def _take_out(self, replica: Replica, why: str, failure: Failure | None) -> None:
        """Of those that are asked."""
        replica.up = False
        self._live.remove(replica)
        self._with_room.pop(replica, None)
        self._why, self._failure = why, failure
        if self._live:
            log.warning("%s; going on with %d of %d", self._why, len(self._live), len(self.all))
        else:
            log.warning("%s; waiting for it up to %g s", self._why, self.outage_s)
            now = asyncio.get_running_loop().time()
            if self._down_since is None or now - self._up_since > self.outage_s:
                self._down_since = now  # another outage; one that only seemed to end goes on
            self._any_up.clear()
        self._share()
        while replica.waiting:
            waiter = replica.waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)

    async def aclose(self) -> None:
        """Whoever waits is told so."""
        self._closed = True
        self._any_up.set()
        for replica in self.all:
            while replica.waiting:
                waiter = replica.waiting.popleft()
                if not waiter.done():
                    waiter.set_result(None)
        probes = list(self._probes.values())
        for task in probes:
            task.cancel()
        await asyncio.gather(*probes, return_exceptions=True)

    async def _probe_until_up(self, replica: Replica, probe: Callable[[str], Awaitable[bool]]) -> None:
        pause, longest = PROBE_S
        while True:
            await asyncio.sleep(pause * uniform(0.5, 1.0))
            if await probe(replica.url):
                break
            pause = min(longest, pause * 1.6)
        self._come_up(replica)
        log.warning("%s is back", replica.url)

    def _come_up(self, replica: Replica) -> None:
        replica.up, replica.failed_in_a_row = True, 0
        if not self._live:
            self._up_since = asyncio.get_running_loop().time()
        self._live.append(replica)
        self._share()
        self._any_up.set()

    async def _until_any_up(self) -> None:
        if self._down_since is None:  # none has ever been there
            self._down_since = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout_at(self._down_since + self.outage_s):
                await self._any_up.wait()
        except TimeoutError:
            message = f"{self._why}; waited {self.outage_s:g} s; is the server up?"
            if (last := self._failure) is None:
                raise InferenceError("unreachable", message) from None
            raise InferenceError(last.kind, message, last.status, outage=True) from None

    def _choose(self, affinity: str | None) -> Replica:
        if affinity is None:
            return self._least_with_room() or min(self._live, key=_fullness)
        factor, more = LOADED
        bound = factor * self._average_load() + more
        weights = _mixed(self._hashes ^ _hash(affinity))
        while (best := self._live[place := int(weights.argmax())]).load > bound:
            if not weights[place]:  # all are beyond the average of a moment ago
                return self._least_with_room() or min(self._live, key=_fullness)
            weights[place] = 0
        # A slot now is worth more than a warm cache later.
        return best if best.window.room > 0 else self._least_with_room() or best

    def _least_with_room(self) -> Replica | None:
        """The least loaded of those whose window has room; ``None``: there is none."""
        self._with_room = {replica: None for replica in self._with_room if replica.window.room > 0}
        return min(self._with_room, key=_fullness, default=None)

    def _average_load(self) -> float:
        """Of those that are up, as of a moment ago: it changes slowly where there are many."""
        self._average_for -= 1
        if self._average_for < 0:
            self._average = sum(replica.load for replica in self._live) / len(self._live)
            self._average_for = len(self._live) // AVERAGED
        return self._average

    def _serve(self, replica: Replica) -> None:
        """Give its free slots to calls that wait, its own first."""
        while replica.up and replica.window.room > 0:
            queue = replica.waiting or self._longest_queue()
            if queue is None:
                self._with_room[replica] = None
                return
            waiter = queue.popleft()
            if not waiter.done():  # cancelled while it waited
                replica.window.in_flight += 1
                waiter.set_result(replica)

    def _longest_queue(self) -> deque[asyncio.Future[Replica | None]] | None:
        self._with_queue = {replica: None for replica in self._with_queue if replica.waiting}
        return max((replica.waiting for replica in self._with_queue), key=len, default=None)

    def _share(self) -> None:
        """The ceiling, over those that are up."""
        if not self._live:
            return
        self._hashes = np.array([_hash(replica.url) for replica in self._live], np.uint64)
        self._average_for = 0
        share, rest = divmod(self._max_in_flight, len(self._live))
        for i, replica in enumerate(self._live):
            replica.window.set_ceiling(max(1, share + (i < rest)))
            self._serve(replica)


def _fullness(replica: Replica) -> float:
    return replica.load / replica.window.size


def _hash(text: str) -> np.uint64:
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return np.uint64(int.from_bytes(digest))


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Each value with its bits stirred (the finalizer of SplitMix64): values that are alike come far apart."""
    values ^= values >> np.uint64(30)
    values *= np.uint64(0xBF58476D1CE4E5B9)
    values ^= values >> np.uint64(27)
    values *= np.uint64(0x94D049BB133111EB)
    values ^= values >> np.uint64(31)
    return values
