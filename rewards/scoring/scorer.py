"""The scorer: batches of (task, completion) in, verdicts out, from any thread or event loop."""

from __future__ import annotations

import asyncio
import logging
import os
import weakref
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from synthetic1.rewards.registry import canonical_task_type, get_verifier
from synthetic1.rewards.scoring.batch import Batch, OnVerdict, Pair
from synthetic1.rewards.scoring.calls import Failures, VerifierQueue, call_verifier
from synthetic1.rewards.scoring.loop_thread import LoopThread
from synthetic1.rewards.scoring.metrics import Metrics, Recorder
from synthetic1.rewards.verifier import Verifier
from synthetic1.verdict import Verdict

log = logging.getLogger(__name__)

DEFAULT_CONCURRENCY = 64
DEFAULT_DEADLINE_S = 120.0
LOOK_UP_S = 1.0
PLANNED_AT_ONCE = 200  # pairs; as many as take about a slice
SLICE_S = 0.002  # inline verifiers hold the scorer's loop no longer than this before others get a turn


class ScorerClosed(RuntimeError):
    """The scorer was closed, before or while it scored."""


@dataclass(eq=False)
class ScorerProcess:
    """What a scorer holds in one process. Neither threads nor locks survive a fork, so a child makes its own."""

    thread: LoopThread = field(default_factory=lambda: LoopThread("synthetic1-scorer"))
    recorder: Recorder = field(default_factory=Recorder)
    semaphores: dict[str, asyncio.Semaphore] = field(default_factory=dict)
    queues: dict[str, VerifierQueue] = field(default_factory=dict)


