"""What it costs to ask an orchestrator for tasks: 500 workers on loopback, a fifth of which is replaced meanwhile.

    python benchmarks/pool_leases.py [--quick] [--seconds N] [--workers N] [--json FILE]

Each worker leases four tasks, is busy for some seconds, hands in, and begins anew; every request is signed, and what is
answered was on the disk first. Some die with their tasks, which lapse and are lent again, and others come in their
place. ``lease_p99_vs_bare`` compares the slowest hundredth of lease calls with those of a bare FastAPI endpoint, which
reads the same requests from the same workers at the same pace and answers a constant of the same size. Client, server
and verifiers share this machine, so that both suffer from one another.

In the end, what workers were told is taken is compared with what the run's journal holds: ``leases_lost`` are those
that are missing, ``leases_doubled`` those that are there twice.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from record import arguments, report

TARGETS = {"lease_p99_vs_bare": "≤ 5", "leases_lost": "0", "leases_doubled": "0", "rss_growth": "≤ 1.1"}
LEASED = 4
BUSY_S = 6.0
"""Of a worker between lease and submission; exponential."""
CHURN = 0.2
"""The share of workers that die in the course of the run."""
BARE = """
import sys, uvicorn
from fastapi import FastAPI, Request, Response
app = FastAPI()
@app.post("/{path:path}")
async def answer(path: str, request: Request):
    await request.body()
    size = 900 if path.endswith("leases") else 60
    return Response(b'{"tasks": "' + b"x" * size + b'"}', media_type="application/json")
