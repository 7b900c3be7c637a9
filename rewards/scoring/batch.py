"""One batch on its way through the scorer: which pairs need work, and the verdicts as they come in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from operator import sub
from time import perf_counter

from synthetic1.completion import Completion
from synthetic1.rewards.registry import UnknownTaskType
from synthetic1.rewards.scoring.calls import Failures, VerifierQueue, call_inline, call_now, verifies_now
from synthetic1.task import Task, TaskError
from synthetic1.verdict import Verdict

Pair = tuple[Task, Completion | str]
OnVerdict = Callable[[int, Verdict], object]


@dataclass(frozen=True, slots=True)
class QueuedPairs:
    """The pairs of a batch that wait for one verifier."""

    queue: VerifierQueue
    positions: list[int] = field(default_factory=list)


@dataclass(eq=False, slots=True)
class Batch:
    """The state of one call to the scorer. One thread at a time works on it."""

    size: int
    on_verdict: OnVerdict | None
    pairs: list[tuple[Task, Completion]] = field(default_factory=list)
    """Those planned so far."""
    verdicts: list[Verdict | None] = field(init=False)
    """By position; ``None`` until settled."""
    inline: list[QueuedPairs] = field(default_factory=list)
    waiting: list[QueuedPairs] = field(default_factory=list)
    """Those of verifiers that await."""
    duplicates: dict[int, list[int]] = field(default_factory=dict)
    """Position of a pair that is verified → the later pairs identical to it."""
    no_answer: int = 0
    deduped: int = 0
    queue_s: list[float] = field(default_factory=list)
    work_s: list[float] = field(default_factory=list)
    handed_in: float = field(default_factory=perf_counter)
    abandoned: bool = False
    _queued: dict[str, QueuedPairs | UnknownTaskType] = field(default_factory=dict)
    _by_text: dict[str, int] = field(default_factory=dict)
    _by_identity: dict[object, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.verdicts = [None] * self.size

    def plan(self, pairs: Sequence[Pair], queue_of: Callable[[str], VerifierQueue]) -> None:
        """Sort the batch's next ``pairs`` into queues, duplicates of other pairs, and those whose verdict is clear.

        An unknown task type comes before a missing answer: a task nobody can verify is never the model's failure.

        Raises:
            TypeError: a pair is not ``(Task, Completion or str)``.
        """
        planned = len(self.pairs)
        checked = [_checked(pair, position) for position, pair in enumerate(pairs, planned)]
        self.pairs += checked
        queued_by_type, by_text, by_identity = self._queued, self._by_text, self._by_identity
        for position, (task, completion) in enumerate(checked, planned):
            queued = queued_by_type.get(task.task_type)
            if queued is None:
                queued = queued_by_type[task.task_type] = self._new_queue(task.task_type, queue_of)
            if isinstance(queued, UnknownTaskType):
                self.settle(position, Verdict.unscorable("task", str(queued)))
                continue
            if completion.answer is None:
                self.no_answer += 1
                self.settle(position, Verdict(0.0, "no_answer"))
                continue
            first = by_text.setdefault(completion.raw, position)
            if first != position:  # equal text: only now is it worth hashing the tasks
                by_identity.setdefault(identity(*self.pairs[first]), first)
                original = by_identity.setdefault(identity(task, completion), position)
                if original != position:
                    self.duplicates.setdefault(original, []).append(position)
                    self.deduped += 1
                    continue
            queued.positions.append(position)

    def _new_queue(self, task_type: str, queue_of: Callable[[str], VerifierQueue]) -> QueuedPairs | UnknownTaskType:
        try:
            queued = QueuedPairs(queue_of(task_type))
        except UnknownTaskType as error:
            return error
        verifier = queued.queue.verifier
        (self.inline if verifier.inline or verifies_now(verifier) else self.waiting).append(queued)
        return queued

    def settle(self, position: int, verdict: Verdict) -> None:
        """Record the verdict of a pair and of its duplicates."""
        if self.abandoned:
            return
        self.verdicts[position] = verdict
        duplicates = self.duplicates.get(position, ())
        for duplicate in duplicates:
            self.verdicts[duplicate] = verdict
        if self.on_verdict is not None:
            for settled in (position, *duplicates):
                self.on_verdict(settled, verdict)

    def run_inline(self, failures: Failures) -> Iterator[None]:
        """Settle what can be settled in place, by inline verifiers and by ``verify_now``; the rest joins ``waiting``.

        Yields after each pair, so that a loop can serve others between.
        """
        pairs, verdicts = self.pairs, self.verdicts
        alone = self.on_verdict is None and not self.duplicates  # nobody else to tell: spares a call a pair
        marks = [perf_counter()]  # one look at the clock a pair; durations are made of them at the end
        mark = marks.append
        for queued in self.inline:
            verifier = queued.queue.verifier
            call = call_inline if verifier.inline else call_now
            undecided: list[int] = []
            for position in queued.positions:
                try:
                    verdict = call(verifier, *pairs[position])
                except (KeyboardInterrupt, SystemExit):
                    raise
                except BaseException as error:  # GeneratorExit, CancelledError: here only the verifier's own
                    verdict = failures.verdict(queued.queue, error)
                if verdict is None:
                    undecided.append(position)
                    yield
                    continue
                mark(perf_counter())
                if alone:
                    verdicts[position] = verdict
                else:
                    self.settle(position, verdict)
                yield
            if undecided:
                self.waiting.append(QueuedPairs(queued.queue, undecided))
        self.work_s.extend(map(sub, marks[1:], marks))
        self.queue_s.extend(map(sub, marks[:-1], repeat(self.handed_in)))


def _checked(pair: object, position: int) -> tuple[Task, Completion]:
    """The pair with its completion parsed."""
    if type(pair) is tuple and len(pair) == 2 and type(pair[0]) is Task and type(pair[1]) is Completion:
        return pair  # what environments hand in, without the cost of matching
    match pair:
        case (Task(), Completion()):
            return pair  # type: ignore[return-value]  # no copy: most callers hand in what is needed
        case (Task() as task, str(text)):
            return task, Completion.parse(text)
    shape = type(pair).__name__
    if isinstance(pair, (tuple, list)):
        shape = f"({', '.join(type(item).__name__ for item in pair)})"
    raise TypeError(f"pair {position} must be (Task, Completion or str), got {shape}")


def identity(task: Task, completion: Completion) -> object:
    """Equal exactly for pairs that no verifier can tell apart."""
    try:
        key: object = task.key
    except TaskError:  # holds what JSON cannot: the task equals itself only
        key = id(task)
    return key, completion.raw, completion.reasoning, completion.answer, completion.finish_reason
