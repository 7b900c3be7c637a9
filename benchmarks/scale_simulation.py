"""Generation over a thousand servers, on one core: 1.4M tasks, four rollouts each, on a clock that is not the wall's.

    python benchmarks/scale_simulation.py [--quick] [--tasks N] [--replicas N] [--json FILE]      # all of it: an hour

Ours are the scheduler, the client with its routing, windows and retries, the slots, and the journal with its fsyncs, as
``datagen/generate.py`` puts them together. What is simulated are the servers: each takes ``SLOTS`` requests at once,
answers after as many seconds as its tokens take at its own pace, breaks down and comes back, sends errors. A tenth of
them joins while the run is under way; some leave for good.

The clock jumps to the next event where nothing can be done now; and it moves on with every second of CPU that this
process spends, the simulation's own included, and with ``WIRE_MS`` a response for the HTTP and JSON that are left out
(the difference between ``generate.json``'s figure and the one here). So a driver that is too slow shows: servers wait
for it. ``slot_use`` is the share of the slots of all servers that are up in which a request was at work, from the
first request to the last one handed out; ``slot_use_whole`` counts the last stragglers, too.

Lengths are lognormal, with the tail that benchmarks/generate_server.py uses; no lengths of a large model's own could
be measured here. Memory is this process's, at every tenth of the run.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import random
import resource
import selectors
import shutil
import tempfile
import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from generate_ours import Always
from generate_server import MODEL
from record import arguments, report

from synthetic1.inference import client as client_module
from synthetic1.inference.client import Client
from synthetic1.inference.exchange import Refused
from synthetic1.inference.failure import from_status
from synthetic1.inference.reply import Choice, Reply
from synthetic1.inference.server import ChangingServer, Roster
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.task import Task
from synthetic1.tasks.sources.source import TaskSource

TARGETS = {"slot_use": "≥ 0.97", "rss_growth": "≤ 1.1", "cpu_growth": "≤ 1.1"}
SLOTS = 32
"""Requests that a server works on at once."""
PACE_S = 1 / 30
"""A token, of each request: what a large model does with that many at once."""
TOKENS = 4_000, 0.8, 32_768
"""Median and sigma of the lognormal distribution, and the limit."""
STRAGGLERS = 0.02, 2.0
"""The share of servers that are slower, and how much."""
BREAKS_S, REPAIRED_S = 6 * 3600.0, 600.0
"""Between two break-downs of one server, and until it is back; exponential both."""
LEAVES = 0.03
"""The share of break-downs after which a server never comes back."""
JOIN = 0.1
"""The share of servers that are not there at the beginning."""
ERRORS = 0.002, 0.001
"""The shares of requests that end in status 500, and that are turned away by 503."""
SAMPLES = 4
WIRE_MS = 0.3
TEXT = "So the sum is odd, and twice four is eight. " * 12
TEN = 10


class Clock(selectors.DefaultSelector):  # type: ignore[misc, valid-type]
    """A selector that never waits for time: where nothing has happened, the next timer's moment has come."""

    def __init__(self) -> None:
        super().__init__()
        self.skipped = 0.0
        self.owed = 0
        """Verdicts that another thread is about to bring: till then no time is skipped, or its deadlines would pass."""
        self._began = time.process_time()

    def time(self) -> float:
        """Seconds: those skipped, and this process's CPU."""
        return self.skipped + time.process_time() - self._began

    def select(self, timeout: float | None = None) -> list[Any]:
        at_once = timeout is not None and timeout <= 0
        if at_once or self.owed or timeout is None:
            return list(super().select(0 if at_once else 0.05))
        ready: list[Any] = super().select(0)
        if not ready:
            self.skipped += timeout
        return ready


class Loop(asyncio.SelectorEventLoop):
    """asyncio's, on such a clock."""

    def __init__(self, clock: Clock) -> None:
        self._of = clock
        super().__init__(clock)

    def time(self) -> float:
        return self._of.time()


class Usage:
    """Of the slots of all servers together, in slot seconds."""

    def __init__(self) -> None:
        self.busy = self.there = 0
        self.busy_s = self.there_s = 0.0
        self.last: tuple[float, float, float] = (0.0, 0.0, 0.0)
        """When the last answer came, and what was used till then."""
        self._at = 0.0

    def change(self, now: float, busy: int = 0, there: int = 0) -> None:
        self.busy_s += self.busy * (now - self._at)
        self.there_s += self.there * (now - self._at)
        self._at = now
        self.busy, self.there = self.busy + busy, self.there + there


