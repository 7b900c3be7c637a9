"""The scheduler: one window of requests in flight, never a batch; every completion is recorded, then verified, at once.

A worker is a place in the window. It takes the next slot, asks, hands the completion to the verifiers, waits until it
is on the disk, and takes the next one. So the servers never wait for a verdict, and whatever ends the process, no more
than a window of completions is asked for again. Verdicts come back one by one; where a task has enough verified
rollouts, what is still asked of it is cancelled.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

from synthetic1.completion import OPEN, Completion
from synthetic1.datagen.generation.aside import Aside
from synthetic1.datagen.generation.collecting import collecting_rarely
from synthetic1.datagen.generation.goal import Goal, Progress, Unfinished
from synthetic1.datagen.generation.slots import RolloutSlot, TaskState
from synthetic1.datagen.journal.rollouts import StoredRollout
from synthetic1.datagen.journal.writer import Journal
from synthetic1.inference.client import Client
from synthetic1.inference.engine import Sampling
from synthetic1.inference.errors import InferenceError
from synthetic1.jobs.program import ProgramError
from synthetic1.keys import content_key
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.rollout import Rollout, rollout_key
from synthetic1.task import Task
from synthetic1.verdict import Verdict

RETRIES = 2  # of a verdict that says the failure was ours
RETRY_S = 2.0
GRACE_S = 5.0  # for the verdicts of what had arrived when the run was stopped
VERIFIED_AT_ONCE = 256
WAITING_PER_PLACE = 16  # completions waiting for verdicts, a place in the window, before workers wait for verifiers


@dataclass(frozen=True)
class GenerationPlan:
    """What a run asks, and how."""

    model: str
    sampling: dict[str, Any]
    """``max_tokens``, ``temperature``, ``top_p``, ``top_k`` and the run's ``seed``: part of every rollout's key."""
    concurrency: int
    goal: Goal
    thinking_open: bool = False
    number: int = 1
    """Of the verdicts; see ``Journal.put_verdict``."""


class Generation:
    """One run of the scheduler over what is left to do."""

    def __init__(
        self,
        plan: GenerationPlan,
        slots: Iterator[RolloutSlot | float],
        client: Client,
        scorer: Scorer,
        journal: Journal,
        progress: Progress,
    ) -> None:
        self.plan, self.slots, self.client, self.scorer = plan, slots, client, scorer
        self.journal, self.progress = journal, progress
        self.unfinished = Unfinished()
        self.stopping = False
        self._stop_by = 0.0
        self._continuing: Client | None = None
        self._verifiers: dict[str, tuple[str, str, str]] = {}
        self._pending: list[tuple[TaskState, Rollout, int, int]] = []
        self._wake = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._said: deque[tuple[TaskState, Rollout, int, int, Verdict]] = deque()
        """Verdicts that have come, to be settled on the loop."""
        self._told = False
        self._scoring: set[asyncio.Task[None]] = set()
        self._workers: list[asyncio.Task[None]] = []
        self._fatal: Exception | None = None
        self._aside = None if journal.driver is None else Aside()

    async def run(self) -> None:
        """Work until everything is done, ``stop`` is called, or nothing can be done any more.

        Raises:
            ProgramError: the server is gone for good, or the journal takes nothing more. All that had arrived is kept.
        """
        with collecting_rarely():
            await self._run()
        if self._fatal is not None:
            raise self._fatal

    async def _run(self) -> None:
        verifying = asyncio.create_task(self._verify_pending())
        self._workers = [asyncio.create_task(self._work()) for _ in range(self.plan.concurrency)]
        try:
            await asyncio.gather(*self._workers, return_exceptions=True)
            while self.progress.waiting and self._fatal is None and not (self.stopping and monotonic() > self._stop_by):
                await asyncio.sleep(0.02)
        finally:
            verifying.cancel()
            for task in (*self._workers, *self._scoring):
                task.cancel()
            await asyncio.gather(verifying, *self._workers, *self._scoring, return_exceptions=True)
            if self._continuing is not None:
                await self._continuing.aclose()
            if self._aside is not None:
                self._aside.close()
            await asyncio.to_thread(self.journal.flush)

    def stop(self) -> None:
        """Ask nothing more, and let go of what is asked; what has arrived is recorded."""
        self.stopping = True
        self.journal.stopping()
        self._stop_by = monotonic() + GRACE_S
        for worker in self._workers:
            worker.cancel()

    def _end(self, error: Exception) -> None:
        if self._fatal is None:
            self._fatal = error
        for worker in self._workers:
            if worker is not asyncio.current_task():
                worker.cancel()

    # Asking ---------------------------------------------------------------------------------------------------------

    async def _work(self) -> None:
        try:
            while (slot := await self._next()) is not None:
                if self._fatal is not None or self.stopping:
                    return
                if isinstance(slot, float):
                    await asyncio.sleep(slot)
                    continue
                if slot.state.enough:
                    self.progress.cancelled += 1
                    continue
                if not self._room.is_set():
                    await self._room.wait()
                self.journal.check()
                if self.plan.goal.keep is None:
                    await self._ensure_completion(slot)
                else:
                    await self._ensure_unless_enough(slot)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            self._end(error)

    async def _next(self) -> RolloutSlot | float | None:
        """The next slot of those that all workers share; ``None``: there are no more."""
        if self._aside is None:
            return next(self.slots, None)
        return await self._aside(lambda: next(self.slots, None))

    async def _stored(self, slot: RolloutSlot) -> StoredRollout | None:
        if self._aside is None:
            return self.journal.rollout(slot.state.task, slot.index)
        return await self._aside(lambda: self.journal.rollout(slot.state.task, slot.index))

    async def _ensure_unless_enough(self, slot: RolloutSlot) -> None:
        call = asyncio.ensure_future(self._ensure_completion(slot))
        slot.state.calls.add(call)
        try:
            await asyncio.wait({call})
        except asyncio.CancelledError:
            call.cancel()
            raise
        finally:
            slot.state.calls.discard(call)
        if call.cancelled():
            self.progress.cancelled += 1
        else:
            call.result()

    async def _ensure_completion(self, slot: RolloutSlot) -> None:
        """Bring one rollout to the point where only its verdict is missing."""
        state, plan = slot.state, self.plan
        stored = await self._stored(slot) if slot.there else None
        if stored is not None and not (plan.goal.continue_truncated and stored.rollout.truncated):
            self._verify(state, stored.rollout, stored.part)
            return
        key = rollout_key(state.task.key, plan.model, plan.sampling, slot.index)
        try:
            if stored is None:
                completion, part = await self._ask(state.task, key), 0
            else:
                completion, part = await self._go_on(state.task, key, stored), stored.part + 1
        except InferenceError as error:
            if error.ends_a_run:
                self._end(ProgramError(f"{error}; what has arrived is kept: the same command goes on"))
                return
            self._record_task(state)
            self.journal.put_failure(state.task, slot.index, error.kind, str(error))
            self.progress.failed[error.kind] += 1
            self.unfinished.failed[state.task.key, slot.index] = error.kind
            return
        rollout = Rollout(state.task.key, completion, plan.model, plan.sampling, slot.index)
        vars(rollout)["key"] = key  # else it would be hashed once more
        self._record_task(state)
        self.journal.put_rollout(rollout, part)
        if state.calls and (call := asyncio.current_task()) is not None:
            state.calls.discard(call)  # it has arrived, and keeps its place until it is on the disk
        self._count(rollout)
        self._verify(state, rollout, part)
        await self.journal.recorded()

    async def _ask(self, task: Task, key: str) -> Completion:
        messages = [{"role": "user", "content": task.prompt}]
        (completion,) = await self.client.complete(messages, 1, self._sampling(key), affinity=task.key)
        return completion

    async def _go_on(self, task: Task, key: str, stored: StoredRollout) -> Completion:
        """The rest of a completion that was cut off, joined to it. vLLM and SGLang continue a last message so."""
        if self._continuing is None:
            body = {**self.client.server.extra_body, "continue_final_message": True, "add_generation_prompt": False}
            self._continuing = Client(replace(self.client.server, extra_body=body), self.client.account)
        before = stored.rollout.completion
        begun = before.raw
        if self.plan.thinking_open and not begun.lstrip().startswith(OPEN):
            begun = f"{OPEN}\n{begun}"  # by the template, which writes it only where a message begins
        messages = [{"role": "user", "content": task.prompt}, {"role": "assistant", "content": begun}]
        sampling = self._sampling(content_key([key, stored.part + 1]))
        (more,) = await self._continuing.complete(messages, 1, sampling, affinity=task.key)
        # A reasoning parser takes the rest for a thought that begins anew.
        rest = more.raw.removeprefix(OPEN) if OPEN in begun else more.raw
        usage = {name: _sum(before.usage, more.usage, name) for name in ("prompt_tokens", "completion_tokens")}
        return Completion.parse(
            before.raw + rest, thinking_open=self.plan.thinking_open, finish_reason=more.finish_reason, usage=usage
        )

    def _sampling(self, key: str) -> Sampling:
        chosen = self.plan.sampling
        return Sampling(
            chosen["max_tokens"],
            chosen["temperature"],
            chosen["top_p"],
            int(key[:8], 16) & 0x7FFFFFFF,  # the rollout's own: the run can be repeated against an exact server
            chosen.get("top_k"),
        )

    def _record_task(self, state: TaskState) -> None:
        if not state.recorded:
            state.recorded = True
            self.journal.put_task(state.task, state.position)

    def _count(self, rollout: Rollout) -> None:
        progress, usage = self.progress, rollout.completion.usage or {}
        progress.arrived += 1
        progress.truncated += rollout.truncated
        progress.tokens += usage.get("completion_tokens") or 0
        progress.prompt_tokens += usage.get("prompt_tokens") or 0

    # Verifying ------------------------------------------------------------------------------------------------------

    def _verify(self, state: TaskState, rollout: Rollout, part: int, tries: int = 0) -> None:
        if tries == 0:
            self.unfinished.unverified.add((rollout.task_key, rollout.sample_index))
            self.progress.waiting += 1
            if self.progress.waiting >= self.plan.concurrency * WAITING_PER_PLACE:
                self._room.clear()
        self._pending.append((state, rollout, part, tries))
        self._wake.set()

    async def _verify_pending(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._pending:
                batch, self._pending = self._pending[:VERIFIED_AT_ONCE], self._pending[VERIFIED_AT_ONCE:]
                task = asyncio.create_task(self._score(batch))
                self._scoring.add(task)
                task.add_done_callback(self._scored)

    def _scored(self, task: asyncio.Task[None]) -> None:
        self._scoring.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._end(error if isinstance(error, Exception) else RuntimeError(repr(error)))

    async def _score(self, batch: list[tuple[TaskState, Rollout, int, int]]) -> None:
        loop = asyncio.get_running_loop()

        def settle(index: int, verdict: Verdict) -> None:  # on the scorer's thread
            self._said.append((*batch[index], verdict))
            if not self._told:  # else the loop was told of others, and has not come to them; to wake it is dear
                self._told = True
                with suppress(RuntimeError):  # it is gone: the run was stopped
                    loop.call_soon_threadsafe(self._settle_all)

        await self.scorer.score([(state.task, rollout.completion) for state, rollout, *_ in batch], settle)

    def _settle_all(self) -> None:
        self._told = False  # first: what is said from now on may come after the last look
        while self._said:
            try:
                self._settle(*self._said.popleft())
            except Exception as error:  # one that could not be settled ends the run, and must not keep the others
                self._end(error)

    def _settle(self, state: TaskState, rollout: Rollout, part: int, tries: int, verdict: Verdict) -> None:
        ours = verdict.reason in ("unscorable_infra", "unscorable_judge")
        if ours and tries < RETRIES and not self.stopping:
            loop = asyncio.get_running_loop()
            loop.call_later(RETRY_S * (tries + 1), self._verify, state, rollout, part, tries + 1)
            return
        self.progress.waiting -= 1
        if self.progress.waiting < self.plan.concurrency * WAITING_PER_PLACE // 2:
            self._room.set()
        key, name, family_name = self._verifiers.get(state.task.task_type) or self._verifier_of(state.task.task_type)
        self.journal.put_verdict(rollout, part, key, name, verdict, self.plan.number)
        family = self.progress.families.setdefault(family_name, Counter())
        family["verdicts"] += 1
        if not ours and not self.journal.leases_lost:  # else it may be on another's completion; the end will tell
            self.unfinished.unverified.discard((rollout.task_key, rollout.sample_index))
        if verdict.score is None:
            self.progress.unscorable += 1
        elif not self.plan.goal.is_verified(verdict.score):
            self.progress.refuted += 1
        else:
            self.progress.verified += 1
            family["verified"] += 1
            state.count_verified(self.plan.goal)

    def _verifier_of(self, task_type: str) -> tuple[str, str, str]:
        """Key, name and task type of a verifier. A key is a hash of all its settings: once a run is enough."""
        verifier = self.scorer.verifier(task_type)
        known = verifier.key, f"{verifier.task_type}@{verifier.version}", verifier.task_type
        self._verifiers[task_type] = known
        return known


def _sum(first: Any, second: Any, name: str) -> int | None:
    counts = [usage.get(name) for usage in (first or {}, second or {})]
    known = [count for count in counts if isinstance(count, int)]
    return sum(known) if known else None
