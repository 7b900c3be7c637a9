"""Hands out pairs to the nodes of a cluster, no more than they can take, and again where a node was lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress
from time import perf_counter

from synthetic1.rewards.scoring.batch import Batch, QueuedPairs
from synthetic1.rewards.scoring.calls import Failures, call_verifier
from synthetic1.scale.cost import estimated_cost
from synthetic1.scale.errors import ClusterError
from synthetic1.scale.handed import HandedCall, HandedPair, Message, WaitingPairs
from synthetic1.scale.losses import Loss, loss_of, reason
from synthetic1.scale.nodes import COST_PER_CORE, LOOK_EVERY_S, NodeActor, Nodes, connected_ray, result_of, said
from synthetic1.scale.sandbox_places import FAILURES, SandboxPlaces
from synthetic1.scale.sent_verifier import (
    NO_SANDBOX,
    NoSandboxHere,
    OtherVerifier,
    SentVerifier,
    UnreadablePairs,
    dump_pairs,
    load_verdicts,
)
from synthetic1.scale.settings import RaySection
from synthetic1.scale.suspects import Suspects
from synthetic1.verdict import Verdict

log = logging.getLogger(__name__)

MESSAGE_COST = COST_PER_CORE / 2  # of a message of inline pairs; of others each is a message: they take far longer
SAY_AFTER_S = 5.0  # without a node
NODE_DEATHS = 2  # under a pair, before it is verified alone: one that takes whole nodes down is to be found out
HERE_AT_ONCE = 4  # pairs that no node can read


class Dispatcher:
    """Shares out pairs among nodes. Lives on one event loop, and serves all batches that come there.

    A node has as much outstanding as keeps its cores at work (``NodeActor.takes``), in messages that are small beside
    what waits, so that no node is idle while another has a queue, and nothing piles up in Ray. What awaits (a sandbox)
    is sent pair by pair: a verdict is known when it is there, and a node that is lost takes little with it.

    A pair is verified again when what verified it is gone. If that was a node, it joins the queue, as the next one. If
    it was a process on a node that is still there, or the node ran out of memory, some pair may be to blame: those that
    it had are suspects, and verified one after the other, each alone on a node (see ``Suspects``).

    Args:
        sharers: processes that use the same nodes.
        before: the one whose place this takes; what it knew of nodes stays known.
    """

    def __init__(self, settings: RaySection, sharers: int = 1, before: Dispatcher | None = None) -> None:
        self.settings = settings
        self.nodes = Nodes(settings, sharers, self._pump, self._gone)
        self._waiting = WaitingPairs()
        self._places = SandboxPlaces()
        self._suspects = Suspects(settings.max_deaths, self._nodes_of)
        self._messages: dict[Message, asyncio.Task[None]] = {}
        self._here: set[asyncio.Task[None]] = set()
        self._here_at_once = asyncio.Semaphore(HERE_AT_ONCE)
        self._failures = Failures()
        self._has_said_here = False
        self._guard: asyncio.Task[None] | None = None
        self.sent_again = 0
        """Pairs that were sent once more, because a node or a process was lost."""
        if before is not None:
            self.sent_again = before.sent_again
            self.nodes.take_over(before.nodes)

    async def verify(self, batch: Batch, queues: Iterable[tuple[SentVerifier, QueuedPairs]]) -> None:
        """Settle these pairs of ``batch``. Cancelling it cancels the work.

        Raises:
            ClusterError: there has been no node for too long, none has a sandbox, or one has other code.
        """
        call = HandedCall(batch, 0, asyncio.get_running_loop().create_future())
        pairs = [
            HandedPair(call, n, verifier, queued.queue, estimated_cost(batch.pairs[n][0], queued.queue.verifier))
            for verifier, queued in queues
            for n in queued.positions
        ]
        if not pairs:
            return
        call.left = len(pairs)
        try:
            self._waiting.add(pairs)
            self.nodes.watch()
            if self._guard is None or self._guard.done():
                self._guard = asyncio.create_task(self._guard_against_no_nodes())
            self._pump()
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
        for actor, pair in self._suspects.next(ready, asyncio.get_running_loop().time()):
            self._send(actor, [pair])
        free = [actor for actor in ready if actor not in self._suspects.apart]
        cores = sum(actor.node.cores for actor in free)
        while self._waiting and free:
            actor = min(free, key=lambda one: one.load)
            pairs = self._next_pairs(actor, cores)
            if pairs:
                self._send(actor, pairs)
            else:
                free.remove(actor)

    def _nodes_of(self, verifier: SentVerifier) -> set[str]:
        """Ids of the nodes that are there for a verifier, ready or not."""
        return {node_id for node_id in self.nodes.usable if self._places.may_have(verifier, node_id)}

    def _next_pairs(self, actor: NodeActor, cores: int) -> list[HandedPair]:
        """The next pairs for an actor, of one verifier; none if it has enough."""
        pairs: list[HandedPair] = []
        cost, most = 0.0, max(1.0, min(MESSAGE_COST, self._waiting.cost / (2 * cores)))
        verifier = self._waiting.lane(lambda one: self._places.may_have(one, actor.node.node_id))
        while verifier is not None and (pair := self._waiting.front(verifier)) is not None:
            if pair.call.is_over:
                self._waiting.pop(verifier)
                continue
            if (
                (pairs and not verifier.inline)
                or (pairs and cost + pair.cost > most)
                or not actor.takes(cost + pair.cost)
                or actor.pairs + len(pairs) >= actor.bound
            ):
                break
            pairs.append(self._waiting.pop(verifier))
            cost += pair.cost
        return pairs

    def _send(self, actor: NodeActor, pairs: list[HandedPair]) -> None:
        message = Message(actor, pairs)
        actor.sent(len(pairs), message.cost)
        self._messages[message] = asyncio.create_task(self._carry(message))

    async def _carry(self, message: Message) -> None:
        """Send a message, and settle what comes back."""
        actor, pairs = message.actor, message.pairs
        try:
            try:
                data = dump_pairs([pair.call.batch.pairs[pair.position] for pair in pairs])
            except Exception as error:
                raise UnreadablePairs(f"{type(error).__name__}: {error}") from error
            message.ref = actor.actor.verify.remote(pairs[0].verifier, data, len(pairs))
            del data
            verdicts = load_verdicts(await result_of(message.ref))
        except asyncio.CancelledError:
            if not actor.lost and message.ref is not None:
                with suppress(Exception):
                    connected_ray().cancel(message.ref)
            raise
        except OtherVerifier as error:
            why = f"node {actor.node.name}: {said(error)}; install there what this machine has, or bring it along: "
            self._fail(pairs, ClusterError(f"{why}ray.runtime_env={{working_dir: .}}"))
        except NoSandboxHere as error:
            self._no_sandbox(message, said(error))
        except UnreadablePairs as error:
            here = [pair for pair in pairs if not _travels(pair)] or pairs
            self._waiting.put_back(pair for pair in pairs if pair not in here)
            self._verify_here(here, said(error))
        except Exception as error:  # of Ray's, or whatever a node raises
            self._lost(actor, error)
        else:
            try:
                self._settle(message, verdicts)
            except Exception as error:  # or the batch would wait for ever
                self._fail(pairs, error)
        finally:
            if self._messages.pop(message, None) is not None:
                actor.back(len(pairs), message.cost)
            self._pump()

    def _settle(self, message: Message, verdicts: list[Verdict]) -> None:
        self.nodes.finished(message.actor.node)
        self._places.works(message.pairs[0].verifier, message.actor.node.node_id)
        if len(verdicts) != len(message.pairs):
            return self._fail(message.pairs, RuntimeError(f"{len(verdicts)} verdicts of {len(message.pairs)} pairs"))
        seconds = perf_counter() - message.sent_at
        for pair, verdict in zip(message.pairs, verdicts, strict=True):
            batch = pair.call.batch
            if not pair.call.is_over:
                batch.queue_s.append(message.sent_at - batch.handed_in)
                batch.work_s.append(seconds)
                pair.call.settle(pair.position, verdict)
        return None

    def _fail(self, pairs: Iterable[HandedPair], error: Exception) -> None:
        for pair in pairs:
            pair.call.fail(error)

    def _verify_here(self, pairs: list[HandedPair], why: str) -> None:
        """Verify pairs that cannot travel in this process: they hold what only it knows."""
        if not self._has_said_here:
            self._has_said_here = True
            log.warning("pairs of `%s` cannot be sent, and are verified here: %s", pairs[0].verifier.task_type, why)

        async def verify(pair: HandedPair) -> None:
            async with self._here_at_once:
                if not pair.call.is_over:
                    batch, began = pair.call.batch, perf_counter()
                    verdict = await call_verifier(pair.queue, *batch.pairs[pair.position], self._failures)
                    batch.queue_s.append(began - batch.handed_in)
                    batch.work_s.append(perf_counter() - began)
                    pair.call.settle(pair.position, verdict)

        for pair in pairs:
            task = asyncio.create_task(verify(pair))
            self._here.add(task)
            task.add_done_callback(self._here.discard)
            pair.call.done.add_done_callback(lambda _, task=task: task.cancel())  # type: ignore[misc]

    # What is lost ---------------------------------------------------------------------------------------------------

    def _no_sandbox(self, message: Message, why: str) -> None:
        """Its pairs go to other nodes; if there are none with a sandbox, that is for a person to mend."""
        verifier, node = message.pairs[0].verifier, message.actor.node
        if self._places.fails(verifier, node, why):
            log.warning("node %s verifies no `%s`: no sandbox works there (%s)", node.name, verifier.task_type, why)
        for pair in message.pairs:
            pair.refusals += self._places.may_have(verifier, node.node_id)
            if pair.refusals >= FAILURES:  # where others get one: as the local scorer says it
                pair.call.settle(pair.position, Verdict.unscorable("infra", f"{NO_SANDBOX}: {why}"))
        self._waiting.put_back(pair for pair in message.pairs if not pair.call.is_over and pair.refusals < FAILURES)
        self._end_without_sandbox()

    def _end_without_sandbox(self) -> None:
        for verifier in self._places.missing:
            if self.nodes.listed and not self._nodes_of(verifier):
                lines = self._places.why(verifier)
                error = ClusterError(
                    f"no node of the Ray cluster has a sandbox that works, which `{verifier.task_type}` needs "
                    f"({lines}); see `synthetic1 sandbox status` there"
                )
                self._fail((pair for pair in (*self._waiting, *self._suspects) if pair.verifier == verifier), error)

    def _gone(self, actor: NodeActor, error: Exception | None) -> None:
        self._lost(actor, error)
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
        alone = sum(len(message.pairs) for message in messages) == 1
        pairs = [pair for message in messages for pair in message.pairs if not pair.call.is_over]
        self.sent_again += len(pairs)
        loss, now, name = loss_of(error), asyncio.get_running_loop().time(), actor.node.name
        if loss is Loss.NODE:
            log.warning("node %s is lost; its %d pairs are verified elsewhere", name, len(pairs))
            is_bad = False
        else:
            log.debug("node %s: its process is lost with %d pairs (%s): %s", name, len(pairs), loss, error)
            is_bad = bool(pairs) and self.nodes.died(actor.node, pairs[0])
        if not alone and loss is Loss.NODE:
            for pair in pairs:
                pair.node_deaths += 1
            self._waiting.put_back(pair for pair in pairs if pair.node_deaths < NODE_DEATHS)
            pairs = [pair for pair in pairs if pair.node_deaths >= NODE_DEATHS]
        for pair in pairs:
            if not alone:
                if loss is not Loss.NODE:
                    pair.lost_on.add(actor.node.node_id)
                self._suspects.wait(pair, loss, now)
                self._suspects.add([pair])
            elif self._suspects.died_alone(pair, actor.node.node_id, loss, now):
                why = reason((one for _, one in pair.died_on), name)
                if isinstance(error, Exception) and loss is Loss.PROCESS and (last := said(error)):
                    log.debug("the last time: %s", last)
                log.warning("a pair of `%s` is not scored: %s", pair.verifier.task_type, why)
                self.nodes.acquit(pair)
                pair.call.settle(pair.position, Verdict.unscorable("infra", why))

        if is_bad:
            self._waiting.put_back(self._suspects.release([actor.node.node_id]))

    def _forget_over(self) -> None:
        """Cancel messages for which nobody waits any more."""
        for message, task in list(self._messages.items()):
            if all(pair.call.is_over for pair in message.pairs):
                task.cancel()
        self._waiting.drop_over()
        self._suspects.drop_over()

    async def _guard_against_no_nodes(self) -> None:
        """Say when there is no node, and end all calls when there has been none for too long."""
        loop = asyncio.get_running_loop()
        since, has_said = loop.time(), False
        while self._waiting or self._suspects or self._messages:
            await asyncio.sleep(LOOK_EVERY_S / 4)
            if self.nodes.ready:
                since, has_said = loop.time(), False
                self._end_without_sandbox()
                self._forget_over()
                self._pump()  # suspects that were put off
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
        self._fail((*self._waiting, *self._suspects, *(p for m in self._messages for p in m.pairs)), ClusterError(why))
        self._forget_over()

    # The end --------------------------------------------------------------------------------------------------------

    async def aclose(self, grace_s: float) -> None:
        """End all work and all actors."""
        self.nodes.closed = True
        if self._guard is not None:
            self._guard.cancel()
        for task in (*self._messages.values(), *self._here):
            task.cancel()
        await self.nodes.aclose(grace_s)


def _travels(pair: HandedPair) -> bool:
    try:
        dump_pairs([pair.call.batch.pairs[pair.position]])
    except Exception:
        return False
    return True
