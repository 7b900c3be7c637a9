"""The nodes of a cluster that verify, and the actor of each: one a node, started, watched, and given up."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from synthetic1.scale.losses import ActorStalled
from synthetic1.scale.node_scorer import NodeScorer, NodeVersions
from synthetic1.scale.settings import RaySection

log = logging.getLogger(__name__)

SANDBOX = "sandbox"
"""The custom resource of nodes that are to verify: ``ray start --resources='{"sandbox": 1}'``."""
COST_PER_CORE = 64.0  # what may be outstanding: two tenths of a second of mathematics, three programs of ten tests
PAIRS_PER_CORE = 2  # may be outstanding whatever they cost: one at work, one that is there when it ends
LOOK_EVERY_S = 1.0
START_S = 120.0  # a runtime environment may have to be made first
STARTS = 3  # attempts on a node, before it is left out
BEAT_EVERY_S = 10.0
BEAT_S = 60.0  # an actor that says nothing for so long is given up
BAD_AFTER = 5  # deaths in a row, each under another pair: then it is the node
BAD_AFTER_ALONE = 20  # the same, of the only node there is
CALLS_AT_ONCE = 100_000  # of an actor: what is outstanding is bounded here, not by Ray


@dataclass(frozen=True)
class FoundNode:
    """A node that can verify."""

    node_id: str
    name: str
    cores: int
    marked: bool = False
    """Whether it has the resource ``sandbox``."""


@dataclass(eq=False)
class NodeActor:
    """The actor of a node, and how much was sent to it that has not come back."""

    node: FoundNode
    actor: Any
    pairs: int = 0
    cost: float = 0.0
    lost: bool = False
    most_pairs: int = field(default=0)
    """The largest number of pairs that were outstanding at once."""

    @property
    def bound(self) -> int:
        """More pairs are never outstanding."""
        return int(max(COST_PER_CORE, PAIRS_PER_CORE) * self.node.cores)

    @property
    def load(self) -> float:
        return self.cost / self.node.cores

    def takes(self, cost: float) -> bool:
        """Whether a further pair may be sent."""
        cores = self.node.cores
        return self.pairs < PAIRS_PER_CORE * cores or self.cost + cost <= COST_PER_CORE * cores

    def sent(self, pairs: int, cost: float) -> None:
        self.pairs, self.cost = self.pairs + pairs, self.cost + cost
        self.most_pairs = max(self.most_pairs, self.pairs)

    def back(self, pairs: int, cost: float) -> None:
        self.pairs, self.cost = self.pairs - pairs, self.cost - cost
        if not self.pairs:
            self.cost = 0.0  # sums of fractions need not end at zero


class Nodes:
    """One actor for each node that can verify. Lives on one event loop.

    Args:
        sharers: processes that use the same nodes, each with actors of its own: each gets its share of the cores.
        on_change: called when an actor is ready.
        on_lost: called with an actor that is gone, and with how: None = with its node.
    """

    def __init__(
        self,
        settings: RaySection,
        sharers: int,
        on_change: Callable[[], None],
        on_lost: Callable[[NodeActor, Exception | None], None],
    ) -> None:
        self.settings, self._sharers = settings, sharers
        self._on_change, self._on_lost = on_change, on_lost
        self.ready: dict[str, NodeActor] = {}
        """By node id."""
        self.left_out: dict[str, str] = {}
        """Nodes that cannot verify, and why."""
        self.listed: dict[str, FoundNode] = {}
        """The nodes that there were when last looked, to verify on."""
        self._marked_only = False
        self._retiring: list[NodeActor] = []
        self._died_under: dict[str, set[object]] = {}
        self._beating: dict[NodeActor, asyncio.Task[None]] = {}
        self._starting: dict[str, asyncio.Task[None]] = {}
        self._actors: set[Any] = set()
        self._failed: Counter[str] = Counter()
        self._watching: asyncio.Task[None] | None = None
        self.closed = False

    def watch(self) -> None:
        """Begin to start actors on nodes, now and whenever one joins."""
        if self._watching is None:
            self._watching = asyncio.get_running_loop().create_task(self._watch())

    def take_over(self, before: Nodes) -> None:
        """Know what another one knew of the cluster."""
        self.left_out.update(before.left_out)
        self._marked_only = before._marked_only

    @property
    def is_hopeless(self) -> bool:
        """Whether every node there is has been left out."""
        return bool(self.listed) and self.listed.keys() <= self.left_out.keys()

    @property
    def usable(self) -> set[str]:
        """Ids of the nodes that are there and not left out, ready or not."""
        return self.listed.keys() - self.left_out.keys()

    def give_up(self, actor: NodeActor) -> None:
        """Take out an actor that died; its node gets another one, if it is still there."""
        actor.lost = True
        if self.ready.get(actor.node.node_id) is actor:
            del self.ready[actor.node.node_id]
        if (beat := self._beating.pop(actor, None)) is not None and beat is not asyncio.current_task():
            beat.cancel()
        self._kill(actor.actor)

    def died(self, node: FoundNode, under: object) -> bool:
        """Note that an actor's process died under these pairs. A node where that happens under one after the other,
        and none is finished, is left out: a pair of its own cannot be to blame for each. Whether it is, from now on."""
        under_these = self._died_under.setdefault(node.node_id, set())
        under_these.add(under)
        if len(under_these) >= (BAD_AFTER if len(self.usable - {node.node_id}) else BAD_AFTER_ALONE):
            self._leave_out(node, f"its process died {len(under_these)} times in a row, each under other pairs")
            return True
        return False

    def acquit(self, under: object) -> None:
        """Hold no death against a node that these pairs are to blame for."""
        for under_these in self._died_under.values():
            under_these.discard(under)

    def finished(self, node: FoundNode) -> None:
        """Note that a node has verified something."""
        self._died_under.pop(node.node_id, None)

    async def _watch(self) -> None:
        while True:
            try:
                self._look(await asyncio.to_thread(found_nodes, self.settings.cores))
            except Exception as error:  # the cluster's head does not answer just now, or never again
                log.debug("the nodes cannot be listed: %s", error, exc_info=True)
            await asyncio.sleep(LOOK_EVERY_S)

    def _look(self, found: list[FoundNode]) -> None:
        """Follow what is there: let go of what is gone, and begin on what is new.

        Once a node has had the resource ``sandbox`` only such ones verify, even when the last of them is lost: the
        others were not meant to run programs. What they are at is not taken from them.
        """
        self._marked_only = self._marked_only or any(node.marked for node in found)
        there = {node.node_id for node in found}
        self.listed = nodes = {node.node_id: node for node in found if node.marked or not self._marked_only}
        for node_id in self.left_out.keys() - nodes.keys():
            del self.left_out[node_id]
        for node_id in (self.ready.keys() - nodes.keys()) & there:
            self._retiring.append(self.ready.pop(node_id))
        for actor in [one for one in self._retiring if one.lost or not one.pairs or one.node.node_id not in there]:
            self._retiring.remove(actor)
            if actor.pairs and not actor.lost:
                self._on_lost(actor, None)
            else:
                self.give_up(actor)
        for node_id in self.ready.keys() - nodes.keys():
            self._on_lost(self.ready[node_id], None)
        for node_id in self._starting.keys() - nodes.keys():
            self._starting[node_id].cancel()
        for node_id in nodes.keys() - self.ready.keys() - self._starting.keys() - self.left_out.keys():
            self._starting[node_id] = asyncio.create_task(self._start(nodes[node_id]))

    async def _beat(self, actor: NodeActor) -> None:
        """Ask an actor for a sign of life, until it gives none."""
        try:
            while not actor.lost and not self.closed:
                await asyncio.sleep(BEAT_EVERY_S)
                await asyncio.wait_for(result_of(actor.actor.hello.remote()), BEAT_S)
        except TimeoutError:
            log.warning("node %s: its actor gave no sign of life for %g s, and is given up", actor.node.name, BEAT_S)
            self._on_lost(actor, ActorStalled(f"no sign of life for {BEAT_S:g} s"))
        except Exception as error:
            self._on_lost(actor, error)

    async def _start(self, node: FoundNode) -> None:
        actor = None
        cores = max(1, node.cores // self._sharers)
        try:
            actor = await asyncio.to_thread(_new_actor, node.node_id, cores)
            self._actors.add(actor)
            versions = await asyncio.wait_for(result_of(actor.hello.remote()), START_S)
        except asyncio.CancelledError:  # the node is gone, or all of it ends
            self._kill(actor)
            raise
        except Exception as error:
            self._kill(actor)
            self._failed[node.node_id] += 1
            why = said(error) or f"it did not begin within {START_S:g} s"
            log.debug("node %s: %s", node.name, why, exc_info=True)
            if self._failed[node.node_id] >= STARTS or "ModuleNotFoundError" in why:
                self._leave_out(node, f"it cannot start verifying ({why}); is this synthetic1 installed there?")
        else:
            self._failed.pop(node.node_id, None)
            if versions != NodeVersions.here():
                self._kill(actor)
                self._leave_out(node, f"it has {versions}, and here is {NodeVersions.here()}; install the same")
            elif not self.closed:
                made = NodeActor(FoundNode(node.node_id, node.name, cores, node.marked), actor)
                self.ready[node.node_id] = made
                self._beating[made] = asyncio.create_task(self._beat(made))
        finally:
            self._starting.pop(node.node_id, None)
        self._on_change()

    def _leave_out(self, node: FoundNode, why: str) -> None:
        self.left_out[node.node_id] = f"node {node.name}: {why}"
        log.warning("node %s is left out: %s", node.name, why)

    async def aclose(self, grace_s: float) -> None:
        """End all actors; they have ``grace_s`` seconds to let go of what they hold."""
        self.closed = True
        for task in (self._watching, *self._starting.values(), *self._beating.values()):
            if task is not None:
                task.cancel()
        closing = [asyncio.ensure_future(result_of(one.actor.close.remote())) for one in self.ready.values()]
        if closing:
            await asyncio.wait(closing, timeout=grace_s)
        self.kill()

    def kill(self) -> None:
        """End all actors at once. From any thread."""
        self.closed = True
        for actor in list(self._actors):
            self._kill(actor)
        self.ready.clear()

    def _kill(self, actor: Any) -> None:
        if actor is not None:
            self._actors.discard(actor)
            with suppress(Exception):  # dead already, or no cluster any more
                connected_ray().kill(actor)


def connected_ray() -> Any:
    """Ray, if this process is connected: asked for anything without a connection, it starts a cluster of its own.

    Raises:
        ConnectionError: it is not, or not any more.
    """
    import ray

    if not ray.is_initialized():
        raise ConnectionError("this process is not connected to a Ray cluster")
    return ray


def found_nodes(cores: int | None = None) -> list[FoundNode]:
    """The nodes that are there, with a CPU or the resource ``sandbox``.

    Args:
        cores: to be used on each; None = its CPUs.
    """
    listed: Callable[[], list[dict[str, Any]]] = connected_ray().nodes
    found = []
    for node in (one for one in listed() if one["Alive"]):
        has = node["Resources"]
        if (marked := has.get(SANDBOX, 0) > 0) or has.get("CPU", 0) > 0:
            count = cores or max(1, int(has.get("CPU", 1)))
            found.append(FoundNode(node["NodeID"], node.get("NodeName") or node["NodeManagerAddress"], count, marked))
    return found


async def result_of(ref: Any) -> Any:
    """What a reference stands for. Cancelling it cancels nothing on the node."""
    return await asyncio.wrap_future(ref.future())


def said(error: BaseException) -> str:
    """The line of an error of Ray's that says why: the last one of a traceback, the whole of others."""
    cause = getattr(error, "cause", None)
    lines = [line.strip() for line in str(cause or error).splitlines() if line.strip()]
    named = [line for line in lines if line.partition(":")[0].endswith(("Error", "OtherVerifier"))]
    return (named[-1] if named else lines[-1] if lines else "")[:300]


def _new_actor(node_id: str, cores: int) -> Any:
    """An actor on this node and no other. It asks for no CPU of Ray's: beside it, whatever else runs may run."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    return (
        connected_ray()
        .remote(NodeScorer)
        .options(
            num_cpus=0,
            max_restarts=0,
            max_concurrency=CALLS_AT_ONCE,
            scheduling_strategy=NodeAffinitySchedulingStrategy(node_id, soft=False),
        )
        .remote(cores)
    )