class SimulatedServer:
    """One server. Requests beyond its slots wait in its queue, as in vLLM's."""

    def __init__(self, number: int, fleet: Fleet) -> None:
        self.url = f"http://server-{number}:8000/v1"
        self.fleet = fleet
        slow, factor = STRAGGLERS
        self.pace_s = PACE_S * fleet.rng.uniform(0.9, 1.1) * (factor if fleet.rng.random() < slow else 1.0)
        self.up = False
        self._at_work: dict[asyncio.Future[None], asyncio.TimerHandle] = {}
        self._queue: deque[tuple[asyncio.Future[None], float]] = deque()

    async def answer(self, tokens: int) -> None:
        """Return when a completion of so many tokens is there.

        Raises:
            ConnectionResetError: it broke down meanwhile.
        """
        done: asyncio.Future[None] = self.fleet.loop.create_future()
        if len(self._at_work) < SLOTS:
            self._begin(done, tokens * self.pace_s)
        else:
            self._queue.append((done, tokens * self.pace_s))
        await done

    def come_up(self) -> None:
        self.up = True
        self.fleet.usage.change(self.fleet.loop.time(), there=SLOTS)
        self.fleet.loop.call_later(self.fleet.rng.expovariate(1 / BREAKS_S), self.break_down)

    def break_down(self) -> None:
        """With all that it was asked."""
        self.up = False
        self.fleet.counts["broken"] += 1
        self.fleet.usage.change(self.fleet.loop.time(), busy=-len(self._at_work), there=-SLOTS)
        for done, timer in self._at_work.items():
            timer.cancel()
            self._break(done)
        for done, _ in self._queue:
            self._break(done)
        self._at_work.clear()
        self._queue.clear()
        if self.fleet.rng.random() < LEAVES:
            self.fleet.counts["left"] += 1
            self.fleet.roster.leave(self.url, "it was taken away")
        else:
            self.fleet.loop.call_later(self.fleet.rng.expovariate(1 / REPAIRED_S), self.come_up)

    def _begin(self, done: asyncio.Future[None], seconds: float) -> None:
        self._at_work[done] = self.fleet.loop.call_later(seconds, self._end, done)
        self.fleet.usage.change(self.fleet.loop.time(), busy=1)

    def _end(self, done: asyncio.Future[None]) -> None:
        del self._at_work[done]
        self.fleet.usage.change(self.fleet.loop.time(), busy=-1)
        if not done.done():
            done.set_result(None)
        usage = self.fleet.usage
        usage.last = usage._at, usage.busy_s, usage.there_s
        if self._queue:
            self._begin(*self._queue.popleft())

    @staticmethod
    def _break(done: asyncio.Future[None]) -> None:
        if not done.done():
            done.set_exception(ConnectionResetError(errno.ECONNRESET, "the server broke down"))


class Fleet:
    """All servers, the random numbers they share, and what is counted."""

    def __init__(self, many: int, loop: Loop, clock: Clock, seed: int) -> None:
        self.rng, self.loop, self.clock = random.Random(seed), loop, clock
        self.usage, self.counts = Usage(), Counter[str]()
        self.servers = [SimulatedServer(number, self) for number in range(many)]
        self.by_url = {server.url: server for server in self.servers}
        self.later = self.servers[round(many * (1 - JOIN)) :]
        self.roster = Roster()
        self.roster.urls += [server.url for server in self.at_first]

    @property
    def at_first(self) -> list[SimulatedServer]:
        return self.servers[: len(self.servers) - len(self.later)]

    def begin(self, seconds: float) -> None:
        """Those that are there come up; the others join in the first half of ``seconds``."""
        for server in self.at_first:
            server.come_up()
        for server in self.later:
            self.loop.call_later(self.rng.uniform(0, seconds / 2), self._join, server)

    def _join(self, server: SimulatedServer) -> None:
        server.come_up()
        self.roster.join(server.url)

    def tokens(self) -> int:
        median, sigma, most = TOKENS
        return min(most, max(16, round(median * self.rng.lognormvariate(0.0, sigma))))


