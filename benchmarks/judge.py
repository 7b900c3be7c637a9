"""Slots used, processor time a call and hits of the cache: our client and judge, beside the bare ``openai`` package.

    python benchmarks/judge.py [--quick] [--json benchmarks/results/judge.json]

A scripted server in a process of its own answers after a time of its own for each request (lognormal, σ 0.6, median
2 s; 1 s with ``--quick``). All contenders send prompts of the judge's length, with its schema; the bare client stands
behind a semaphore. Contenders take turns, round after round; a row is the median of its rounds.

``slot_use`` is what the server saw: requests in flight, on average, over slots, from the moment work was there until
the last of it arrived. Processor time is that of the client's process alone.
"""

from __future__ import annotations

import asyncio
import gc
import json
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic, perf_counter, process_time
from typing import Any

from record import arguments, report

from synthetic1.inference.client import Client
from synthetic1.inference.engine import Sampling
from synthetic1.inference.server import Server
from synthetic1.rewards.judging.judge import Judge, judge_settings
from synthetic1.rewards.judging.rubrics import CLAIMS

TARGETS = {
    "slot_use_64": "≥ 0.97",
    "slot_use_512": "≥ 0.97",
    "cpu_vs_bare_client": "≤ 0.5",
    "cache_hits_per_s": "≥ 20,000",
}
SLOTS = (64, 512)
REPLY = {
    "claims": [
        {"claim": "The rate doubles when the concentration doubles", "state": "met"},
        {"claim": "The order in the second reactant is zero", "state": "met"},
    ],
    "reasoning": "The candidate derives the same rate law from the same table, and names both orders. " * 3,
    "equally_valid": False,
    "verdict": "correct",
}
QUESTION = "A table of initial rates is given for the reaction A + 2 B → C. Find the rate law and say why. " * 6
REFERENCE = "The rate doubles when the concentration of A doubles and does not change with that of B. " * 6
CANDIDATE = "I compare the first two rows, in which only A changes, and then the last two for B. " * 12


OPTIONS = CLAIMS.ordered("")
SYSTEM, SCHEMA = CLAIMS.system(OPTIONS), CLAIMS.schema(OPTIONS)
MAX_TOKENS = 2048

Ask = Callable[[int], Awaitable[object]]
"""Has the candidate of that number judged; no two are equal."""


def candidate(number: int) -> str:
    return f"Attempt {number}. {CANDIDATE}"


def messages(number: int) -> list[dict[str, str]]:
    """About what the judge sends."""
    user = f"{QUESTION}\n\n{REFERENCE}\n\n{candidate(number)}"
    return [{"role": "system", "content": SYSTEM}, {"role": "user", "content": user}]


@asynccontextmanager
async def our_judge(url: str, slots: int) -> AsyncIterator[Ask]:
    judge = Judge(judge_settings({"url": url, "max_in_flight": slots}))

    async def ask(number: int) -> None:
        verdict = await judge.ask(CLAIMS, question=QUESTION, reference=REFERENCE, candidate=candidate(number))
        assert verdict.score == 1.0, verdict

    yield ask
    await judge.aclose()


@asynccontextmanager
async def our_client(url: str, slots: int) -> AsyncIterator[Ask]:
    async with Client(Server.of({"urls": url, "max_in_flight": slots})) as client:

        async def ask(number: int) -> None:
            (reply,) = await client.complete(messages(number), 1, Sampling(MAX_TOKENS, 0.0), schema=SCHEMA)
            assert reply.answer, reply

        yield ask


@asynccontextmanager
async def bare_client(url: str, slots: int) -> AsyncIterator[Ask]:
    from openai import AsyncOpenAI

    wanted: Any = {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True}}
    free = asyncio.Semaphore(slots)
    async with AsyncOpenAI(base_url=url, api_key="none", max_retries=0, timeout=600) as client:

        async def ask(number: int) -> None:
            said: Any = messages(number)
            async with free:
                reply = await client.chat.completions.create(
                    model="scripted",
                    messages=said,
                    temperature=0.0,
                    top_p=1.0,
                    max_tokens=MAX_TOKENS,
                    seed=0,
                    response_format=wanted,
                )
            assert reply.choices[0].message.content, reply

        yield ask


CONTENDERS = {"our judge": our_judge, "our client": our_client, "openai": bare_client}


