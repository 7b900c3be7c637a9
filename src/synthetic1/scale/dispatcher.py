"""Hands out pairs to the nodes of a cluster, no more than they can take, and again where a node was lost."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from synthetic1.rewards.scoring.batch import Batch, QueuedPairs
from synthetic1.scale.cost import estimated_cost
from synthetic1.scale.errors import ClusterError
from synthetic1.scale.nodes import COST_PER_CORE, LOOK_EVERY_S, NodeActor, Nodes, result_of, said
from synthetic1.scale.sent_verifier import SentVerifier, dump_pairs, load_verdicts
from synthetic1.scale.settings import RaySection
from synthetic1.verdict import Verdict

log = logging.getLogger(__name__)

MESSAGE_COST = COST_PER_CORE / 2  # of a message of inline pairs; of others each is a message: they take far longer
SAY_AFTER_S = 5.0  # without a node
NODE_DEATHS = 2  # under a pair, before it is verified alone: one that takes whole nodes down is to be found out


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

    def fail(self, error: Exception) -> None:
        if not self.done.done():
            self.done.set_exception(error)


@dataclass(eq=False)
class HandedPair:
    """A pair on its way to a verdict."""

    call: HandedCall
    position: int
    verifier: SentVerifier
    cost: float
    deaths: int = 0
    """Of processes in which it was alone."""
    node_deaths: int = 0
    """Of nodes that had it."""


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


class Dispatcher:
    """Shares out pairs among nodes. Lives on one event loop, and serves all batches that come there.

    A node has as much outstanding as keeps its cores at work (``NodeActor.takes``), in messages that are small beside
    what waits, so that no node is idle while another has a queue, and nothing piles up in Ray. What awaits (a sandbox)
    is sent pair by pair: a verdict is known when it is there, and a node that is lost takes little with it.

    A pair is verified again when what verified it is gone. If that was a node, it joins the queue, as the next one. If
    it was a process on a node that is still there, some pair may have ended it: those that it had are verified one
    after the other, each alone on a node, until ``max_deaths`` of such processes tell which.

    Args:
        sharers: processes that use the same nodes.
    """

    def __init__(self, settings: RaySection, sharers: int = 1) -> None:
        self.settings = settings
        self.nodes = Nodes(settings, sharers, self._pump, self._node_gone)
        self._waiting: deque[HandedPair] = deque()
        self._waiting_cost = 0.0
        self._suspects: deque[HandedPair] = deque()
        self._set_apart: set[NodeActor] = set()
        self._messages: dict[Message, asyncio.Task[None]] = {}
        self._guard: asyncio.Task[None] | None = None
        self.sent_again = 0
        """Pairs that were sent once more, because a node or a process was lost."""

    async def verify(self, batch: Batch, queues: Iterable[tuple[SentVerifier, QueuedPairs]]) -> None:
        """Settle these pairs of ``batch``. Cancelling it cancels the work.

        Raises:
            ClusterError: there has been no node for too long, or one has other code.
        """
        call = HandedCall(batch, 0, asyncio.get_running_loop().create_future())
        for verifier, queued in queues:
            for position in queued.positions:
                cost = estimated_cost(batch.pairs[position][0], queued.queue.verifier)
                self._waiting.append(HandedPair(call, position, verifier, cost))
                self._waiting_cost += cost
                call.left += 1
        if not call.left:
            return
        self.nodes.watch()
        if self._guard is None or self._guard.done():
            self._guard = asyncio.create_task(self._guard_against_no_nodes())
        self._pump()
        try:
            await call.done
        finally:
            if not call.done.done():
                call.done.cancel()
            self._forget_over()

    # Handing out ----------------------------------------------------------------------------------------------------

    def _pump(self) -> None:
        """Send what may be sent."""
        if self.nodes.closed:
            return
        ready = list(self.nodes.ready.values())
        self._send_suspects(ready)
        free = [actor for actor in ready if actor not in self._set_apart]
        cores = sum(actor.node.cores for actor in free)
        while self._waiting and free:
            actor = min(free, key=lambda one: one.load)
            pairs = self._next_pairs(actor, cores)
            if pairs:
                self._send(actor, pairs)
            else:
                free.remove(actor)

    def _next_pairs(self, actor: NodeActor, cores: int) -> list[HandedPair]:
        """The next pairs for an actor, of one verifier; none if it has enough."""
        pairs: list[HandedPair] = []
        cost, most = 0.0, max(1.0, min(MESSAGE_COST, self._waiting_cost / (2 * cores)))
        while self._waiting:
            pair = self._waiting[0]
            if pair.call.is_over:
                self._pop()
                continue
            alike = pair.verifier.inline and pair.verifier is pairs[0].verifier if pairs else True
            if (
                not alike
                or (pairs and cost + pair.cost > most)
                or not actor.takes(cost + pair.cost)
                or actor.pairs + len(pairs) >= actor.bound
            ):
                break
            pairs.append(self._pop())
            cost += pair.cost
        return pairs

    def _pop(self) -> HandedPair:
        pair = self._waiting.popleft()
        self._waiting_cost = self._waiting_cost - pair.cost if self._waiting else 0.0
        return pair

    def _put_back(self, pairs: Iterable[HandedPair]) -> None:
        """To the front of the queue, in their order."""
        for pair in reversed(list(pairs)):
            self._waiting.appendleft(pair)
            self._waiting_cost += pair.cost

    def _send_suspects(self, ready: list[NodeActor]) -> None:
        """Those pairs that may have ended a process, each alone on an actor; half of the actors go on with the rest."""
        while self._suspects and self._suspects[0].call.is_over:
            self._suspects.popleft()
        apart = {actor for actor in self._set_apart if not actor.lost and (self._suspects or actor.pairs)}
        wanted = min(len(self._suspects), max(1, len(ready) // 2))
        for actor in sorted(ready, key=lambda one: one.load):
            if len(apart) < wanted:
                apart.add(actor)
        self._set_apart = apart
        for actor in apart:
            if not actor.pairs and self._suspects:
                self._send(actor, [self._suspects.popleft()])

    def _send(self, actor: NodeActor, pairs: list[HandedPair]) -> None:
        message = Message(actor, pairs)
        actor.sent(len(pairs), message.cost)
        self._messages[message] = asyncio.create_task(self._carry(message))

    async def _carry(self, message: Message) -> None:
        """Send a message, and settle what comes back."""
        import ray

        actor, pairs = message.actor, message.pairs
        try:
            data = dump_pairs([pair.call.batch.pairs[pair.position] for pair in pairs])
            message.ref = actor.actor.verify.remote(pairs[0].verifier, data)
            del data
            verdicts = load_verdicts(await result_of(message.ref))
        except asyncio.CancelledError:
            if not actor.lost:
                with suppress(Exception):
                    ray.cancel(message.ref)
            raise
        except ray.exceptions.RayTaskError as error:
            why = f"node {actor.node.name}: {said(error)}; install there what this machine has, or bring it along: "
            self._fail(message, ClusterError(f"{why}ray.runtime_env={{working_dir: .}}"))
        except ray.exceptions.RayError as error:
            self._lost(actor, error)
        except Exception as error:  # a pair that cannot be pickled, an actor that cannot be asked any more
            if actor.lost:
                return
            self._fail(message, error)
        else:
            self._settle(message, verdicts)
        finally:
            if self._messages.pop(message, None) is not None:
                actor.back(len(pairs), message.cost)
            self._pump()

    def _settle(self, message: Message, verdicts: list[Verdict]) -> None:
        seconds = perf_counter() - message.sent_at
        for pair, verdict in zip(message.pairs, verdicts, strict=True):
            call = pair.call
            if call.is_over:
                continue
            call.batch.queue_s.append(message.sent_at - call.batch.handed_in)
            call.batch.work_s.append(seconds)
            self._settle_one(pair, verdict)

    def _settle_one(self, pair: HandedPair, verdict: Verdict) -> None:
        call = pair.call
        if call.is_over:
            return
        try:
            call.batch.settle(pair.position, verdict)
        except BaseException as error:  # of `on_verdict`: it ends the batch, and no other
            call.done.set_exception(error)
            return
        call.left -= 1
        if not call.left:
            call.done.set_result(None)

    def _fail(self, message: Message, error: Exception) -> None:
        for pair in message.pairs:
            pair.call.fail(error)

    # What is lost ---------------------------------------------------------------------------------------------------

    def _node_gone(self, actor: NodeActor) -> None:
        self._lost(actor, None)
        self._pump()

    def _lost(self, actor: NodeActor, error: Exception | None) -> None:
        """An actor is gone; ``error`` says how, or None: with its node."""
        if actor.lost:
            return
        self.nodes.give_up(actor)
        messages = [message for message in self._messages if message.actor is actor]
        for message in messages:
            task = self._messages.pop(message)
            if task is not asyncio.current_task():
                task.cancel()
        pairs = [pair for message in messages for pair in message.pairs if not pair.call.is_over]
        self.sent_again += len(pairs)
        if _process_died(error):
            log.debug("node %s: the process that verified there died with %d pairs", actor.node.name, len(pairs))
            self._suspect(pairs, sum(len(message.pairs) for message in messages) == 1, actor)
        else:
            log.warning("node %s is lost; its %d pairs are verified elsewhere", actor.node.name, len(pairs))
            for pair in pairs:
                pair.node_deaths += 1
            self._put_back(pair for pair in pairs if pair.node_deaths < NODE_DEATHS)
            self._suspects.extend(pair for pair in pairs if pair.node_deaths >= NODE_DEATHS)

    def _suspect(self, pairs: list[HandedPair], alone: bool, actor: NodeActor) -> None:
        if alone and pairs:
            (pair,) = pairs
            pair.deaths += 1
            if pair.deaths >= self.settings.max_deaths:
                why = f"it ended its process {pair.deaths} times, alone in it (last on node {actor.node.name})"
                log.warning("a pair of `%s` is not scored: %s", pair.verifier.task_type, why)
                self._settle_one(pair, Verdict.unscorable("infra", why))
                return
            self._suspects.appendleft(pair)
        else:
            self._suspects.extend(pairs)

    def _forget_over(self) -> None:
        """Cancel messages for which nobody waits any more."""
        for message, task in list(self._messages.items()):
            if all(pair.call.is_over for pair in message.pairs):
                task.cancel()

    async def _guard_against_no_nodes(self) -> None:
        """Say when there is no node, and end all calls when there has been none for too long."""
        loop = asyncio.get_running_loop()
        since, has_said = loop.time(), False
        while self._waiting or self._suspects or self._messages:
            await asyncio.sleep(LOOK_EVERY_S / 4)
            if self.nodes.ready:
                since, has_said = loop.time(), False
                continue
            without_s, wait_s = loop.time() - since, self.settings.wait_s
            if self.nodes.is_hopeless:
                return self._end_all("; ".join(self.nodes.left_out.values()))
            if without_s >= SAY_AFTER_S and not has_said:
                has_said = True
                log.warning("no node of the Ray cluster can verify now; waiting up to %g s for one", wait_s)
            if without_s >= max(wait_s, SAY_AFTER_S):
                return self._end_all(
                    f"no node of the Ray cluster could verify for {wait_s:g} s (ray.wait_s); start one with "
                    "`ray start --address=HOST:6379`"
                )
        return None

    def _end_all(self, why: str) -> None:
        for pair in (*self._waiting, *self._suspects, *(p for message in self._messages for p in message.pairs)):
            pair.call.fail(ClusterError(why))
        self._waiting.clear()
        self._suspects.clear()
        self._waiting_cost = 0.0

    # The end --------------------------------------------------------------------------------------------------------

    async def aclose(self, grace_s: float) -> None:
        """End all work and all actors."""
        self.nodes.closed = True
        if self._guard is not None:
            self._guard.cancel()
        for task in list(self._messages.values()):
            task.cancel()
        await self.nodes.aclose(grace_s)


def _process_died(error: Exception | None) -> bool:
    """Whether it was the actor's process that died, and not its node, or the way there.

    Ray says so at once of a process; of a node that crashed it says at first that it cannot be reached.
    """
    from ray.exceptions import ActorDiedError

    return isinstance(error, ActorDiedError) and "node has died" not in str(error)
