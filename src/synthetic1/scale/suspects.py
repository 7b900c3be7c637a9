"""Pairs that may have ended a process or a node: each is verified alone, until it is known which of them did."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator

from synthetic1.scale.handed import HandedPair
from synthetic1.scale.losses import Loss
from synthetic1.scale.nodes import NodeActor
from synthetic1.scale.sent_verifier import SentVerifier

BACK_OFF_S = 2.0  # after the first loss of memory or of a node while alone; twice as long after each further one
MOST_BACK_OFF_S = 60.0


class Suspects:
    """Pairs that are to be verified alone, each on an actor that has nothing else.

    A pair goes to a node where nothing was lost under it, as long as there is one: so no node that is broken makes a
    pair look guilty.

    Args:
        max_deaths: losses under a pair that was alone, after which it is guilty.
        nodes_of: ids of the nodes that are there for a verifier, whether they are ready or not.
    """

    def __init__(self, max_deaths: int, nodes_of: Callable[[SentVerifier], set[str]]) -> None:
        self._max_deaths, self._nodes_of = max_deaths, nodes_of
        self._pairs: deque[HandedPair] = deque()
        self.apart: set[NodeActor] = set()
        """Actors that get nothing but these."""

    def __bool__(self) -> bool:
        return bool(self._pairs)

    def __iter__(self) -> Iterator[HandedPair]:
        return iter(self._pairs)

    def add(self, pairs: Iterable[HandedPair]) -> None:
        """Behind the others, so that a node under which all die is found out before any pair is."""
        self._pairs.extend(pairs)

    def drop_over(self) -> None:
        """Forget pairs for which nobody waits any more."""
        self._pairs = deque(pair for pair in self._pairs if not pair.call.is_over)

    def release(self, node_ids: Iterable[str]) -> list[HandedPair]:
        """Take out those that nothing speaks against but what was lost on these nodes, which were to blame."""
        blamed = set(node_ids)
        for pair in self._pairs:
            pair.died_on = [(node, loss) for node, loss in pair.died_on if node not in blamed]
            pair.lost_on -= blamed
        free = [pair for pair in self._pairs if not pair.died_on and not pair.lost_on and not pair.node_deaths]
        self._pairs = deque(pair for pair in self._pairs if pair not in set(free))
        return sorted(free, key=lambda pair: pair.number)

    def died_alone(self, pair: HandedPair, node_id: str, loss: Loss, now: float) -> bool:
        """Note a loss under a pair that was alone. Whether it is guilty: it has had its deaths, on as many nodes as
        there are, up to so many; if not, it joins the others."""
        pair.died_on.append((node_id, loss))
        nodes = len({node for node, _ in pair.died_on})
        there = len(self._nodes_of(pair.verifier))
        if len(pair.died_on) >= self._max_deaths and nodes >= min(self._max_deaths, there):
            return True
        self.wait(pair, loss, now)
        self.add([pair])
        return False

    def wait(self, pair: HandedPair, loss: Loss, now: float) -> None:
        """Put off a pair under which memory or a node was lost: others need time to come back."""
        if loss is not Loss.PROCESS:
            pair.not_before = now + min(MOST_BACK_OFF_S, BACK_OFF_S * 2 ** max(0, len(pair.died_on) - 1))

    def next(self, ready: list[NodeActor], now: float) -> list[tuple[NodeActor, HandedPair]]:
        """Which pairs to send where, now; half of the actors go on with what else there is."""
        if not self._pairs:
            self.apart = {actor for actor in self.apart & set(ready) if actor.pairs}
            return []
        wanted = min(len(self._pairs), max(1, len(ready) // 2))
        apart = {actor for actor in self.apart & set(ready) if actor.pairs or self._for(actor, now)}
        for actor in sorted(ready, key=lambda one: one.load):
            if len(apart) < wanted and actor not in apart and self._for(actor, now):
                apart.add(actor)
        self.apart = apart
        found = []
        for actor in sorted(apart, key=lambda one: one.load):
            if not actor.pairs and (pair := self._for(actor, now)) is not None:
                self._pairs.remove(pair)
                found.append((actor, pair))
        return found

    def _for(self, actor: NodeActor, now: float) -> HandedPair | None:
        """The first pair that may go to an actor."""
        node_id, nodes_of = actor.node.node_id, dict[SentVerifier, set[str]]()
        for pair in self._pairs:
            if pair.not_before > now or pair.call.is_over:
                continue
            if pair.verifier not in nodes_of:
                nodes_of[pair.verifier] = self._nodes_of(pair.verifier)
            there = nodes_of[pair.verifier]
            if node_id in there and (node_id in (untried := there - {one for one, _ in pair.died_on}) or not untried):
                return pair
        return None
