"""Pairs on their way to a verdict: as they were handed in, as they wait, and as they are sent."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from synthetic1.rewards.scoring.batch import Batch
from synthetic1.rewards.scoring.calls import VerifierQueue
from synthetic1.scale.losses import Loss
from synthetic1.scale.nodes import NodeActor
from synthetic1.scale.sent_verifier import SentVerifier
from synthetic1.verdict import Verdict


@dataclass(eq=False)
class HandedCall:
    """What one batch has handed in."""

    batch: Batch
    left: int
    done: asyncio.Future[None]

    @property
    def is_over(self) -> bool:
        """Nobody waits for its verdicts any more."""
        return self.done.done() or self.batch.abandoned

    def fail(self, error: BaseException) -> None:
        """End it with an error, unless it has ended."""
        if self.done.done():
            return
        if isinstance(error, StopIteration):  # no future takes one
            wrapped = RuntimeError(f"on_verdict raised {type(error).__name__}")
            wrapped.__cause__ = error
            error = wrapped
        self.done.set_exception(error)

    def settle(self, position: int, verdict: Verdict) -> None:
        """Take the verdict of a pair; with the last one the call is done."""
        if self.is_over:
            return
        try:
            self.batch.settle(position, verdict)
        except BaseException as error:  # of `on_verdict`: it ends the batch, and no other
            self.fail(error)
            return
        self.left -= 1
        if not self.left and not self.done.done():
            self.done.set_result(None)


@dataclass(eq=False)
class HandedPair:
    """A pair on its way to a verdict."""

    call: HandedCall
    position: int
    verifier: SentVerifier
    queue: VerifierQueue
    cost: float
    number: int = 0
    """Of its coming: lower ones are sent first."""
    died_on: list[tuple[str, Loss]] = field(default_factory=list)
    """Ids of the nodes on which something was lost while the pair was alone there, and what."""
    lost_on: set[str] = field(default_factory=set)
    """Ids of the nodes on which a process or memory was lost under it and others."""
    node_deaths: int = 0
    """Of nodes that had it."""
    refusals: int = 0
    """Of sandboxes, on nodes where others have got one."""
    not_before: float = 0.0
    """On the loop's clock: when it may be sent again."""


@dataclass(eq=False)
class Message:
    """Pairs of one verifier that were sent to a node together."""

    actor: NodeActor
    pairs: list[HandedPair]
    ref: Any = None
    sent_at: float = field(default_factory=perf_counter)

    @property
    def cost(self) -> float:
        return sum(pair.cost for pair in self.pairs)


class WaitingPairs:
    """The queue: a lane for each verifier, since not every node can take the pairs of each."""

    def __init__(self) -> None:
        self._lanes: dict[SentVerifier, deque[HandedPair]] = {}
        self._numbers = 0
        self.cost = 0.0

    def __bool__(self) -> bool:
        return bool(self._lanes)

    def __iter__(self) -> Iterator[HandedPair]:
        for lane in self._lanes.values():
            yield from lane

    def add(self, pairs: Iterable[HandedPair]) -> None:
        """To the end."""
        for pair in pairs:
            self._numbers += 1
            pair.number = self._numbers
            self._lanes.setdefault(pair.verifier, deque()).append(pair)
            self.cost += pair.cost

    def put_back(self, pairs: Iterable[HandedPair]) -> None:
        """To the front, in their order."""
        for pair in reversed(list(pairs)):
            self._lanes.setdefault(pair.verifier, deque()).appendleft(pair)
            self.cost += pair.cost

    def lane(self, takes: Callable[[SentVerifier], bool]) -> SentVerifier | None:
        """The verifier whose next pair has waited longest, of those that ``takes`` says yes to."""
        for verifier in list(self._lanes):
            while (front := self.front(verifier)) is not None and front.call.is_over:
                self.pop(verifier)
        lanes = [(lane[0].number, verifier) for verifier, lane in self._lanes.items() if takes(verifier)]
        return min(lanes, key=lambda one: one[0])[1] if lanes else None

    def front(self, verifier: SentVerifier) -> HandedPair | None:
        """The next pair of a verifier."""
        lane = self._lanes.get(verifier)
        return lane[0] if lane else None

    def pop(self, verifier: SentVerifier) -> HandedPair:
        """Take out the next pair of a verifier."""
        lane = self._lanes[verifier]
        pair = lane.popleft()
        if not lane:
            del self._lanes[verifier]
        self.cost = self.cost - pair.cost if self._lanes else 0.0
        return pair

    def drop_over(self) -> None:
        """Forget pairs for which nobody waits any more."""
        kept = {verifier: deque(p for p in lane if not p.call.is_over) for verifier, lane in self._lanes.items()}
        self._lanes = {verifier: lane for verifier, lane in kept.items() if lane}
        self.cost = sum(pair.cost for pair in self)
