"""The worker: keeps its server busy with what it is lent, and hands in what is done."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from time import monotonic
from typing import Protocol

from synthetic1.inference.client import Client
from synthetic1.inference.engine import Sampling
from synthetic1.inference.errors import InferenceError
from synthetic1.jobs.program import ProgramError
from synthetic1.pool.hardware.messages import HardwareChallenge, HardwareClaim
from synthetic1.pool.hardware.prover import HardwareProver
from synthetic1.pool.node_key import NodeKey
from synthetic1.pool.wire import (
    ChallengeToSolve,
    CommitmentRequest,
    EarnedReply,
    EmptyRequest,
    JoinReply,
    JoinRequest,
    LeaseReply,
    LeaseRequest,
    LentTask,
    OpeningsReply,
    OpeningsRequest,
    ProductRequest,
    RenewReply,
    RenewRequest,
    Standing,
    SubmitReply,
    SubmitRequest,
    Terms,
    VectorReply,
    WireRow,
    WireStep,
    WorkDone,
)
from synthetic1.pool.worker.connection import PoolConnection, PoolRefused
from synthetic1.pool.worker.spool import Spool

log = logging.getLogger(__name__)
SUBMIT_S = 1.0
"""Between two looks at what is to be handed in."""
SUBMITTED_AT_ONCE, SUBMITTED_BYTES = 32, 2 << 20
EARNED_S = 15.0
CHALLENGES = 10
"""That are begun before a node gives up: those that the pool forgets, as it is started anew."""
RENEWALS = 3
"""In the time of a lease."""


class Prover(Protocol):
    """Makes the proofs of a completion. Blocking."""

    def __call__(self, prompt: str, text: str, ended: bool) -> list[str]: ...


@dataclass
class WorkerCounts:
    """Since this process began."""

    leased: int = 0
    done: int = 0
    handed_in: int = 0
    lost: int = 0
    """Done, or under way, and somebody else's by then."""
    failed: int = 0
    """That the server did not answer."""
    earned: EarnedReply | None = None