class SimulatedClient(Client):
    """Ours, but for the wire."""

    def __init__(self, server: Any, fleet: Fleet) -> None:
        super().__init__(server)
        self.fleet = fleet

    async def _post(self, url: str, body: dict[str, Any], n: int) -> Reply:
        import aiohttp

        fleet = self.fleet
        self.account.requests += 1
        fleet.clock.skipped += WIRE_MS / 1e3
        server = fleet.by_url[url]
        if not server.up:
            where: Any = SimpleNamespace(host=url, port=8000, ssl=False)
            raise aiohttp.ClientConnectorError(where, OSError(errno.ECONNREFUSED, "refused"))
        broken, busy = ERRORS
        luck = fleet.rng.random()
        if luck < broken + busy:
            fleet.counts["errors"] += 1
            await asyncio.sleep(0.2)
            raise Refused(from_status(500 if luck < broken else 503, {}, b"{}"))
        tokens = fleet.tokens()
        await server.answer(tokens)
        most = TOKENS[2]
        reason = "length" if tokens >= most else "stop"
        reply = Reply({0: Choice(TEXT, "4", reason)}, {"prompt_tokens": 60, "completion_tokens": tokens})
        self.account.answered(reply.usage)
        return reply

    async def _answers(self, url: str) -> bool:
        return self.fleet.by_url[url].up


class ManyTasks(TaskSource):
    """As many tasks as wanted, made when asked for."""

    name = "simulated"

    def __init__(self, many: int) -> None:
        self._many = many

    def __len__(self) -> int:
        return self._many

    def __getitem__(self, index: int) -> Task:
        index = self._position(index)
        return Task(f"p{index}", "verifiable_math", f"What is 2 + 2? ({index})", {"ground_truth": "4"})


@dataclass
class Tenth:
    """What a tenth of the run took."""

    rollouts: int
    virtual_s: float
    cpu_s: float
    rss_mb: float
    slot_use: float
    live: int


