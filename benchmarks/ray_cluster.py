"""Verification on a Ray cluster beside this process alone: what the way costs, what more nodes bring.

    python benchmarks/ray_cluster.py [--quick] [--json benchmarks/results/ray.json]

One node: the same pairs by ``Scorer`` and by ``RayScorer`` on a cluster of one node with as many cores, turn by turn.
Three nodes: each held to half a core by the kernel (a control group; wants root), against one such node, so that the
three and the driver fit on two cores. Stream: mixed pairs through one driver, whose memory is watched. Mathematics are
answers as models give them (``benchmarks/math_reward.py``), programs those of the embedded tasks, in bubblewrap.
"""

from __future__ import annotations

import contextlib
import os
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import math_reward
from record import arguments, report

from synthetic1 import Completion, Scorer, Task, open_tasks
from synthetic1.rewards.code import Code
from synthetic1.rewards.math import Math
from synthetic1.rewards.registry import get_verifier
from synthetic1.scale.settings import RaySection

CORES = len(os.sched_getaffinity(0))
STORE = 100_000_000  # bytes of each node's object store
TARGETS = {
    "one_node_overhead": "≤ 1.1",
    "three_nodes_vs_one": "≥ 2.6",
    "math_2048_s": "≤ 3",
    "math_16384_s": "≤ 25",
    "stream_driver_gib": "< 1",
}
# Docker's containers would not be in the control groups of the nodes that ask for them.
VERIFIERS = (Math(), Code(sandbox="bubblewrap"))
Pair = tuple[Task, Completion]


def mathematics(count: int, seed: int) -> list[Pair]:
    golds, texts = math_reward.published()
    return [(task, Completion.parse(text)) for task, text in math_reward.realistic(golds, texts, count, seed)]


def programs(count: int, seed: int) -> list[Pair]:
    """Right Python programs of the embedded tasks; no two are equal, or one verdict would do for both."""
    tasks = [task for task in open_tasks("embedded:code") if task.language == "python"]
    golds = [(task, get_verifier(task.task_type).gold_completion(task)) for task in tasks]
    known = [(task, gold) for task, gold in golds if gold is not None]
    chosen = []
    for index in range(count):
        task, gold = known[index % len(known)]
        chosen.append((task, Completion.parse(gold.replace("```python\n", f"```python\n# {seed} {index}\n", 1))))
    return chosen