uvicorn.run(app, port=int(sys.argv[1]), log_level="warning", access_log=False, ws="none")
"""


class Load:
    """The workers, and what they saw."""

    def __init__(self, url: str, pool: str, many: int, seconds: float, session: Any) -> None:
        self.url, self.pool, self.many, self.seconds, self.session = url, pool, many, seconds, session
        self.rng = random.Random(0)
        self.lease_s: list[float] = []
        self.submit_s: list[float] = []
        self.taken: Counter[str] = Counter()
        self.refused = self.failed = self.died = 0

    async def run(self) -> None:
        until = time.monotonic() + self.seconds
        await asyncio.gather(*(self.worker(until) for _ in range(self.many)))

    async def worker(self, until: float) -> None:
        from synthetic1.pool.node_key import NodeKey

        key = NodeKey.generate()
        await asyncio.sleep(self.rng.uniform(0, BUSY_S))
        dies = until - self.rng.uniform(0, self.seconds) if self.rng.random() < CHURN else float("inf")
        await self.post(key, "/v1/join", {})
        while time.monotonic() < until:
            said = await self.post(key, "/v1/leases", {"many": LEASED}, self.lease_s)
            tasks = said.get("tasks", ()) if isinstance(said.get("tasks"), list) else [{}] * LEASED
            await asyncio.sleep(self.rng.expovariate(1 / BUSY_S))
            if time.monotonic() > dies:
                self.died += 1
                key, dies = NodeKey.generate(), float("inf")  # and its tasks lapse
                await self.post(key, "/v1/join", {})
                continue
            if tasks:
                work = {"work": [work_of(task) for task in tasks]}
                said = await self.post(key, "/v1/submissions", work, self.submit_s)
                self.taken.update(said.get("taken", ()))
                self.refused += len(said.get("refused", ()))

    async def post(self, key: Any, path: str, body: Any, times: list[float] | None = None) -> dict[str, Any]:
        from synthetic1.keys import canonical_json
        from synthetic1.pool.signed_request import sign_request

        sent = canonical_json(body)
        headers = sign_request(key, self.pool, "POST", path, sent)
        began = time.perf_counter()
        async with self.session.post(self.url + path, data=sent, headers=headers) as response:
            content = await response.read()
        if times is not None:
            times.append(time.perf_counter() - began)
        if response.status != 200:
            self.failed += 1
            return {}
        found: dict[str, Any] = json.loads(content)
        return found


def work_of(task: dict[str, str]) -> dict[str, Any]:
    prompt = task.get("prompt", "1 + 1 = 2")
    text = f"The sum is \\boxed{{{prompt.rpartition(' = ')[2]}}}"
    unit = task.get("unit", "0" * 32)
    return {"unit": unit, "text": text, "finish_reason": "stop", "prompt_tokens": 20, "completion_tokens": 9}


def write_tasks(path: Path, many: int) -> None:
    with path.open("w") as file:
        for i in range(many):
            truth = json.dumps({"ground_truth": str(2 * i)})
            row = {"problem_id": f"p{i}", "task_type": "verifiable_math", "source": "benchmark"}
            file.write(json.dumps({**row, "prompt": f"{i} + {i} = {2 * i}", "verification_info": truth}) + "\n")


def rss_mb(process: subprocess.Popen[Any]) -> float:
    return int(Path(f"/proc/{process.pid}/statm").read_text().split()[1]) * 4096 / 1e6


async def measured(url: str, pool: str, options: Any, process: subprocess.Popen[Any]) -> tuple[Load, list[float]]:
    import aiohttp

    memory: list[float] = []

    async def watch() -> None:
        while True:
            await asyncio.sleep(options.seconds / 10)
            memory.append(rss_mb(process))

    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=120)) as session:
        load = Load(url, pool, options.workers, options.seconds, session)
        watching = asyncio.create_task(watch())
        await load.run()
        watching.cancel()
    return load, memory


def through_the_pool(options: Any, folder: Path) -> tuple[Load, list[float], dict[str, Any]]:
    write_tasks(folder / "tasks.jsonl", int(options.workers * LEASED * (options.seconds / BUSY_S + 2)))
    command = [sys.executable, "-m", "synthetic1.cli", "pool", "serve", "env=math", f"env.tasks={folder}/tasks.jsonl"]
    command += ["env.split=all", "model=benchmark", "run_name=t", f"runs={folder}", "challenge.memory_bytes=0"]
    command += ["port=0", "per_minute=100000", "lease.seconds=30", "lease.repeated=0", "audit.group_s=2"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    url = next(found[1] for line in process.stdout if (found := re.search(r"--join (http\S+)", line)))
    import urllib.request

    with urllib.request.urlopen(f"{url}/health") as response:
        pool = json.load(response)["pool"]
    try:
        load, memory = asyncio.run(measured(url, pool, options, process))
        settled = 0
        for _ in range(120):  # until all is settled
            with urllib.request.urlopen(f"{url}/v1/state") as response:
                state = json.load(response)
            if not state["pending"]:
                break
            time.sleep(0.5)
        settled = state["judged"]
    finally:
        process.terminate()
        process.wait()
    from synthetic1.datagen.journal.runs import open_runs

    kept: Counter[str] = Counter()
    for group in open_runs("t", str(folder)).groups():
        kept.update(stored.rollout.key for stored in group.rollouts)
    worked: Counter[str] = Counter()
    for line in (folder / "generate/t/ledger.jsonl").read_text().splitlines():
        entry = json.loads(line)
        if entry["kind"] == "work":
            worked.update(entry["about"]["rollouts"])
    return (
        load,
        memory,
        {
            "leases_lost": sum(unit not in kept for unit in load.taken),
            "leases_doubled": sum(n > 1 for n in kept.values()) + sum(n > 1 for n in worked.values()),
            "settled": settled,
        },
    )


def through_a_bare_endpoint(options: Any, port: int = 8471) -> Load:
    process = subprocess.Popen([sys.executable, "-c", BARE, str(port)])
    time.sleep(4)
    try:
        return asyncio.run(measured(f"http://127.0.0.1:{port}", "0" * 64, options, process))[0]
    finally:
        process.terminate()
        process.wait()


def row(name: str, load: Load) -> dict[str, Any]:
    lease, submit = np.array(load.lease_s) * 1e3, np.array(load.submit_s) * 1e3
    return {
        "what": name,
        "lease_calls": len(lease),
        "a_second": round((len(lease) + len(submit)) / load.seconds, 1),
        "lease_p50_ms": round(float(np.percentile(lease, 50)), 2),
        "lease_p99_ms": round(float(np.percentile(lease, 99)), 2),
        "submit_p50_ms": round(float(np.percentile(submit, 50)), 2),
        "submit_p99_ms": round(float(np.percentile(submit, 99)), 2),
        "died": load.died,
        "not_taken": load.refused,
        "failed": load.failed,
    }


def main() -> None:
    options = arguments(
        __doc__ or "",
        seconds=(float, "of load, each; 600 if not given"),
        workers=(int, "at once; 500 if not given"),
    )
    options.seconds = options.seconds or (20.0 if options.quick else 600.0)
    options.workers = options.workers or (50 if options.quick else 500)
    with tempfile.TemporaryDirectory() as name:
        bare = through_a_bare_endpoint(options)
        load, memory, counts = through_the_pool(options, Path(name))
    rows = [row("bare FastAPI", bare), row("the pool", load)]
    ratios = {
        "lease_p99_vs_bare": rows[1]["lease_p99_ms"] / rows[0]["lease_p99_ms"],
        "lease_p50_vs_bare": rows[1]["lease_p50_ms"] / rows[0]["lease_p50_ms"],
        "rss_growth": memory[-1] / memory[len(memory) // 3],
        "rss_mb": memory[-1],
        **counts,
    }
    report(rows, ratios, packages=("fastapi", "uvicorn"), json_file=options.json, targets=TARGETS)


if __name__ == "__main__":
    main()