class PoolWorker:
    """One node at work.

    Args:
        client: of the server that generates.
        prover: ``None``: the pool wants no proofs.
        concurrency: requests in flight.
        on_news: called when there is something to show.
    """

    def __init__(
        self,
        connection: PoolConnection,
        terms: Terms,
        client: Client,
        spool: Spool,
        prover: Prover | None,
        *,
        concurrency: int,
        on_news: Callable[[WorkerCounts], None],
    ) -> None:
        self._connection, self.terms, self._client = connection, terms, client
        self._spool, self._prover, self._concurrency, self._on_news = spool, prover, concurrency, on_news
        self.counts = WorkerCounts()
        self.stopping = False
        self._tasks: deque[LentTask] = deque()
        self._held: set[str] = set()
        """Units that are lent to this node, and not handed in."""
        self._done: list[WorkDone] = []
        self._nothing_left = False
        self._submitting = asyncio.Lock()
        self._asking: set[asyncio.Task[None]] = set()
        self._error: Exception | None = None

    def stop(self) -> None:
        """Ask nothing more; what is done is handed in."""
        self.stopping = True
        for task in self._asking:
            task.cancel()

    async def run(self) -> None:
        """Work until the pool has nothing left, or ``stop``.

        Raises:
            PoolRefused: the node is quarantined, or may not work.
            ProgramError: the server is gone for good.
        """
        await self._take_up()
        beside = [asyncio.create_task(loop()) for loop in (self._renew, self._submit, self._look)]
        try:
            while not self._over():
                await self._fill()
                done, _ = await asyncio.wait({*self._asking, *beside}, timeout=0.2, return_when="FIRST_COMPLETED")
                for task in done & set(beside):
                    task.result()  # they end by an error alone
            for task in list(self._asking):
                task.cancel()
            await asyncio.gather(*self._asking, return_exceptions=True)
            await self._submit_all()
            if self._error is not None:
                raise self._error
        finally:
            for task in (*beside, *self._asking):
                task.cancel()
            await asyncio.gather(*beside, *self._asking, return_exceptions=True)

    def _over(self) -> bool:
        idle = not (self._tasks or self._asking or self._done)
        return self.stopping or self._error is not None or (self._nothing_left and idle)

    async def _take_up(self) -> None:
        """What an earlier process of this node had in hand."""
        held = await self._connection.post("/v1/leases/held", EmptyRequest(), LeaseReply)
        kept = list(self._spool)
        done = {work.unit for work in kept}
        self._done += kept
        self._tasks += [task for task in held.tasks if task.unit not in done]
        self._held = {task.unit for task in held.tasks} | done

    async def _fill(self) -> None:
        """Have as many requests in flight as there may be."""
        wanted = self._concurrency - len(self._asking) - len(self._tasks)
        if wanted > 0 and not self.stopping:
            many = min(wanted, self.terms.lease_tasks)
            reply = await self._connection.post("/v1/leases", LeaseRequest(many=many), LeaseReply)
            self.counts.leased += len(reply.tasks)
            self._tasks += reply.tasks
            self._held |= {task.unit for task in reply.tasks}
            self._nothing_left = reply.done
            if not reply.tasks and not self._asking and not self._tasks:
                await asyncio.sleep(min(max(reply.retry_s, 0.1), 30.0))
        while self._tasks and len(self._asking) < self._concurrency and not self.stopping:
            task = asyncio.create_task(self._complete(self._tasks.popleft()))
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)

    async def _complete(self, lent: LentTask) -> None:
        s = self.terms.sampling
        sampling = Sampling(s["max_tokens"], s["temperature"], s["top_p"], lent.seed, s.get("top_k"))
        try:
            (made,) = await self._client.complete(
                [{"role": "user", "content": lent.prompt}], 1, sampling, affinity=lent.unit
            )
            text = made.raw.encode("utf-8", "replace").decode()  # a lone surrogate has no form on the wire
            ended = made.finish_reason != "length"
            proofs = [] if self._prover is None else await asyncio.to_thread(self._prover, lent.prompt, text, ended)
            usage = made.usage or {}
            work = WorkDone(
                unit=lent.unit,
                text=text,
                finish_reason="stop" if ended else "length",
                prompt_tokens=usage.get("prompt_tokens") or 0,
                completion_tokens=usage.get("completion_tokens") or 0,
                proofs=proofs,
            )
            self._spool.put(work)
        except InferenceError as error:
            self.counts.failed += 1
            self._held.discard(lent.unit)  # it lapses
            if error.ends_a_run:
                self._error = ProgramError(f"{error}; what is done is handed in")
            else:
                log.warning("a task could not be answered: %s", error)
            return
        except asyncio.CancelledError:
            raise
        except Exception as error:
            self._error = self._error or error
            return
        self.counts.done += 1
        self._done.append(work)

    async def _submit(self) -> None:
        while True:
            await asyncio.sleep(SUBMIT_S)
            await self._submit_all()

    async def _submit_all(self) -> None:
        while self._done:
            async with self._submitting:
                part = first_part(self._done)
                if not part:
                    return
                reply = await hand_in(self._connection, self._spool, part)
                self._held -= {work.unit for work in part}
                self._done = self._done[len(part) :]
            self.counts.handed_in += len(reply.taken)
            self.counts.lost += len(reply.refused)
            self._on_news(self.counts)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self.terms.lease_s / RENEWALS)
            units = sorted(self._held)
            if units:
                reply = await self._connection.post("/v1/leases/renew", RenewRequest(units=units), RenewReply)
                gone = set(units) - set(reply.kept)
                self._tasks = deque(task for task in self._tasks if task.unit not in gone)
                self._held -= gone

    async def _look(self) -> None:
        while True:
            earned = await self._connection.post("/v1/earned", EmptyRequest(), EarnedReply)
            self.counts.earned = earned
            self._on_news(self.counts)
            if earned.standing == "quarantined":
                raise PoolRefused("quarantined", f"this node is quarantined: {earned.why}")
            await asyncio.sleep(EARNED_S)