def mixed(count: int, seed: int) -> list[Pair]:
    """Mathematics, and one in a thousand a program: it takes some hundred times as long."""
    pairs = mathematics(count - max(1, count // 1000), seed) + programs(max(1, count // 1000), seed)
    random.Random(seed).shuffle(pairs)
    return pairs


def timed(scorer: Scorer, pairs: Sequence[Pair]) -> float:
    began = time.perf_counter()
    verdicts = scorer.score_sync(pairs)
    seconds = time.perf_counter() - began
    lost = [verdict for verdict in verdicts if verdict.score is None and verdict.reason != "unscorable_gold"]
    assert not lost, f"{len(lost)} of {len(verdicts)} have no score: {lost[0]}"
    return seconds


def said(what: str) -> None:
    """On the terminal at once: the whole takes minutes."""
    print(what, flush=True)


class Cluster:
    """Raylets on this machine; the head has no cores, and verifies nothing."""

    def __init__(self) -> None:
        from ray.cluster_utils import Cluster as Raylets

        self._raylets = Raylets(
            initialize_head=True,
            head_node_args={"num_cpus": 0, "include_dashboard": False, "object_store_memory": STORE},
        )
        self.section = RaySection(address=self._raylets.address)

    def add(self, cores: int) -> Any:
        return self._raylets.add_node(num_cpus=cores, resources={"sandbox": 1}, object_store_memory=STORE)

    def remove(self, node: Any) -> None:
        self._raylets.remove_node(node)
        self._raylets.wait_for_nodes()

    def close(self) -> None:
        self._raylets.shutdown()


@contextlib.contextmanager
def cluster() -> Iterator[Cluster]:
    started = Cluster()
    try:
        yield started
    finally:
        started.close()


@contextlib.contextmanager
def scorer_on(started: Cluster, warm: Sequence[Pair], nodes: int) -> Iterator[Scorer]:
    """A scorer whose actors have all begun to work."""
    from synthetic1.scale.ray_scorer import RayScorer

    with RayScorer(VERIFIERS, ray=started.section) as scorer:
        scorer.connect()
        deadline = time.monotonic() + 120
        while len(ready(scorer)) < nodes and time.monotonic() < deadline:
            time.sleep(0.2)
        scorer.score_sync(warm)
        yield scorer


def ready(scorer: Any) -> list[Any]:
    return list(scorer._at[2].nodes.ready) if scorer._at else []


@contextlib.contextmanager
def half_a_core(node: Any, name: str) -> Iterator[None]:
    """Hold the node's processes, and all that they start, to half a core."""
    base = Path("/sys/fs/cgroup")
    first = not (base / "cgroup.controllers").exists()
    group = (base / "cpu" if first else base) / f"synthetic1-benchmark-{name}"
    group.mkdir(exist_ok=True)
    if first:
        (group / "cpu.cfs_period_us").write_text("20000")
        (group / "cpu.cfs_quota_us").write_text("10000")
    else:
        (group / "cpu.max").write_text("10000 20000")
    for process in descendants({info.process.pid for infos in node.all_processes.values() for info in infos}):
        with contextlib.suppress(OSError):  # it has ended
            (group / "cgroup.procs").write_text(str(process))
    try:
        yield
    finally:
        for process in (group / "cgroup.procs").read_text().split():
            with contextlib.suppress(OSError):
                (group.parent / "cgroup.procs").write_text(process)
        with contextlib.suppress(OSError):
            group.rmdir()


def descendants(of: set[int]) -> set[int]:
    import psutil

    found = set(of)
    for number in of:
        with contextlib.suppress(psutil.Error):
            found |= {child.pid for child in psutil.Process(number).children(recursive=True)}
    return found


def one_node(kinds: dict[str, Callable[[int], list[Pair]]], rounds: int) -> list[dict[str, Any]]:
    """Both scorers, turn by turn, on the same pairs."""
    rows = []
    with cluster() as started:
        started.add(CORES)
        for name, make in kinds.items():
            with scorer_on(started, make(10_000)[:24], 1) as far, Scorer(VERIFIERS) as near:
                near.score_sync(make(10_001)[:24])
                seconds: dict[str, list[float]] = {"local": [], "ray": []}
                for number in range(rounds):
                    pairs = make(number)
                    for where, scorer in sorted((("local", near), ("ray", far)), reverse=bool(number % 2)):
                        seconds[where].append(timed(scorer, pairs))
                        said(f"one node, {name}, {where}: {seconds[where][-1]:.2f} s")
            for where, found in seconds.items():
                rows.append(row(f"one node: {name}", where, len(pairs), found))
    return rows


def several_nodes(kinds: dict[str, Callable[[int], list[Pair]]], rounds: int) -> list[dict[str, Any]]:
    """One node of half a core, and three: on one, on three, on three, on one …"""
    rows = []
    with cluster() as started, contextlib.ExitStack() as held:
        nodes = [started.add(1)]
        held.enter_context(half_a_core(nodes[0], "0"))
        seconds: dict[tuple[str, int], list[float]] = {}
        for number in range(rounds):
            for count in (1, 3) if number % 2 == 0 else (3, 1):
                while len(nodes) < count:
                    nodes.append(started.add(1))
                    held.enter_context(half_a_core(nodes[-1], f"{number}-{len(nodes)}"))
                while len(nodes) > count:
                    started.remove(nodes.pop())
                warm = [pair for make in kinds.values() for pair in make(20_000 + number)[:24]]
                with scorer_on(started, warm, count) as scorer:  # once: an actor takes long to begin on half a core
                    for name, make in kinds.items():
                        pairs = make(number)
                        seconds.setdefault((name, count), []).append(timed(scorer, pairs))
                        said(f"{count} node(s) of half a core, {name}: {seconds[name, count][-1]:.1f} s")
        for (name, count), found in seconds.items():
            rows.append(row(f"half a core each: {name}", f"{count} node(s)", len(kinds[name](0)), found))
    return rows


def row(what: str, where: str, count: int, seconds: Sequence[float]) -> dict[str, Any]:
    middle = statistics.median(seconds)
    return {
        "what": what,
        "where": where,
        "pairs": count,
        "seconds": round(middle, 2),
        "min": round(min(seconds), 2),
        "max": round(max(seconds), 2),
        "a_second": round(count / middle, 1),
    }


def streamed(count: int) -> tuple[dict[str, Any], float]:
    """Pairs, some thousand at a time, as ``verify`` does; and the driver's memory at its most, in GiB."""
    import psutil

    at_once, most = 2_000, 0.0
    with cluster() as started:
        started.add(CORES)
        with scorer_on(started, mixed(64, 1), 1) as scorer:
            began, done = time.perf_counter(), 0
            while done < count:
                pairs = mixed(min(at_once, count - done), done)
                timed(scorer, pairs)
                done += len(pairs)
                if done % 20_000 == 0:
                    said(f"streamed {done:,} in {time.perf_counter() - began:.0f} s")
                most = max(most, psutil.Process().memory_info().rss / 2**30)
            found = row("stream: mixed", "ray", count, [time.perf_counter() - began])
    return {**found, "driver_gib": round(most, 2)}, most


def main() -> None:
    wanted = arguments(__doc__ or "")
    quick = wanted.quick
    rounds = 1 if quick else 3
    sizes = (256, 12) if quick else (2_048, 60)
    kinds = {
        "mathematics": lambda seed: mathematics(sizes[0], seed),
        "programs": lambda seed: programs(sizes[1], seed),
    }
    rows = one_node(kinds, rounds)
    by_place = {(one["what"], one["where"]): one["seconds"] for one in rows}
    overhead = {name: by_place[f"one node: {name}", "ray"] / by_place[f"one node: {name}", "local"] for name in kinds}
    more = several_nodes(kinds, 1 if quick else 2)
    rows += more
    by_place |= {(one["what"], one["where"]): one["seconds"] for one in more}
    gain = {
        name: by_place[f"half a core each: {name}", "1 node(s)"] / by_place[f"half a core each: {name}", "3 node(s)"]
        for name in kinds
    }
    large = 16_384 if not quick else 1_024
    with cluster() as started:
        started.add(CORES)
        with scorer_on(started, mathematics(64, 7), 1) as scorer:
            many = row("at once: mathematics", "ray", large, [timed(scorer, mathematics(large, 8))])
    stream, most = streamed(1_000 if quick else 100_000)
    rows = [{**one, "driver_gib": ""} for one in (*rows, many)] + [stream]
    ratios = {
        "one_node_overhead": max(overhead.values()),
        **{f"one_node_overhead_{name}": value for name, value in overhead.items()},
        "three_nodes_vs_one": min(gain.values()),
        **{f"three_nodes_vs_one_{name}": value for name, value in gain.items()},
        "math_2048_s": by_place["one node: mathematics", "ray"],
        "math_16384_s": many["seconds"],
        "stream_driver_gib": most,
    }
    packages = ("synthetic1", "ray", "math-verify")
    report(rows, ratios, packages=packages, json_file=wanted.json, targets=TARGETS)


if __name__ == "__main__":
    main()
