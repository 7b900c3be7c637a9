"""vLLM servers on the nodes of a cluster, asked from here: started, watched, and started again where they die.

Not through Ray Serve LLM: it hides the replicas behind one ingress, and the client (``inference/replicas.py``) could
not send a task to the server that has its prompt in the prefix cache.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from synthetic1.inference.launch import STOP_S
from synthetic1.inference.server import Roster
from synthetic1.jobs.model_settings import ModelSettings
from synthetic1.scale.connection import connect, disconnect
from synthetic1.scale.errors import ClusterError
from synthetic1.scale.losses import Loss, loss_of
from synthetic1.scale.node_scorer import NodeVersions
from synthetic1.scale.nodes import BEAT_EVERY_S, BEAT_S, LOOK_EVERY_S, START_S, STARTS, connected_ray, result_of, said
from synthetic1.scale.replica_actor import ReplicaActor, ReplicaOrder, StartedReplica
from synthetic1.scale.replica_places import ReplicaPlace, cluster_places, group_size
from synthetic1.scale.settings import RayReplicaSection

log = logging.getLogger(__name__)

BACK_OFF_S = 2.0, 60.0  # before a server is started again: the first pause, doubled each time, and the longest
STEADY_S = 300.0  # a server that lived so long begins with the first pause again
GRACE_S = STOP_S + 5.0  # for servers to end


class ServedReplicas:
    """One server at each place that there is, up to ``ray.replicas``. Lives on one event loop.

    Attributes:
        roster: the servers that answer now.
    """

    def __init__(self, settings: RayReplicaSection, order: ReplicaOrder) -> None:
        self.settings, self.order = settings, order
        self.roster = Roster()
        self.given_up: dict[ReplicaPlace, str] = {}
        """Places where no server starts, and why."""
        self._size = group_size(order.arguments)
        self._gpus_seen = False
        self._keeping: dict[ReplicaPlace, asyncio.Task[None]] = {}
        self._actors: set[Any] = set()
        self._first: asyncio.Future[StartedReplica] = asyncio.get_running_loop().create_future()
        self._watching = asyncio.create_task(self._watch())
        self._without_place_since: float | None = None
        self._ending: set[asyncio.Task[None]] = set()
        self._closed = False

    async def first(self) -> StartedReplica:
        """The first server that answers.

        Raises:
            ClusterError: none can be started, or there is no node for one for ``ray.wait_s``.
        """
        return await self._first

    async def aclose(self) -> None:
        """End all servers, and their actors."""
        self._closed = True
        keeping = [self._watching, *self._keeping.values()]
        for task in keeping:
            task.cancel()
        await asyncio.gather(*keeping, return_exceptions=True)
        ending = [asyncio.create_task(self._end(actor)) for actor in list(self._actors)]
        await asyncio.gather(*ending, *self._ending, return_exceptions=True)

    async def _watch(self) -> None:
        while True:
            try:
                found = await asyncio.to_thread(cluster_places, self._size, only_gpus=self._gpus_seen)
            except Exception as error:  # the cluster's head does not answer just now, or never again
                log.debug("the nodes cannot be listed: %s", error, exc_info=True)
            else:
                self._gpus_seen = self._gpus_seen or found.most_gpus > 0
                self._look(found.places, found.most_gpus)
            await asyncio.sleep(LOOK_EVERY_S)

    def _look(self, there: Sequence[ReplicaPlace], most_gpus: int) -> None:
        """Follow what is there: let go of what is gone, and begin on what is new."""
        for place in self._keeping.keys() - set(there):
            self._keeping.pop(place).cancel()
        for place in self.given_up.keys() - set(there):
            del self.given_up[place]
        free = [place for place in there if place not in self._keeping and place not in self.given_up]
        wanted = len(there) if self.settings.replicas is None else self.settings.replicas
        for place in free[: max(0, wanted - len(self._keeping))]:
            self._keeping[place] = asyncio.create_task(self._keep(place))
        if self._first.done():
            return
        now = asyncio.get_running_loop().time()
        if there:
            self._without_place_since = None
            if not self._keeping:
                self._first.set_exception(ClusterError(next(iter(self.given_up.values()))))
        elif self._without_place_since is None:
            self._without_place_since = now
        elif now - self._without_place_since >= self.settings.wait_s:
            want = f"{self._size} GPUs (the most that one has: {most_gpus})" if self._gpus_seen else "a CPU or a GPU"
            waited = f"waited {self.settings.wait_s:g} s"
            self._first.set_exception(
                ClusterError(f"launch=ray: there is no node with {want}; {waited}; join one: `ray start --address=…`")
            )

    # One place ------------------------------------------------------------------------------------------------------

    async def _keep(self, place: ReplicaPlace) -> None:
        """Have a server at a place, again and again, until the place is gone or no server starts there."""
        loop = asyncio.get_running_loop()
        failed = 0
        first, longest = BACK_OFF_S
        pause = first
        while True:
            actor, began = None, loop.time()
            try:
                actor = await asyncio.to_thread(_new_actor, place, self.order)
                self._actors.add(actor)
                started = await self._started(place, actor)
                failed, began = 0, loop.time()
                why = await self._served(place, actor, started)
                log.warning("node %s: its vLLM server is lost (%s); starting another", place.node, why)
            except asyncio.CancelledError:
                self._let_go(actor)
                raise
            except _NeverStarts as error:
                failed, why = STARTS, str(error)
            except Exception as error:
                why = said(error) or type(error).__name__
                log.debug("node %s: %s", place.node, why, exc_info=True)
                failed += not _is_loss_of_node(error)  # for which the next look, or one soon after, is to be waited
            await self._end(actor)
            if failed >= STARTS:
                self._give_up(place, why)
                return
            pause = first if loop.time() - began >= STEADY_S else pause
            await asyncio.sleep(pause)
            pause = min(longest, 2 * pause)

    async def _started(self, place: ReplicaPlace, actor: Any) -> StartedReplica:
        hello = asyncio.ensure_future(result_of(actor.hello.remote()))
        said_so = False
        while not (await asyncio.wait({hello}, timeout=START_S))[0]:
            if not place.gpus:
                hello.cancel()
                raise TimeoutError(f"its actor did not begin within {START_S:g} s")
            if not said_so:  # no more than that can be known: Ray keeps an actor waiting until they are free
                said_so = True
                log.warning("node %s: waiting for %d GPUs; has Ray given them to others?", place.node, place.gpus)
        if (versions := hello.result()) != NodeVersions.here():
            raise _NeverStarts(f"it has {versions}, and here is {NodeVersions.here()}; install the same")
        started: StartedReplica = await result_of(actor.start.remote())
        return started

    async def _served(self, place: ReplicaPlace, actor: Any, started: StartedReplica) -> str:
        """Have a server asked until it is gone; why it is."""
        why, url = "its node is gone", started.url
        self.roster.join(url)
        if not self._first.done():
            self._first.set_result(started)
        else:
            log.info("node %s: %s has joined; %d servers", place.node, url, len(self.roster.urls))
        ended = asyncio.ensure_future(result_of(actor.ended.remote()))
        try:
            while not (await asyncio.wait({ended}, timeout=BEAT_EVERY_S))[0]:
                await asyncio.wait_for(result_of(actor.hello.remote()), BEAT_S)
            why = ended.result()
        except asyncio.CancelledError:
            raise
        except TimeoutError:
            why = f"its actor has given no sign of life for {BEAT_S:g} s"
        except Exception as error:
            why = said(error) or type(error).__name__
        finally:
            ended.cancel()
            self.roster.leave(url, why)
        return why

    def _let_go(self, actor: Any) -> None:
        """End an actor whose place is gone; at the end of all, ``aclose`` does it."""
        if actor is not None and not self._closed:
            task = asyncio.create_task(self._end(actor))
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    async def _end(self, actor: Any) -> None:
        """End an actor, if there is one; first its server, which has to let go of its GPUs."""
        if actor is None:
            return
        with suppress(Exception):  # dead already, or out of reach
            await asyncio.wait_for(result_of(actor.stop.remote()), GRACE_S)
        with suppress(Exception):
            connected_ray().kill(actor)
        self._actors.discard(actor)

    def _give_up(self, place: ReplicaPlace, why: str) -> None:
        self.given_up[place] = f"node {place.node}: no vLLM server starts ({why})"
        self._keeping.pop(place, None)
        log.warning("%s; it is left out", self.given_up[place])


class _NeverStarts(Exception):
    """There is no use in trying again."""


def _is_loss_of_node(error: Exception) -> bool:
    from ray.exceptions import RuntimeEnvSetupError

    return loss_of(error) is Loss.NODE and not isinstance(error, RuntimeEnvSetupError)


@asynccontextmanager
async def served_replicas(
    settings: RayReplicaSection, model: ModelSettings, arguments: Sequence[str], thinking_open: bool | None
) -> AsyncIterator[tuple[Roster, StartedReplica]]:
    """Connect to the cluster, and have the model served on it, for as long as the block lasts; begins with the first
    server that answers.

    Raises:
        ClusterError: there is no such cluster, or no server can be started: the node, and the end of vLLM's log.
    """
    order = ReplicaOrder(_absolute(model), model.name, tuple(arguments), thinking_open)
    group_size(order.arguments)  # before anything is begun
    connect(settings)
    try:
        replicas = ServedReplicas(settings, order)
        try:
            print(f"starting vLLM with {model.name} on the nodes of the cluster …", flush=True)
            yield replicas.roster, await replicas.first()
        finally:
            await replicas.aclose()
    finally:
        disconnect()


def _absolute(model: ModelSettings) -> ModelSettings:
    """A folder that is here goes by its whole path: nodes work in other folders."""
    folder = Path(model.name).expanduser()
    here = model.name != "embedded" and folder.is_dir()
    return model.model_copy(update={"name": str(folder.absolute())}) if here else model


def _new_actor(place: ReplicaPlace, order: ReplicaOrder) -> Any:
    """An actor on this node and no other. It takes its GPUs, and none of Ray's CPUs."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    return (
        connected_ray()
        .remote(ReplicaActor)
        .options(
            num_cpus=0,
            num_gpus=place.gpus,
            max_restarts=0,
            scheduling_strategy=NodeAffinitySchedulingStrategy(place.node_id, soft=False),
        )
        .remote(order, place.threads)
    )