def first_part(done: Sequence[WorkDone]) -> list[WorkDone]:
    """As many of them as one request may hold, one at least."""
    part: list[WorkDone] = []
    size = 0
    for work in done[:SUBMITTED_AT_ONCE]:
        size += 4 * len(work.text) + sum(map(len, work.proofs))
        if part and size > SUBMITTED_BYTES:
            break
        part.append(work)
    return part


async def hand_in(connection: PoolConnection, spool: Spool, part: list[WorkDone]) -> SubmitReply:
    """Hand in what is done; it is let go of once the pool has answered."""
    reply = await connection.post("/v1/submissions", SubmitRequest(work=part), SubmitReply)
    for work in part:
        spool.drop(work.unit)
    return reply


async def keep_held(connection: PoolConnection, spool: Spool, terms: Terms) -> None:
    """Until it is cancelled: what this node was lent before stays its own, and what is done is handed in. For the time
    in which models are loaded."""
    while done := list(spool):
        await hand_in(connection, spool, first_part(done))
    while True:
        held = await connection.post("/v1/leases/held", EmptyRequest(), LeaseReply)
        if held.tasks:
            units = [task.unit for task in held.tasks]
            await connection.post("/v1/leases/renew", RenewRequest(units=units), RenewReply)
        await asyncio.sleep(terms.lease_s / RENEWALS)


async def join(connection: PoolConnection, key: NodeKey, said: JoinRequest) -> JoinReply:
    """Join the pool; its challenge is answered.

    Raises:
        PoolRefused: it does not want this node, or the challenge was not passed.
    """
    for left in reversed(range(CHALLENGES)):
        began = monotonic()
        reply = await connection.post("/v1/join", said, JoinReply)
        if reply.standing == "quarantined":
            raise PoolRefused("quarantined", f"this node is quarantined: {reply.why}")
        if reply.challenge is None:
            return reply
        try:
            standing = await solve(connection, key, reply.challenge)
        except PoolRefused as refused:
            if refused.reason != "no_challenge" or not left:  # the pool was started anew meanwhile, and knows of none
                raise
            continue
        log.info("the hardware challenge took %.1f s", monotonic() - began)
        return reply.model_copy(update={"standing": standing.standing, "why": standing.why, "challenge": None})
    raise AssertionError("the last one has returned, or raised")


async def solve(connection: PoolConnection, key: NodeKey, asked: ChallengeToSolve) -> Standing:
    """Answer a hardware challenge, on this machine's processor.

    Raises:
        PoolRefused: it was not passed.
    """
    claim = HardwareClaim(key.node_id, asked.device, asked.memory_bytes)
    prover = await asyncio.to_thread(HardwareProver, HardwareChallenge(claim, asked.nonce))
    committed = prover.commit()
    vector = await connection.post(
        "/v1/challenge/commitment", CommitmentRequest(rows=committed.rows, walk=committed.walk), VectorReply
    )
    product = await asyncio.to_thread(prover.times, vector.vector)
    chosen = await connection.post("/v1/challenge/product", ProductRequest(product=product), OpeningsReply)
    rows = [WireRow.model_validate(_json(row)) for row in prover.open_rows(chosen.rows)]
    steps = [WireStep.model_validate(_json(step)) for step in prover.open_steps(chosen.steps)]
    return await connection.post("/v1/challenge/openings", OpeningsRequest(rows=rows, steps=steps), Standing)


def _json(opened: object) -> dict[str, object]:
    """A dataclass of the challenge, with lists in place of tuples, as JSON has them."""

    def plain(value: object) -> object:
        if isinstance(value, dict):
            return {name: plain(inner) for name, inner in value.items()}
        return [plain(inner) for inner in value] if isinstance(value, list | tuple) else value

    found = plain(asdict(opened))  # type: ignore[call-overload]  # all of them are dataclasses
    assert isinstance(found, dict)
    return found