def rss_mb() -> float:
    """Of this process, now, in 10^6 bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


async def watched(generation: Any, fleet: Fleet, total: int) -> list[Tenth]:
    """Look at the run at every tenth of its rollouts."""
    tenths: list[Tenth] = []
    before = (0.0, time.process_time(), 0.0, 0.0)
    began = fleet.loop.time()
    while len(tenths) < TEN:
        await asyncio.sleep(5.0)
        arrived = generation.progress.arrived
        if arrived < total * (len(tenths) + 1) / TEN:
            continue
        now, cpu = fleet.loop.time() - began, time.process_time()
        fleet.usage.change(fleet.loop.time())
        busy, there = fleet.usage.busy_s - before[2], fleet.usage.there_s - before[3]
        live = sum(server.up for server in fleet.servers)
        tenths.append(Tenth(arrived, now - before[0], cpu - before[1], rss_mb(), busy / there, live))
        before = now, cpu, fleet.usage.busy_s, fleet.usage.there_s
        print(f"{arrived:,} of {total:,} | {vars(tenths[-1])}", flush=True)
    return tenths


class SimulatedScorer(Scorer):
    """Ours, which works on a thread: the clock knows when it is waited for."""

    def __init__(self, clock: Clock) -> None:
        super().__init__({"verifiable_math": Always()})
        self._clock = clock

    async def score(self, *args: Any, **named: Any) -> list[Any]:
        self._clock.owed += 1
        try:
            return await super().score(*args, **named)
        finally:
            self._clock.owed -= 1


def slots_until_last(slots: Iterator[Any], fleet: Fleet, ended: list[tuple[float, float, float]]) -> Iterator[Any]:
    """The slots; when the last is handed out, what has been used till then."""
    yield from slots
    fleet.usage.change(fleet.loop.time())
    ended.append((fleet.loop.time(), fleet.usage.busy_s, fleet.usage.there_s))


async def simulate(many: int, replicas: int, fleet: Fleet, folder: Path) -> dict[str, Any]:
    from synthetic1.datagen.generation.goal import Progress
    from synthetic1.datagen.generation.run import schedule
    from synthetic1.datagen.generation.settings import GenerateSettings
    from synthetic1.datagen.journal.writer import Journal

    urls = list(fleet.roster.urls)
    settings = GenerateSettings.model_validate(
        {
            "env": {"id": "math-v0"},
            "model_name": MODEL,
            "server": urls,
            "concurrency": replicas * SLOTS,
            "samples": SAMPLES,
            "sampling": {"max_tokens": TOKENS[2]},
        }
    )
    total = many * SAMPLES
    mean_s = PACE_S * sum(fleet.tokens() for _ in range(20_000)) / 20_000
    expected_s = total * mean_s / (replicas * SLOTS)
    server = ChangingServer.like(settings.server_for(urls, False), fleet.roster)
    server = replace(server, model=MODEL, max_in_flight=replicas * SLOTS, timeout_s=1e6)
    with SimulatedScorer(fleet.clock) as scorer:
        journal = Journal.open(folder / "journal.sqlite")
        async with SimulatedClient(server, fleet) as client:
            client._open()
            generation = schedule(settings, ManyTasks(many), scorer, client, journal, Progress())
            ended: list[tuple[float, float, float]] = []
            generation.slots = slots_until_last(generation.slots, fleet, ended)
            fleet.begin(expected_s)
            began, cpu, wall = fleet.loop.time(), time.process_time(), time.monotonic()
            watching = asyncio.create_task(watched(generation, fleet, total))
            await generation.run()
            # Not now: the clock has jumped on while the journal was closed by a thread.
            (ended_s, all_busy_s, all_there_s), cpu_s = fleet.usage.last, time.process_time() - cpu
            whole_s = ended_s - began
            tenths = await watching
            account = client.usage
        counts = journal.counts()
        journal.close()
    assert counts == {"tasks": many, "rollouts": total, "verified": total, "failures": 0}, counts
    (until_s, busy_s, there_s), *_ = ended
    size = sum(file.stat().st_size for file in folder.iterdir())
    return {
        "tenths": tenths,
        "slot_use": busy_s / there_s,
        "slot_use_whole": all_busy_s / all_there_s,
        "requests_per_rollout": account.requests / total,
        "virtual_h": whole_s / 3600,
        "until_last_h": (until_s - began) / 3600,
        "driver_cpu_ms": 1e3 * cpu_s / total,
        "driver_cpu_share": (cpu_s + WIRE_MS / 1e3 * account.requests) / whole_s,
        "journal_bytes": size / total,
        "wall_s": time.monotonic() - wall,
        **fleet.counts,
    }


def rows_of(tenths: list[Tenth]) -> list[dict[str, Any]]:
    return [
        {
            "rollouts": tenth.rollouts,
            "servers": tenth.live,
            "virtual_h": round(tenth.virtual_s / 3600, 2),
            "slot_use": round(tenth.slot_use, 4),
            "cpu_ms": round(1e3 * tenth.cpu_s * TEN / tenths[-1].rollouts, 3),
            "rss_mb": round(tenth.rss_mb),
        }
        for tenth in tenths
    ]


def main() -> None:
    options = arguments(
        __doc__ or "",
        tasks=(int, f"tasks, of {SAMPLES} rollouts each; 1,400,000 if not given"),
        replicas=(int, "servers; 1,000 if not given"),
        folder=(Path, "where the journal is written, and removed in the end; a temporary folder if not given"),
    )
    many = options.tasks or (4_000 if options.quick else 1_400_000)
    replicas = options.replicas or (20 if options.quick else 1_000)
    logging.getLogger("synthetic1").setLevel(logging.ERROR)  # a break-down is no news here
    client_module.make_room = lambda *_: None  # type: ignore[assignment]  # no connection is opened: no files are wanted
    clock = Clock()
    loop = Loop(clock)
    fleet = Fleet(replicas, loop, clock, seed=0)
    folder = Path(tempfile.mkdtemp(dir=options.folder))
    try:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            found = runner.run(simulate(many, replicas, fleet, folder))
    finally:
        shutil.rmtree(folder)
    rows = rows_of(found.pop("tenths"))
    middle = rows[1:]  # the first tenth fills the windows
    ratios = {
        **found,
        "rss_growth": middle[-1]["rss_mb"] / middle[0]["rss_mb"],
        "cpu_growth": middle[-1]["cpu_ms"] / middle[0]["cpu_ms"],
    }
    report(rows, ratios, packages=("aiohttp",), json_file=options.json, targets=TARGETS)


if __name__ == "__main__":
    main()