class Scorer:
    """Scores batches with the verifiers of their task types.

    Verifiers that await live on one event-loop thread of the scorer's own, so no pool or client ever belongs to two
    loops, and neither ``await score(…)`` nor a slow verifier holds up the caller's loop. ``inline`` verifiers belong to
    no loop; ``score_sync`` drives them on the caller's thread, which is waiting anyway.

    A failure of ours is never a score: an exception, or work past the deadline, is ``unscorable_infra``. Pickles, and
    works after ``fork``; neither carries threads or metrics along.

    Args:
        verifiers: verifiers to use instead of the registered ones with default settings, as a mapping from task type
            or as a sequence of registered verifiers.
        concurrency: how many calls of one verifier may run at once; a mapping sets it by task type. None: what the
            verifier says, or else 64.
        deadline_s: seconds one call of a verifier that awaits may take, counted from the start of its work. None: what
            the verifier says, or else 120.

    Raises:
        ValueError: a concurrency below 1, a deadline that is not positive, a verifier without a task type.
    """

    def __init__(
        self,
        verifiers: Mapping[str, Verifier] | Iterable[Verifier] | None = None,
        *,
        concurrency: int | Mapping[str, int] | None = None,
        deadline_s: float | None = None,
    ) -> None:
        for limit in concurrency.values() if isinstance(concurrency, Mapping) else (concurrency,):
            if limit is not None and limit < 1:
                raise ValueError(f"concurrency must be at least 1, got {limit}")
        if deadline_s is not None and not deadline_s > 0:
            raise ValueError(f"deadline_s must be positive, got {deadline_s}")
        self._verifiers = _by_task_type(verifiers)
        if isinstance(concurrency, Mapping):
            concurrency = {canonical_task_type(name): limit for name, limit in concurrency.items()}
        self._concurrency = concurrency
        self._wanted_deadline_s = deadline_s
        self._begin()

    def _begin(self) -> None:
        self._closed = False
        self._processes: dict[int, ScorerProcess] = {}
        self._failures = Failures()
        self._finalizer = weakref.finalize(self, _close_process, self._processes)

    # Scoring --------------------------------------------------------------------------------------------------------

    async def score(self, pairs: Iterable[Pair], on_verdict: OnVerdict | None = None) -> list[Verdict]:
        """The verdicts of ``pairs``, in order, without blocking the caller's loop. Cancelling it cancels the work.

        All of the work, from sorting the pairs to counting the verdicts, is done on the scorer's thread.

        Args:
            pairs: ``(task, completion)``; a string is parsed by ``Completion.parse``. Identical pairs are verified
                once.
            on_verdict: called with ``(index, verdict)`` as each becomes known, on the scorer's thread (``score_sync``
                calls it on the caller's where no verifier awaits); keep it short. What it raises ends the batch.

        Raises:
            ScorerClosed: the scorer is, or gets, closed.
            TypeError: a pair is not ``(Task, Completion or str)``.
        """
        process, pairs = self._process(), list(pairs)
        batch = Batch(len(pairs), on_verdict)
        waiter: asyncio.Future[Any] = asyncio.wrap_future(process.thread.submit(self._work(process, batch, pairs)))
        try:
            while not (await asyncio.wait({waiter}, timeout=self._deadline_s))[0]:
                pulse = asyncio.wrap_future(process.thread.pulse())
                if not (await asyncio.wait({pulse, waiter}, timeout=self._deadline_s))[0]:
                    self._abandon(process, batch)
                    break
            else:
                self._ended(process, batch, waiter)
        except asyncio.CancelledError:
            waiter.cancel()
            raise
        return self._finish(process, batch) if batch.abandoned else waiter.result()

    def score_sync(self, pairs: Iterable[Pair], on_verdict: OnVerdict | None = None) -> list[Verdict]:
        """As ``score``, for callers without a loop, from any thread but the scorer's own.

        Raises:
            RuntimeError: called by a verifier or a callback on the scorer's thread, which would wait for itself.
        """
        process = self._process()
        if process.thread.is_current:
            raise RuntimeError("score_sync called on the scorer's own thread would wait for itself: await score(…)")
        pairs = list(pairs)
        batch = Batch(len(pairs), on_verdict)
        batch.plan(pairs, self._queue)
        self._planned(batch)
        for _ in batch.run_inline(self._failures):
            pass
        if batch.waiting:
            future = None
            try:
                future = process.thread.submit(self._work_waiting(process, batch))
                while not _done(future, self._deadline_s):
                    if not _done(process.thread.pulse(), self._deadline_s) and not future.done():
                        self._abandon(process, batch)
                        break
                else:
                    self._ended(process, batch, future)
            except BaseException:  # Ctrl-C here, or what a callback raised there
                batch.abandoned = True  # work that was being handed over ends by that
                if future is not None:
                    future.cancel()
                raise
        return self._finish(process, batch)

    @property
    def metrics(self) -> Metrics:
        """What was scored in this process so far."""
        return self._local().recorder.snapshot()

    @property
    def verifiers(self) -> Mapping[str, Verifier]:
        """The verifiers it was given, by task type; for other types it takes the registered ones."""
        return dict(self._verifiers)

    def verifier(self, task_type: str) -> Verifier:
        """The verifier of ``task_type`` here.

        Raises:
            UnknownTaskType: there is none.
        """
        return self._queue(task_type).verifier

    # The work, on the scorer's loop ---------------------------------------------------------------------------------

    async def _work(self, process: ScorerProcess, batch: Batch, pairs: list[Pair]) -> list[Verdict]:
        for start in range(0, len(pairs), PLANNED_AT_ONCE):
            batch.plan(pairs[start : start + PLANNED_AT_ONCE], self._queue)
            await asyncio.sleep(0)
        self._planned(batch)
        began = perf_counter()
        for _ in batch.run_inline(self._failures):
            if perf_counter() - began > SLICE_S:
                await asyncio.sleep(0)
                began = perf_counter()
        await self._work_waiting(process, batch)
        return [] if batch.abandoned else self._finish(process, batch)

    def _planned(self, batch: Batch) -> None:
        """For a subclass that has other places to work in: called when all pairs are planned, and none is verified."""

    async def _work_waiting(self, process: ScorerProcess, batch: Batch) -> None:
        workers = []
        for queued in batch.waiting:
            queue, positions = queued.queue, iter(queued.positions)
            semaphore = process.semaphores.setdefault(queue.task_type, asyncio.Semaphore(queue.concurrency))
            for _ in range(min(queue.concurrency, len(queued.positions))):
                workers.append(asyncio.create_task(self._worker(batch, queue, positions, semaphore)))
        try:
            await asyncio.gather(*workers)
        except BaseException:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
            raise

    async def _worker(
        self, batch: Batch, queue: VerifierQueue, positions: Iterator[int], semaphore: asyncio.Semaphore
    ) -> None:
        for position in positions:  # shared with the batch's other workers of this verifier
            if batch.abandoned:
                return
            async with semaphore:
                began = perf_counter()
                verdict = await call_verifier(queue, *batch.pairs[position], self._failures)
                batch.queue_s.append(began - batch.handed_in)
                batch.work_s.append(perf_counter() - began)
            batch.settle(position, verdict)

    # Batches that end early ----------------------------------------------------------------------------------------

    def _ended(self, process: ScorerProcess, batch: Batch, future: Future[Any] | asyncio.Future[Any]) -> None:
        """Raise what ended the batch early: a callback, Ctrl-C or ``close``."""
        try:
            future.result()
        except (CancelledError, asyncio.CancelledError):
            if self._closed:
                raise ScorerClosed("the Scorer was closed while it scored") from None
            self._abandon(process, batch)  # another batch gave up on the thread, which has come back since

    def _abandon(self, process: ScorerProcess, batch: Batch) -> None:
        """A verifier blocks the loop itself, where no deadline reaches it: leave that thread, take a new one."""
        open_indices = [index for index, verdict in enumerate(batch.verdicts) if verdict is None]
        why = f"a verifier blocked the scorer's event loop for more than {self._deadline_s:g} s"
        log.error("%s; %d pairs are unscorable, a new thread takes over", why, len(open_indices))
        batch.abandoned = True
        for index in open_indices:
            batch.verdicts[index] = Verdict.unscorable("infra", why)
        if self._processes.get(os.getpid()) is process:
            fresh = ScorerProcess(recorder=process.recorder)
            self._processes[os.getpid()] = fresh
        process.thread.stop(wait_s=0)

    # Lifetime -------------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """End the scorer's thread and let its verifiers go. Idempotent; scoring afterwards raises ScorerClosed."""
        self._closed = True
        self._finalizer()

    def __enter__(self) -> Scorer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __getstate__(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("_verifiers", "_concurrency", "_wanted_deadline_s")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._begin()

    @property
    def _deadline_s(self) -> float:
        """How long the loop may show no life, whatever runs on it."""
        return self._wanted_deadline_s or DEFAULT_DEADLINE_S

    def _process(self) -> ScorerProcess:
        if self._closed:
            raise ScorerClosed("this Scorer is closed; make a new one")
        return self._local()

    def _local(self) -> ScorerProcess:
        pid = os.getpid()
        process = self._processes.get(pid)
        # `setdefault` is one step for every thread. A parent's entry stays: closing its loop would disturb the parent.
        return process if process is not None else self._processes.setdefault(pid, ScorerProcess())

    def _queue(self, task_type: str) -> VerifierQueue:
        queues = self._local().queues
        queue = queues.get(task_type)
        if queue is None:
            verifier = self._verifiers.get(canonical_task_type(task_type)) or get_verifier(task_type)
            name = canonical_task_type(task_type)
            limit = self._concurrency.get(name) if isinstance(self._concurrency, Mapping) else self._concurrency
            limit = limit or verifier.concurrency or DEFAULT_CONCURRENCY
            deadline_s = self._wanted_deadline_s or verifier.deadline_s or DEFAULT_DEADLINE_S
            queue = queues[task_type] = queues.setdefault(name, VerifierQueue(name, verifier, limit, deadline_s))
        return queue

    def _finish(self, process: ScorerProcess, batch: Batch) -> list[Verdict]:
        verdicts = [verdict for verdict in batch.verdicts if verdict is not None]
        assert len(verdicts) == len(batch.verdicts), "every pair is settled"
        process.recorder.add(
            verified=len(batch.work_s),
            deduped=batch.deduped,
            no_answer=batch.no_answer,
            reasons=[verdict.reason for verdict in verdicts],
            queue_s=batch.queue_s,
            work_s=batch.work_s,
        )
        return verdicts


def _by_task_type(verifiers: Mapping[str, Verifier] | Iterable[Verifier] | None) -> dict[str, Verifier]:
    if isinstance(verifiers, Mapping):
        return {canonical_task_type(name): verifier for name, verifier in verifiers.items()}
    chosen: dict[str, Verifier] = {}
    for verifier in verifiers or ():
        if not verifier.task_type:
            raise ValueError(f"{type(verifier).__qualname__} is not registered: pass {{task_type: verifier}}")
        chosen[verifier.task_type] = verifier
    return chosen


def _close_process(processes: dict[int, ScorerProcess]) -> None:
    process = processes.pop(os.getpid(), None)
    if process is not None:
        closers = {id(queue.verifier): queue.verifier.aclose for queue in process.queues.values()}
        process.thread.stop(tuple(closers.values()))


def _done(future: Future[Any], timeout_s: float) -> bool:
    """Whether ``future`` has ended within ``timeout_s``, without raising what it holds.

    It looks up now and then: a signal that the system hands to another thread, such as one of a library's, does not
    wake this one, and Ctrl-C would wait for as long.
    """
    end = perf_counter() + timeout_s
    while not future.done() and (left := end - perf_counter()) > 0:
        with suppress(TimeoutError, CancelledError):
            future.exception(min(left, LOOK_UP_S))
    return future.done()
