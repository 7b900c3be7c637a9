"""Blocks of datatrove on the nodes of a Ray cluster: parts handed out, and handed out again where one is lost."""

from __future__ import annotations

import shutil
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from synthetic1.datagen.curation.executors.executor import done_parts, quiet
from synthetic1.datagen.curation.executors.owner import OWNER, after_earlier_processes
from synthetic1.datagen.curation.executors.ray_part import (
    ATTEMPTS,
    PartOutcome,
    RayParts,
    entries_of,
    wait_for_files,
)
from synthetic1.datagen.curation.executors.slurm import refuse_slurm_at_work
from synthetic1.jobs.program import ProgramError
from synthetic1.reports.progress import progress
from synthetic1.scale.choice import held_cluster
from synthetic1.scale.errors import ClusterError
from synthetic1.scale.nodes import connected_ray, said
from synthetic1.scale.settings import RaySection

LOOK_EVERY_S = 1.0
SAY_AFTER_S = 5.0
"""Seconds without a node before a line says so."""
SETTLE_S = 20.0
"""Seconds that Ray may take to notice that a node is gone: so long a part is not to blame for a process that ended."""
PAUSES_S = 1.0, 5.0, 15.0
"""After a loss, the second, and more, until the part is begun again."""
SEEN_S = 30.0
"""Seconds that a file may take to be seen on a node, over a network."""
BEGIN_S = 120.0
"""Seconds in which a node has to begin: a runtime environment may have to be made first."""
SHARED = "runs= must be a folder that every node of the Ray cluster has under this name"
AHEAD = 2
"""Parts for a core that Ray has: one at work, one that is there when it ends."""


@dataclass(frozen=True)
class _Loss:
    """A process that ended under a part."""

    nodes: frozenset[str]
    """Ids of the nodes that there were when the part was handed out."""
    why: str


@dataclass
class _PartsLeft:
    """The parts that are not done, of one pipeline."""

    waiting: deque[int]
    begun: dict[Any, tuple[int, frozenset[str]]] = field(default_factory=dict)
    """Ray's reference → the part, and the nodes that there were."""
    losses: dict[int, list[_Loss]] = field(default_factory=dict)
    not_before: dict[int, float] = field(default_factory=dict)

    def next(self) -> int | None:
        """A part that may be begun now."""
        now = time.monotonic()
        for _ in range(len(self.waiting)):
            rank = self.waiting.popleft()
            if self.not_before.get(rank, 0.0) <= now:
                return rank
            self.waiting.append(rank)
        return None

    def lost(self, rank: int, loss: _Loss) -> None:
        """It is to be begun again, the first of all, after a pause."""
        losses = self.losses.setdefault(rank, [])
        losses.append(loss)
        self.not_before[rank] = time.monotonic() + PAUSES_S[min(len(losses), len(PAUSES_S)) - 1]
        self.waiting.appendleft(rank)


