"""An orchestrator from settings to the end: folder, journal, ledger, what a crash left over, the server."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Iterator

import uvicorn

from synthetic1.datagen.generation.goal import Goal, Progress
from synthetic1.datagen.generation.reached import Reached
from synthetic1.datagen.generation.run import check_same, keep_identity
from synthetic1.datagen.generation.slots import slots
from synthetic1.datagen.journal.judges import record
from synthetic1.datagen.journal.reader import COUNTED
from synthetic1.datagen.journal.runs import open_journal
from synthetic1.datagen.journal.writer import Journal
from synthetic1.jobs.judge_trust import task_types, trusted
from synthetic1.jobs.opening import OpenedTasks, keep_bad_rows, open_environment
from synthetic1.jobs.program import STOPPED, ProgramError
from synthetic1.jobs.stopping import stop_on_signal
from synthetic1.pool.ledger import FileLedger, NewEntry
from synthetic1.pool.node_key import NodeKey
from synthetic1.pool.orchestrator.application import make_pool_application
from synthetic1.pool.orchestrator.books import Books, Submission
from synthetic1.pool.orchestrator.lending import Lending
from synthetic1.pool.orchestrator.looking import units_of
from synthetic1.pool.orchestrator.members import Members
from synthetic1.pool.orchestrator.service import PoolService
from synthetic1.pool.orchestrator.settings import PoolSettings
from synthetic1.pool.orchestrator.settling import Recompute, Settling
from synthetic1.pool.orchestrator.standings import Standings
from synthetic1.pool.orchestrator.telling import Telling
from synthetic1.pool.orchestrator.window import WantedRollout
from synthetic1.pool.signed_request import RequestCheck
from synthetic1.reports.run_folder import RunFolder
from synthetic1.rollout import rollout_key

KEY, LEDGER = "orchestrator.key", "ledger.jsonl"
LOOKAHEAD = 64
"""Tasks that are read from the source at once: nobody is answered meanwhile."""
SWITCH_S = 0.0005
"""How soon the thread that answers gets the interpreter from those that verify and write."""
ENDING_S = 45.0
"""With ``once=true``: at most so long for all workers to hear that nothing is left; they pause for 30 s between two
tries at most."""
KEEP_ALIVE_S = 75
CONNECTIONS = 4096


async def serve(settings: PoolSettings) -> int:
    """Lead the pool until it is told to stop, or, with ``once``, nothing is left; the exit status.

    Raises:
        ProgramError: another run lies there, tasks cannot be read, or journal or ledger take nothing more.
    """
    sys.setswitchinterval(SWITCH_S)
    opened = open_environment(settings.judged_env, bad_rows=settings.bad_rows)
    judges = await trusted(task_types(opened.tasks), opened.scorer, settings.judge)
    recompute = _recompute(settings)
    with RunFolder.create(settings.folder, resume=True) as folder:
        key = NodeKey.open(settings.folder / KEY)
        journal = open_journal(settings.folder, settings.journal, alone=True)
        try:
            ledger = FileLedger(settings.folder / LEDGER, key)
            try:
                going_on, edited = check_same(journal, settings, opened.tasks)
                folder.write_config(settings.model_dump(mode="json"))
                keep_identity(journal, settings, opened.tasks)
                record(journal, judges)
                bad = keep_bad_rows(opened.tasks, settings.folder)
                print(f"{'going on with' if going_on else 'pool'} {settings.folder}", flush=True)
                for said in (edited, f"bad rows  {bad:,}, left out" if bad else None):
                    if said:
                        print(said, flush=True)
                status = await _lead(settings, opened, journal, ledger, key, recompute)
            finally:
                ledger.close()
            counts = journal.counts(COUNTED)
            folder.write_result({**counts, "stopped": status == STOPPED})
            many = f"{counts['rollouts']:,} rollouts of {counts['tasks']:,} tasks, {counts['verified']:,} verified"
            print(
                f"{many}\n{'stopped; the same command goes on' if status else f'next: synthetic1 show {settings.name}'}"
            )
            return status
        finally:
            journal.close()
            opened.scorer.close()


def assembled(
    settings: PoolSettings,
    opened: OpenedTasks,
    journal: Journal,
    ledger: FileLedger,
    recompute: Recompute | None,
    *,
    clock: Callable[[], float] = time.time,
) -> tuple[PoolService, Telling]:
    """The parts of an orchestrator, with what a process before has left under way."""
    books = Books(journal)
    members = Members(settings, books, clock)
    wanted = _wanted(settings, opened, journal)
    lending = Lending(settings.lease, books, journal.put_task, wanted, clock=clock)
    telling = Telling(settings, members, opened, journal)
    standings = Standings(settings, members, lending, books, journal, ledger)
    standings.agree()
    settling = Settling(
        settings,
        members,
        lending,
        books,
        journal,
        standings,
        opened.scorer,
        recompute,
        on_settled=telling.settled,
        clock=clock,
    )
    _restore(books, journal, ledger, lending, settling, members)
    return PoolService(settings, members, lending, settling, standings, books, ledger, clock=clock), telling


async def _lead(
    settings: PoolSettings,
    opened: OpenedTasks,
    journal: Journal,
    ledger: FileLedger,
    key: NodeKey,
    recompute: Recompute | None,
) -> int:
    service, telling = assembled(settings, opened, journal, ledger, recompute)
    members = service.members
    check = RequestCheck(
        key.node_id, per_minute=settings.per_minute, committed=members.committed_ms, known=members.knows
    )
    led = _Led(service)
    app = make_pool_application(service, key.node_id, check, led.fail)
    telling.add_to(app, service)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=5,
        limit_concurrency=CONNECTIONS,
        ws="none",
    )
    led.server = uvicorn.Server(config)
    with stop_on_signal(led):
        await led.run(settings)
    if led.failed is not None:
        raise ProgramError(f"{led.failed}; what was recorded before is whole") from led.failed
    return STOPPED if led.stopping else 0


class _Led:
    """A server that runs until it is stopped, fails, or is done."""

    server: uvicorn.Server

    def __init__(self, service: PoolService) -> None:
        self._service = service
        self.stopping = False
        self.failed: Exception | None = None

    def stop(self) -> None:
        self.stopping = True
        self.server.should_exit = True

    def fail(self, error: Exception) -> None:
        self.failed = self.failed or error
        self.server.should_exit = True

    async def run(self, settings: PoolSettings) -> None:
        config = self.server.config
        socket = config.bind_socket()  # it ends the process where the address is taken, and says so
        host, port = socket.getsockname()[:2]
        url = settings.url or f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}"
        watching = asyncio.create_task(self._watch(url, settings.once))
        try:
            await self.server._serve([socket])
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    async def _watch(self, url: str, once: bool) -> None:
        while not self.server.started:
            await asyncio.sleep(0.01)
        print(f"join   synthetic1 worker --join {url}\nlook   {url}", flush=True)
        while once:
            await asyncio.sleep(0.5)
            if self._service.lending.is_done and not self._service.settling.pending:
                until = time.monotonic() + ENDING_S
                while not self._service.all_told and time.monotonic() < until:
                    await asyncio.sleep(0.2)
                await asyncio.sleep(1.0)  # for their last answers
                self.server.should_exit = True
                return


def _wanted(settings: PoolSettings, opened: OpenedTasks, journal: Journal) -> Iterator[WantedRollout | None]:
    """What the run wants and has not got, in its order; ``None`` where it has to be looked for once more."""
    reached = Reached(journal, Goal(settings.samples, None, settings.threshold))
    found = slots(
        opened.tasks,
        journal,
        reached,
        Progress(),
        limit=settings.limit,
        seed=settings.seed,
        lookahead=LOOKAHEAD,
    )
    for slot in found:
        if isinstance(slot, float):
            if slot:
                yield None
        elif not slot.there:  # one that waits for a verdict is for `synthetic1 verify`
            task = slot.state.task
            key = rollout_key(task.key, settings.model_name, settings.plan, slot.index)
            yield WantedRollout(key, task, slot.index, slot.state.position)


def _restore(
    books: Books,
    journal: Journal,
    ledger: FileLedger,
    lending: Lending,
    settling: Settling,
    members: Members,
) -> None:
    """Take up what was under way when the process before ended."""
    pending, leases = list(books.submissions(["pending"])), list(books.leases())
    tasks = journal.tasks(sorted({one.task for one in (*leases, *(s.lease for s in pending))}))
    waiting = {(s.lease.unit, s.node): s for s in pending}
    for entry in ledger.entries() if waiting else ():
        for unit in entry.about.get("rollouts", ()) if entry.kind == "work" else ():
            if (done := waiting.pop((unit, entry.node), None)) is not None:
                _settle_again(done, books, journal, members)
    for key, done in list(waiting.items()):  # it was accepted, and nothing but its payment is lacking
        lease = done.lease
        known = journal.status([lease.task]).get(lease.task, {}).get(lease.sample)
        if not lease.repeated and known is not None and known.reason is not None:
            about = {"rollouts": [lease.unit], "verified": int(known.score == 1.0)}
            ledger.append([NewEntry("work", lease.node, units_of(done.work), about)])
            _settle_again(waiting.pop(key), books, journal, members)
    under_way = [lease for lease in (*leases, *(s.lease for s in waiting.values())) if not lease.repeated]
    units = {one.unit: WantedRollout(one.unit, tasks[one.task], one.sample, one.position) for one in under_way}
    lending.restore(leases, units)
    for submission in waiting.values():
        settling.add(submission, tasks[submission.lease.task])


def _settle_again(s: Submission, books: Books, journal: Journal, members: Members) -> None:
    """Its journal and ledger had it when the process ended; the books had not."""
    known = journal.status([s.lease.task]).get(s.lease.task, {}).get(s.lease.sample)
    s.state, s.reason = "accepted", "" if known is None or known.reason is None else known.reason
    s.score = None if known is None else known.score
    s.units = units_of(s.work)
    books.settle(s)
    if (record := members.get(s.node)) is not None:
        record.counts.update({"accepted": 1, "pending": -1, "verified": int(s.score == 1.0)})


def _recompute(settings: PoolSettings) -> Recompute | None:
    if settings.audit.proof == "none":
        return None
    from synthetic1.pool.orchestrator.recomputing import opened_recompute

    return opened_recompute(settings)