def slot_use(spans: Sequence[tuple[float, float]], begun: float, slots: int) -> float:
    """Requests in flight over slots, on average, while work remained: from ``begun`` until the last request came."""
    end = max(came for came, _ in spans)
    busy = sum(min(went, end) - came for came, went in spans)
    return busy / (slots * (end - begun))


async def take_turn(name: str, server: Any, slots: int, calls: int) -> tuple[float, float]:
    """Slot use, and seconds of processor time a call."""
    async with CONTENDERS[name](server.url, slots) as ask:
        await ask(-1)  # connect, import, and learn what is served
        await asyncio.to_thread(server.spans)
        gc.collect()
        begun, cpu = monotonic(), process_time()
        await asyncio.gather(*(ask(number) for number in range(calls)))
        cpu = process_time() - cpu
    spans = await asyncio.to_thread(server.spans)
    assert len(spans) == calls, f"{name}: {len(spans)} requests for {calls} calls"
    return slot_use(spans, begun, slots), cpu / calls


async def cache_hits(url: str, distinct: int, rounds: int) -> tuple[float, float]:
    """Hits a second of one process, through the whole client, and processor seconds a hit."""
    with tempfile.TemporaryDirectory() as folder:
        cache = str(Path(folder) / "judge.sqlite")
        sampling = Sampling(MAX_TOKENS, 0.0)
        asked = [messages(number) for number in range(distinct)]
        settings = Server.of({"urls": url, "max_in_flight": 512, "cache": cache})
        async with Client(settings) as client:
            await asyncio.gather(*(client.complete(one, 1, sampling, schema=SCHEMA) for one in asked))
        times = []
        for _ in range(rounds):
            async with Client(settings) as client:  # another process would find the file like this, and nothing else
                await client.complete(asked[0], 1, sampling, schema=SCHEMA)
                gc.collect()
                begun, cpu = perf_counter(), process_time()
                for one in asked:
                    await client.complete(one, 1, sampling, schema=SCHEMA)
                times.append((perf_counter() - begun, process_time() - cpu))
                assert client.usage.cached == distinct + 1
                assert client.usage.requests == 0
    seconds, cpu = (statistics.median(one) for one in zip(*times, strict=True))
    return distinct / seconds, cpu / distinct


def scripted(latency_s: float) -> Any:
    """The tests' server, giving one and the same verdict, in a process of its own."""
    sys.path.append(str(Path(__file__).resolve().parents[1] / "tests" / "support"))
    import scripted_process

    shape = json.dumps(REPLY)
    return scripted_process.scripted("--right", "1", "--padding", "0", "--shape", shape, "--latency", str(latency_s))


async def main() -> None:
    options = arguments(__doc__ or "")
    latency_s, waves, rounds = (1.0, 3, 1) if options.quick else (2.0, 8, 2)
    rows: list[dict[str, Any]] = []
    ratios: dict[str, float] = {}
    relative = []
    with scripted(latency_s) as server:
        for slots in SLOTS:
            turns: dict[str, list[tuple[float, float]]] = {name: [] for name in CONTENDERS}
            for _ in range(rounds):
                for name, taken in turns.items():
                    taken.append(await take_turn(name, server, slots, slots * waves))
                relative.append(turns["our client"][-1][1] / turns["openai"][-1][1])
            for name, taken in turns.items():
                used, cpu = (statistics.median(one) for one in zip(*taken, strict=True))
                row = {"contender": name, "slots": slots, "calls": slots * waves, "median_latency_s": latency_s}
                rows.append({**row, "slot_use": used, "cpu_ms_a_call": cpu * 1e3})
                if name == "our judge":
                    ratios[f"slot_use_{slots}"] = used
    ratios["cpu_vs_bare_client"] = statistics.median(relative)
    with scripted(0.0) as server:
        hits, cpu = await cache_hits(server.url, 1_000 if options.quick else 5_000, 3 if options.quick else 7)
    ratios["cache_hits_per_s"] = hits
    ratios["cache_ms_a_hit"] = cpu * 1e3
    packages = ("aiohttp", "openai", "httpx")
    report(rows, ratios, packages=packages, json_file=options.json, targets=TARGETS)


if __name__ == "__main__":
    asyncio.run(main())