class RayNodes:
    """Hands parts to Ray's nodes, each with a CPU of Ray's, spread over all of them. See ``RayParts`` for what a part
    does there.

    A part whose process or node is lost is begun again, wherever there is room; one that has ended ``ray.max_deaths``
    processes, each on a node that outlived it, ends the run. A part that fails ends the run at once, as locally.
    """

    def __init__(self, cluster: RaySection, workers: int | None) -> None:
        self.cluster, self.workers = cluster, workers
        self._checked: set[str] = set()
        self._cores = 1
        self._nodes: dict[str, str] = {}
        self._looked = self._seen_at = 0.0
        self._has_said = False

    def run(self, pipeline: list[Any], logs: Path, *, parts: int) -> None:
        logs.mkdir(parents=True, exist_ok=True)
        refuse_slurm_at_work(logs)
        owner = after_earlier_processes(logs)
        done = set(done_parts(logs))
        left = _PartsLeft(deque(rank for rank in range(parts) if f"{rank:05d}" not in done))
        if not left.waiting:
            return
        self._checked, self._looked, self._seen_at = set(), 0.0, time.monotonic()
        with quiet(logs):
            work = RayParts(pipeline, logs, parts=parts, owner=owner)
        with held_cluster(self.cluster), progress(parts, f"parts of {logs.name}") as advance:
            for _ in range(parts - len(left.waiting)):
                advance()
            self._look(logs, owner)
            sent = connected_ray().put(work), connected_ray().put(entries_of(pipeline))
            begin = connected_ray().remote(work_on_part)
            begin = begin.options(num_cpus=1, max_retries=0, scheduling_strategy="SPREAD", name=f"curate {logs.name}")
            try:
                while left.waiting or left.begun:
                    self._look(logs, owner)
                    while len(left.begun) < (self.workers or AHEAD * self._cores) and (rank := left.next()) is not None:
                        left.begun[begin.remote(*sent, rank)] = rank, frozenset(self._nodes)
                    if not left.begun:
                        time.sleep(LOOK_EVERY_S)
                        continue
                    ended, _ = connected_ray().wait(list(left.begun), num_returns=1, timeout=LOOK_EVERY_S)
                    for ref in ended:
                        if self._take(ref, left, logs, owner):
                            advance()
            finally:
                for ref in left.begun:
                    with suppress(Exception):  # it has ended, or there is no cluster any more
                        connected_ray().cancel(ref, force=True)
        shutil.rmtree(logs / ATTEMPTS, ignore_errors=True)

    def _take(self, ref: Any, left: _PartsLeft, logs: Path, owner: str) -> bool:
        """What a part said at its end; whether it is done.

        Raises:
            ProgramError: it failed, or ends its process again and again.
        """
        from ray.exceptions import OutOfMemoryError, RayError, RaySystemError, RayTaskError, RuntimeEnvSetupError

        rank, nodes = left.begun.pop(ref)
        try:
            outcome: PartOutcome = connected_ray().get(ref)
        except (RayTaskError, RaySystemError, RuntimeEnvSetupError) as error:  # it did not come to our code
            self._look(logs, owner, now=True)  # which names the node, if it is one that joined and lacks something
            raise ClusterError(f"part {rank} of {logs.name} cannot begin on a node of Ray: {said(error)}") from error
        except RayError as error:
            memory = isinstance(error, OutOfMemoryError)
            why = "Ray ended it, because the node ran out of memory" if memory else "it died"
            left.lost(rank, _Loss(nodes, why))
            self._blame(rank, left.losses[rank], logs)
            return False
        node = self._nodes.get(outcome.node_id, outcome.node_id)
        if outcome.error:
            log = logs / "logs" / f"task_{rank:05d}.log"
            see = f"; see {log}" if log.exists() else f"; {SHARED}, {logs}"
            raise ProgramError(f"part {rank} of {logs.name} failed on node {node}: {_one_line(outcome.error)}{see}")
        try:
            wait_for_files(outcome.files)
        except FileNotFoundError as error:
            raise ProgramError(f"node {node} has written {error}, which is not seen here: {SHARED}") from error
        return True

    def _blame(self, rank: int, losses: Collection[_Loss], logs: Path) -> None:
        """Raises ProgramError: the part itself has ended too many processes."""
        most, until = self.cluster.max_deaths, time.monotonic() + SETTLE_S
        while len(alone := [loss for loss in losses if loss.nodes <= _nodes_there().keys()]) >= most:
            if time.monotonic() > until:
                raise ProgramError(
                    f"part {rank} of {logs.name}: its process ended {most} times, on nodes of Ray that went on (the "
                    f"last time: {alone[-1].why}); where memory is short, workers=N has fewer parts at work at once"
                )
            time.sleep(LOOK_EVERY_S)

    def _look(self, logs: Path, owner: str, *, now: bool = False) -> None:
        """Follow which nodes there are, at most once in a while; new ones are checked.

        Raises:
            ClusterError: a node cannot do parts, or there has been none for ``ray.wait_s``.
        """
        clock = time.monotonic()
        if not now and clock - self._looked < LOOK_EVERY_S:
            return
        self._looked = clock
        there = _nodes_there()
        self._nodes.update({node_id: name for node_id, (name, _) in there.items()})
        for gone in self._nodes.keys() - there.keys():
            print(f"{logs.name}: node {self._nodes.pop(gone)} is lost; its parts are begun elsewhere", flush=True)
        if there:
            self._cores, self._seen_at, self._has_said = sum(cores for _, cores in there.values()), clock, False
            new = {node_id: self._nodes[node_id] for node_id in there if node_id not in self._checked}
            self._checked |= _check_nodes(new, logs, owner) if new else set()
            return
        without_s, wait_s = clock - self._seen_at, self.cluster.wait_s
        if without_s >= max(wait_s, SAY_AFTER_S):
            raise ClusterError(
                f"no node of the Ray cluster had a CPU for {wait_s:g} s (ray.wait_s); start one with "
                "`ray start --address=HOST:6379`"
            )
        if without_s >= SAY_AFTER_S and not self._has_said:
            self._has_said = True
            print(f"{logs.name}: no node of the Ray cluster has a CPU now; waiting up to {wait_s:g} s", flush=True)


