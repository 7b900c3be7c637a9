"""Requests a second, processor time and slots used of data generation, beside a bare loop and three other tools.

    python benchmarks/generate.py [--quick] [--json benchmarks/results/generate.json]

All ask the same server on loopback (``generate_server.py``), each run in a process of its own, and take turns. Ours is
a whole run: client, journal on the disk, scorer; only the judge is trivial. The bare loop over aiohttp keeps nothing:
it is the floor. datatrove (without and with checkpoints), curator and distilabel get an environment of their own each,
made with pip under the user's cache folder in a full run; with ``--quick``, those that are not there are left out.

``zero``: the server answers at once; ``tail``: after lognormal times. Requests a second count to the moment when all is
written and the run returns: of ours and the bare loop from its start, of the other tools from the first request that
the server sees, so that their start does not count. ``slot_use`` is that of the server: time spent on answers over
slots times duration, the drain at the end included. Processor time is that of the client with all its processes.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import generate_others
import generate_ours
from generate_server import Loopback, Shape, loopback
from record import arguments, report

TARGETS = {
    "cpu_ms_2_kB": "≤ 0.35",
    "cpu_ms_40_kB": "≤ 1.2",
    "req_per_s": "≥ 3,000",
    "slot_use_vs_bare": "≥ 0.99",
    "rps_vs_datatrove_checkpoints": "≥ 5",
    "rps_vs_curator": "≥ 4",
    "rps_vs_distilabel": "> 1",
}
OURS = ("bare", "ours")
TIMEOUT_S = 300


@dataclass(frozen=True)
class Setting:
    """What is measured: the server, the slots, and how many requests."""

    name: str
    shape: Shape
    slots: int
    requests: int
    rounds: int
    share: dict[str, float]
    """The other tools that take part, and of the requests and rounds the part that is enough for them."""


def settings(quick: bool) -> tuple[Setting, ...]:
    median_s, waiting, slots = (0.1, 600, 64) if quick else (0.5, 2_000, 128)
    fewer = {"datatrove": 0.5, "datatrove_checkpoints": 0.25, "curator": 0.25, "distilabel": 0.1}
    whole = {} if quick else {"datatrove": 1.0, "curator": 1.0, "distilabel": 1.0}
    count, rounds = (4_000, 2) if quick else (12_000, 5)
    return (
        Setting("zero 2 kB", Shape(2_000), 256, count, rounds, fewer),
        Setting("zero 40 kB", Shape(40_000), 256, count // 4, rounds, {}),
        Setting("tail 40 kB", Shape(40_000, median_s), slots, waiting, 1 if quick else 3, whole),
    )


def measure(server: Loopback, name: str, setting: Setting, requests: int) -> dict[str, float]:
    """One run in a fresh process.

    Raises:
        RuntimeError: it failed; says how.
    """
    server.counts(setting.shape)
    ours = name in OURS
    python = sys.executable if ours else str(generate_others.python_of(name))
    entry = f"import generate{'' if ours else '_others'} as g; g.child()"
    with tempfile.TemporaryDirectory() as folder:
        command = [python, "-c", entry, name, server.url, str(requests), str(setting.slots)]
        environment = generate_others.environment(Path(folder), here=Path(__file__).parent)
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, cwd=folder, env=environment, timeout=TIMEOUT_S
            )
        except subprocess.TimeoutExpired:
            raise RuntimeError(f"{name} was not done after {TIMEOUT_S} s") from None
    if done.returncode:
        raise RuntimeError(f"{name} failed: {(done.stderr.strip() or 'no reason given').splitlines()[-1][:300]}")
    measured: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    counts = server.counts(setting.shape)
    if counts["requests"] < requests:
        raise RuntimeError(f"{name} sent {counts['requests']:.0f} of {requests} requests")
    ahead = int(counts["requests"]) - requests  # sent to try the server, or sent again
    first = counts["first"][min(ahead, len(counts["first"]) - 1)]
    span = counts["last"] - first
    return {
        "req_per_s": requests / (measured["wall_s"] if ours else measured["ended"] - first),
        "cpu_ms": 1000 * measured["cpu_s"] / requests,
        "slot_use": counts["busy_s"] / (setting.slots * span),
        "asked": counts["requests"] / requests,
    }


def child() -> None:
    """One run of ours or of the bare loop, in a process of its own."""
    name, url, requests, slots = sys.argv[1:]
    run = {"ours": generate_ours.ours, "bare": generate_ours.bare}[name]
    print(json.dumps(asyncio.run(run(url, int(requests), int(slots)))))


def rounds_of(setting: Setting, others: Sequence[str]) -> dict[str, list[dict[str, float]]]:
    """All runs in one setting, by name; whoever fails once is left out."""
    found: dict[str, list[dict[str, float]]] = {}
    names = [*OURS, *(name for name in setting.share if name in others)]
    with loopback() as server:
        for round_ in range(setting.rounds):
            for name in tuple(names if round_ % 2 == 0 else reversed(names)):
                requests = int(setting.requests * setting.share.get(name, 1.0))
                if name not in OURS and setting.shape.median_s and found.get(name):
                    continue  # a minute each: once is enough for what differs by half
                try:
                    found.setdefault(name, []).append(measure(server, name, setting, requests))
                except RuntimeError as error:
                    if name in OURS:
                        raise
                    print(f"left out: {error}", flush=True)
                    names.remove(name)
                    continue
                last = found[name][-1]
                print(f"{setting.name}, round {round_ + 1}, {name}: {last['req_per_s']:,.0f} req/s", flush=True)
    return found


def median(runs: Sequence[dict[str, float]], what: str) -> float:
    return statistics.median(run[what] for run in runs)


def main() -> None:
    options = arguments((__doc__ or "").partition("\n")[0])
    others = generate_others.prepare(make=not options.quick)
    rows: list[dict[str, Any]] = []
    measured = {}
    for setting in settings(options.quick):
        found = measured[setting.name] = rounds_of(setting, others)
        for name, runs in found.items():
            if runs:
                label = generate_others.LABELS.get(name, name)
                row: dict[str, Any] = {"setting": setting.name, "client": label, "slots": setting.slots}
                row["requests"] = int(setting.requests * setting.share.get(name, 1.0))
                row["runs"] = len(runs)
                row |= {what: median(runs, what) for what in runs[0]}
                if not setting.shape.median_s:
                    row["slot_use"] = None  # at once is no time: there is nothing to fill
                row["req_per_s_min"] = min(run["req_per_s"] for run in runs)
                row["req_per_s_max"] = max(run["req_per_s"] for run in runs)
                rows.append(row)
    zero, long, tail = measured.values()
    ratios = {
        "cpu_ms_2_kB": median(zero["ours"], "cpu_ms"),
        "cpu_ms_40_kB": median(long["ours"], "cpu_ms"),
        "req_per_s": median(zero["ours"], "req_per_s"),
        "slot_use_vs_bare": median(tail["ours"], "slot_use") / median(tail["bare"], "slot_use"),
    }
    for name in ("datatrove_checkpoints", "curator", "distilabel"):
        if zero.get(name):
            ratios[f"rps_vs_{name}"] = ratios["req_per_s"] / median(zero[name], "req_per_s")
    report(rows, ratios, packages=("aiohttp",), json_file=options.json, targets=TARGETS)


if __name__ == "__main__":
    main()
