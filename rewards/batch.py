"""One batch on its way through the scorer: which pairs need work, and the verdicts as they come in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import NamedTuple

from synthetic1.completion import Completion
from synthetic1.rewards.registry import UnknownTaskType
from synthetic1.rewards.verifier import Verifier
from synthetic1.task import Task, TaskError
from synthetic1.verdict import Verdict

Pair = tuple[Task, Completion | str]
OnVerdict = Callable[[int, Verdict], object]


@dataclass(frozen=True, slots=True)
class Lane:
    """A verifier, and how many of its calls may run at once."""

    task_type: str
    verifier: Verifier
    concurrency: int


class Job(NamedTuple):
    """A pair that a verifier is to judge."""

    position: int
    lane: Lane
    task: Task
    completion: Completion


@dataclass(eq=False, slots=True)
class Batch:
    """The state of one call to the scorer. One thread at a time works on it."""

    verdicts: list[Verdict | None]
    on_verdict: OnVerdict | None
    inline: list[Job] = field(default_factory=list)
    waiting: dict[str, list[Job]] = field(default_factory=dict)
    """Jobs whose verifiers await, by task type."""
    twins: dict[int, list[int]] = field(default_factory=dict)
    """Index of a job → the later pairs identical to it."""
    no_answer: int = 0
    deduped: int = 0
    queue_s: list[float] = field(default_factory=list)
    work_s: list[float] = field(default_factory=list)
    handed_in: float = field(default_factory=perf_counter)
    abandoned: bool = False

    @classmethod
    def plan(cls, pairs: Iterable[Pair], lane_of: Callable[[str], Lane], on_verdict: OnVerdict | None) -> Batch:
        """Sort pairs into work, twins of other pairs, and those whose verdict is clear without work.

        An unknown task type comes before a missing answer: a task nobody can judge is never the model's failure.

        Raises:
            TypeError: a pair is not ``(Task, Completion or str)``.
        """
        pairs = pairs if isinstance(pairs, Sequence) else list(pairs)
        batch = cls([None] * len(pairs), on_verdict)
        lanes: dict[str, Lane | str] = {}
        seen: dict[str, Job] = {}
        exact: dict[object, int] = {}
        for index, pair in enumerate(pairs):
            task, completion = _checked(pair, index)
            lane = lanes.get(task.task_type)
            if lane is None:
                try:
                    lane = lane_of(task.task_type)
                except UnknownTaskType as error:
                    lane = str(error)
                lanes[task.task_type] = lane
            if isinstance(lane, str):
                batch.settle(index, Verdict.unscorable("task", lane))
                continue
            if completion.answer is None:
                batch.no_answer += 1
                batch.settle(index, Verdict(0.0, "no_answer"))
                continue
            job = Job(index, lane, task, completion)
            first = seen.setdefault(completion.raw, job)
            if first is not job:  # equal text: only now is it worth hashing the tasks
                exact.setdefault(_identity(first), first.position)
                twin = exact.setdefault(_identity(job), index)
                if twin != index:
                    batch.twins.setdefault(twin, []).append(index)
                    batch.deduped += 1
                    continue
            if lane.verifier.inline:
                batch.inline.append(job)
            else:
                batch.waiting.setdefault(lane.task_type, []).append(job)
        return batch

    def settle(self, index: int, verdict: Verdict) -> None:
        """Record the verdict of a pair and of its twins."""
        if self.abandoned:
            return
        self.verdicts[index] = verdict
        for twin in self.twins.get(index, ()):
            self.verdicts[twin] = verdict
        if self.on_verdict is not None:
            for settled in (index, *self.twins.get(index, ())):
                self.on_verdict(settled, verdict)

    def run_inline(self, fault: Callable[[Lane, BaseException], Verdict]) -> Iterator[None]:
        """Drive every inline verifier in place; yields after each job, so that a loop can serve others between.

        Args:
            fault: turns what a verifier raised into a verdict.
        """
        before = perf_counter()
        for position, lane, task, completion in self.inline:
            self.queue_s.append(before - self.handed_in)
            try:
                verdict = _drive(lane.verifier, task, completion)
            except Exception as error:
                verdict = fault(lane, error)
            after = perf_counter()
            self.work_s.append(after - before)
            self.settle(position, verdict)
            before = after
            yield


def check_verdict(verdict: object, verifier: Verifier) -> Verdict:
    """``verdict``, or TypeError if a verifier returned something else."""
    if not isinstance(verdict, Verdict):
        raise TypeError(f"{type(verifier).__qualname__}.verify returned {type(verdict).__name__}, not a Verdict")
    return verdict


def _drive(verifier: Verifier, task: Task, completion: Completion) -> Verdict:
    """Run an ``inline`` verifier's coroutine to its end without a loop."""
    work = verifier.verify(task, completion)
    try:
        work.send(None)
    except StopIteration as end:
        return check_verdict(end.value, verifier)
    work.close()
    raise RuntimeError(f"{type(verifier).__qualname__} says `inline = True` but its verify awaited")


def _checked(pair: object, index: int) -> tuple[Task, Completion]:
    if isinstance(pair, (tuple, list)) and len(pair) == 2:
        task, completion = pair
        if isinstance(completion, str):
            completion = Completion.parse(completion)
        if isinstance(task, Task) and isinstance(completion, Completion):
            return task, completion
        found = f"({type(task).__name__}, {type(completion).__name__})"
    else:
        found = type(pair).__name__
    raise TypeError(f"pair {index} must be (Task, Completion or str), got {found}")


def _identity(job: Job) -> object:
    """Equal exactly for pairs that no verifier can tell apart."""
    completion = job.completion
    try:
        key: object = job.task.key
    except TaskError:  # holds what JSON cannot: the task equals itself only
        key = id(job.task)
    return key, completion.raw, completion.reasoning, completion.answer, completion.finish_reason