def work_on_part(work: RayParts, entries: dict[str, int], rank: int) -> PartOutcome:
    """What Ray calls on a node."""
    return work.work_on(rank, entries)


def _nodes_there() -> dict[str, tuple[str, int]]:
    """(name, CPUs) of the nodes that can do a part, by id."""
    found = {}
    for node in connected_ray().nodes():
        cores = int(node["Resources"].get("CPU", 0))
        if node["Alive"] and cores >= 1:
            found[node["NodeID"]] = node.get("NodeName") or node["NodeManagerAddress"], cores
    return found


def _one_line(text: str) -> str:
    return " ".join(text.split())[:500]


def _check_nodes(nodes: Mapping[str, str], logs: Path, owner: str) -> set[str]:
    """Have each node read the file in ``logs`` that says who the owner of the parts is; ids of those that did.

    Args:
        nodes: their names, by id.

    Raises:
        ClusterError: one does not see the folder, has other code, or does not begin; names it.
    """
    from ray.exceptions import RayError, RaySystemError, RayTaskError, RuntimeEnvSetupError
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    here = NodeSight(*_look_at(str(logs / OWNER), owner, SEEN_S)())
    look = connected_ray().remote(_look_at(str(logs / OWNER), owner, SEEN_S))
    asked = {}
    for node_id in nodes:
        place = NodeAffinitySchedulingStrategy(node_id, soft=False)
        asked[look.options(num_cpus=0, max_retries=0, scheduling_strategy=place).remote()] = node_id
    ended, silent = connected_ray().wait(list(asked), num_returns=len(asked), timeout=BEGIN_S)
    there = {node["NodeID"] for node in connected_ray().nodes() if node["Alive"]}
    for name in (nodes[asked[ref]] for ref in silent if asked[ref] in there):
        raise ClusterError(f"node {name} of the Ray cluster did not begin within {BEGIN_S:g} s")
    good = set()
    for ref in ended:
        name = nodes[asked[ref]]
        try:
            found = NodeSight(*connected_ray().get(ref))
        except (RayTaskError, RaySystemError, RuntimeEnvSetupError) as error:
            raise ClusterError(f"node {name} of the Ray cluster cannot begin: {said(error)}") from error
        except RayError:  # it is lost, or its process was: it is asked again, if it is there
            continue
        if found.missing:
            raise ClusterError(
                f"node {name} of the Ray cluster cannot look for duplicates: {found.missing}; install "
                "'synthetic1[curate,ray]' there"
            )
        if found.versions != here.versions:
            raise ClusterError(
                f"node {name} of the Ray cluster has {found.versions}, and here is {here.versions}; install the same"
            )
        if not found.sees:
            raise ClusterError(f"node {name} of the Ray cluster does not see {logs}: {SHARED}")
        good.add(asked[ref])
    return good


class NodeSight(NamedTuple):
    """What a node says of itself."""

    sees: bool
    """The folder, with what this start has written there."""
    versions: str
    missing: str
    """What cannot be imported there, and why; "" = nothing."""


def _look_at(path: str, wanted: str, patience_s: float) -> Callable[[], tuple[Any, ...]]:
    """What gives the fields of a ``NodeSight``. Nothing of ours is needed to read it from a pickle."""

    def look() -> tuple[Any, ...]:
        import platform
        import time
        from importlib import metadata

        versions, missing = f"Python {'.'.join(platform.python_version_tuple()[:2])}", ""
        try:
            for name in ("synthetic1", "datatrove"):
                versions += f", {name} {metadata.version(name)}"
            import synthetic1.datagen.curation.blocks  # noqa: F401
        except Exception as error:
            missing = f"{type(error).__name__}: {error}"
        sees, until = False, time.monotonic() + patience_s
        while not sees and not missing:
            try:
                with open(path, encoding="ascii") as file:
                    sees = file.read() == wanted
            except OSError:
                pass
            if sees or time.monotonic() > until:
                break
            time.sleep(0.2)
        return sees, versions, missing

    return look
