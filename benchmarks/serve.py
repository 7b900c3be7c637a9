"""What HTTP costs: `synthetic1 serve` beside direct scoring, 200 clients at once, interleaved.

Each client asks for one verdict after the other. Direct: a coroutine that awaits `scorer.score`. Through HTTP: a
connection of its own to a server in a process of its own, on loopback. Two mixtures: all families that need no judge
in equal parts (programs run in the sandbox), and the two whose verifiers only compute, where HTTP weighs most.

    python benchmarks/serve.py [--quick] [--json FILE]
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter

from record import Row, arguments, report

from synthetic1 import Completion, Scorer, Task, open_tasks
from synthetic1.rewards.registry import get_verifier

MIXTURES = {"mixed": ("code", "code_understanding", "math", "stem"), "inline": ("code_understanding", "math")}
CLIENTS = 200
THOUGHT = "Let us look at this from the beginning, and check each step before we take the next one. " * 40
"""About as long as a short thought of a model."""
ROUNDS = 3
TARGETS = {"p99_vs_direct": "≤ 1 with (1.5 × direct + 20 ms) for 1", "throughput_vs_direct": "≥ 0.8", "errors": "0"}


@dataclass
class Timed:
    """One round: seconds by request, and those it took altogether."""

    seconds: list[float] = field(default_factory=list)
    wall_s: float = 0.0
    errors: int = 0

    @property
    def p99(self) -> float:
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) * 99 // 100, len(ordered) - 1)]

    @property
    def throughput(self) -> float:
        return len(self.seconds) / self.wall_s


@dataclass(frozen=True)
class Asked:
    """A pair that is right, as direct scoring and HTTP take it."""

    task: Task
    text: str

    def request(self) -> bytes:
        body = json.dumps({"task": self.task.to_dict(), "completion": self.text}).encode()
        head = "POST /v1/score HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def pairs(families: Sequence[str], n: int) -> list[Asked]:
    """``n`` pairs, families in turn; no two are equal, or one verdict would do for both."""
    golds = {}
    for family in families:
        tasks = [task for task in open_tasks(f"embedded:{family}") if task.language in (None, "python")]
        found = [(task, get_verifier(task.task_type).gold_completion(task)) for task in tasks]
        golds[family] = [(task, gold) for task, gold in found if gold is not None]
    chosen = []
    for index in range(n):
        of_family = golds[families[index % len(families)]]
        task, gold = of_family[index // len(families) % len(of_family)]
        chosen.append(Asked(task, f"<think>{index} {THOUGHT}</think>{gold}"))
    return chosen


Ask = Callable[[int, int], Awaitable[bool]]
"""(client, index of the pair) → whether the verdict was right."""


async def measure(ask: Ask, n: int) -> Timed:
    timed, places = Timed(), iter(range(n))

    async def client(number: int) -> None:
        for index in places:
            began = perf_counter()
            right = await ask(number, index)
            timed.seconds.append(perf_counter() - began)
            timed.errors += not right

    began = perf_counter()
    await asyncio.gather(*(client(number) for number in range(CLIENTS)))
    timed.wall_s = perf_counter() - began
    return timed


async def measure_direct(scorer: Scorer, asked: Sequence[Asked]) -> Timed:
    async def ask(_: int, index: int) -> bool:
        one = asked[index]
        [verdict] = await scorer.score([(one.task, Completion.parse(one.text))])
        return verdict.score == 1

    return await measure(ask, len(asked))


async def measure_http(port: int, asked: Sequence[Asked]) -> Timed:
    requests = [one.request() for one in asked]
    connections = [await asyncio.open_connection("127.0.0.1", port) for _ in range(CLIENTS)]

    async def ask(client: int, index: int) -> bool:
        reader, writer = connections[client]
        writer.write(requests[index])
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        body = await reader.readexactly(length)
        return head.startswith(b"HTTP/1.1 200") and json.loads(body)["score"] == 1

    try:
        return await measure(ask, len(asked))
    finally:
        for _, writer in connections:
            writer.close()


def start_server() -> tuple[subprocess.Popen[str], int]:
    """A server on a free port, once it is ready to listen."""
    command = [
        sys.executable,
        "-m",
        "synthetic1.serving.program",
        "--port",
        "0",
        "--families",
        "code,math,stem,code_understanding",
    ]
    process = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        text=True,
        env={name: value for name, value in os.environ.items() if name != "SYNTHETIC1_API_KEY"},
    )
    assert process.stderr is not None
    for line in process.stderr:
        if "running on" in line:
            return process, int(line.partition("http://127.0.0.1:")[2].split()[0])
    raise SystemExit("the server did not start")


async def run(quick: bool) -> tuple[list[Row], dict[str, float]]:
    counts = {"mixed": 200, "inline": 2_000} if quick else {"mixed": 400, "inline": 10_000}
    process, port = start_server()
    rows: list[Row] = []
    ratios: dict[str, float] = {}
    errors = 0
    try:
        with Scorer() as scorer:
            for name, families in MIXTURES.items():
                warm = pairs(families, 200)
                await measure_direct(scorer, warm)
                await measure_http(port, warm)
                found: dict[str, list[Timed]] = {"direct": [], "http": []}
                asked = pairs(families, counts[name])
                for _ in range(1 if quick else ROUNDS):
                    found["direct"].append(await measure_direct(scorer, asked))
                    found["http"].append(await measure_http(port, asked))
                for way, timed in found.items():
                    best = _middle(timed)
                    rows.append(
                        {
                            "mixture": name,
                            "way": way,
                            "clients": CLIENTS,
                            "n": len(asked),
                            "per_s": best.throughput,
                            "p50_ms": sorted(best.seconds)[len(best.seconds) // 2] * 1e3,
                            "p99_ms": best.p99 * 1e3,
                            "errors": sum(one.errors for one in timed),
                        }
                    )
                errors += sum(one.errors for timed in found.values() for one in timed)
                direct, http = (_middle(found[way]) for way in ("direct", "http"))
                prefix = "" if name == "mixed" else f"{name}_"
                ratios[f"{prefix}p99_vs_direct"] = http.p99 / (1.5 * direct.p99 + 0.02)
                ratios[f"{prefix}throughput_vs_direct"] = http.throughput / direct.throughput
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
    ratios["errors"] = errors
    return rows, ratios


def _middle(timed: Sequence[Timed]) -> Timed:
    """The round of middle throughput."""
    return sorted(timed, key=lambda one: one.throughput)[len(timed) // 2]


def main() -> None:
    options = arguments(__doc__.partition("\n")[0])
    rows, ratios = asyncio.run(run(options.quick))
    report(rows, ratios, packages=["fastapi", "uvicorn", "pydantic"], json_file=options.json, targets=TARGETS)


if __name__ == "__main__":
    main()
