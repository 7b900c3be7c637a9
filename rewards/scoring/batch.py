"""One batch on its way through the scorer: which pairs need work, and the verdicts as they come in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from operator import sub
from time import perf_counter

from synthetic1.completion import Completion
from synthetic1.rewards.registry import UnknownTaskType
from synthetic1.rewards.verifier import Verifier
from synthetic1.task import Task, TaskError
from synthetic1.verdict import Verdict

Pair = tuple[Task, Completion | str]
OnVerdict = Callable[[int, Verdict], object]


@dataclass(frozen=True, slots=True)
class Lane:
    """A verifier, how many of its calls may run at once, and how long each may take."""

    task_type: str
    verifier: Verifier
    concurrency: int
    deadline_s: float


@dataclass(frozen=True, slots=True)
class Work:
    """The pairs of a batch that one verifier is to judge."""

    lane: Lane
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
    inline: list[Work] = field(default_factory=list)
    waiting: list[Work] = field(default_factory=list)
    """Work of verifiers that await."""
    twins: dict[int, list[int]] = field(default_factory=dict)
    """Position of a pair that is judged → the later pairs identical to it."""
    no_answer: int = 0
    deduped: int = 0
    queue_s: list[float] = field(default_factory=list)
    work_s: list[float] = field(default_factory=list)
    handed_in: float = field(default_factory=perf_counter)
    abandoned: bool = False
    _work: dict[str, Work | UnknownTaskType] = field(default_factory=dict)
    _by_text: dict[str, int] = field(default_factory=dict)
    _by_identity: dict[object, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.verdicts = [None] * self.size

    def plan(self, pairs: Sequence[Pair], lane_of: Callable[[str], Lane]) -> None:
        """Sort the batch's next ``pairs`` into work, twins of other pairs, and those whose verdict is clear without.

        An unknown task type comes before a missing answer: a task nobody can judge is never the model's failure.

        Raises:
            TypeError: a pair is not ``(Task, Completion or str)``.
        """
        planned = len(self.pairs)
        checked = [_checked(pair, position) for position, pair in enumerate(pairs, planned)]
        self.pairs += checked
        work_by_type, by_text, by_identity = self._work, self._by_text, self._by_identity
        for position, (task, completion) in enumerate(checked, planned):
            work = work_by_type.get(task.task_type)
            if work is None:
                work = work_by_type[task.task_type] = self._new_work(task.task_type, lane_of)
            if isinstance(work, UnknownTaskType):
                self.settle(position, Verdict.unscorable("task", str(work)))
                continue
            if completion.answer is None:
                self.no_answer += 1
                self.settle(position, Verdict(0.0, "no_answer"))
                continue
            first = by_text.setdefault(completion.raw, position)
            if first != position:  # equal text: only now is it worth hashing the tasks
                by_identity.setdefault(_identity(*self.pairs[first]), first)
                twin = by_identity.setdefault(_identity(task, completion), position)
                if twin != position:
                    self.twins.setdefault(twin, []).append(position)
                    self.deduped += 1
                    continue
            work.positions.append(position)

    def _new_work(self, task_type: str, lane_of: Callable[[str], Lane]) -> Work | UnknownTaskType:
        try:
            work = Work(lane_of(task_type))
        except UnknownTaskType as error:
            return error
        verifier = work.lane.verifier
        (self.inline if verifier.inline or _answers_at_once(verifier) else self.waiting).append(work)
        return work

    def settle(self, position: int, verdict: Verdict) -> None:
        """Record the verdict of a pair and of its twins."""
        if self.abandoned:
            return
        self.verdicts[position] = verdict
        twins = self.twins.get(position, ())
        for twin in twins:
            self.verdicts[twin] = verdict
        if self.on_verdict is not None:
            for settled in (position, *twins):
                self.on_verdict(settled, verdict)

    def run_inline(self, fault: Callable[[Lane, BaseException], Verdict]) -> Iterator[None]:
        """Settle what can be settled in place, by inline verifiers and by ``verify_now``; the rest joins ``waiting``.

        Yields after each pair, so that a loop can serve others between.

        Args:
            fault: turns what a verifier raised into a verdict.
        """
        pairs, verdicts = self.pairs, self.verdicts
        alone = self.on_verdict is None and not self.twins  # nobody else to tell: spares a call a pair
        marks = [perf_counter()]  # one look at the clock a pair; durations are made of them at the end
        mark = marks.append
        for work in self.inline:
            verifier = work.lane.verifier
            judge = _drive if verifier.inline else _ask_at_once
            undecided: list[int] = []
            for position in work.positions:
                try:
                    verdict = judge(verifier, *pairs[position])
                except (KeyboardInterrupt, SystemExit):
                    raise
                except BaseException as error:  # GeneratorExit, CancelledError: here only the verifier's own
                    verdict = fault(work.lane, error)
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
                self.waiting.append(Work(work.lane, undecided))
        self.work_s.extend(map(sub, marks[1:], marks))
        self.queue_s.extend(map(sub, marks[:-1], repeat(self.handed_in)))


def check_verdict(verdict: object, verifier: Verifier) -> Verdict:
    """``verdict``, or TypeError if a verifier returned something else."""
    if not isinstance(verdict, Verdict):
        raise TypeError(f"{type(verifier).__qualname__}.verify returned {type(verdict).__name__}, not a Verdict")
    return verdict


def _answers_at_once(verifier: Verifier) -> bool:
    return type(verifier).verify_now is not Verifier.verify_now


def _ask_at_once(verifier: Verifier, task: Task, completion: Completion) -> Verdict | None:
    verdict = verifier.verify_now(task, completion)
    return None if verdict is None else check_verdict(verdict, verifier)


def _drive(verifier: Verifier, task: Task, completion: Completion) -> Verdict:
    """Run an ``inline`` verifier's coroutine to its end without a loop."""
    work = verifier.verify(task, completion)
    try:
        work.send(None)
    except StopIteration as end:
        return end.value if type(end.value) is Verdict else check_verdict(end.value, verifier)
    work.close()
    raise RuntimeError(f"{type(verifier).__qualname__} says `inline = True` but its verify awaited")


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


def _identity(task: Task, completion: Completion) -> object:
    """Equal exactly for pairs that no verifier can tell apart."""
    try:
        key: object = task.key
    except TaskError:  # holds what JSON cannot: the task equals itself only
        key = id(task)
    return key, completion.raw, completion.reasoning, completion.answer, completion.finish_reason
