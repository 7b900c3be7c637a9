"""``trainer.sampling=dynamic``: groups that teach nothing are replaced until the batch is full (DAPO, arXiv:2503.14476,
section 3.2)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from synthetic1.verdict import Verdict

FIRST_CHUNKS = 2  # of the batch, where verdicts take time: the second is generated while the first is verified

Gather = Callable[[list[Any]], list[Any]]
"""The lists of all processes, end to end, in the order of the processes; on each of them."""


@dataclass
class CandidateGroup:
    """The completions of one task."""

    number: int
    """Which group of the rollout it is, over all processes, in the order that tasks were drawn."""
    task: int
    completion_ids: list[list[int]]
    logprobs: list[list[float | None]] | None
    """Of the sampler, a token; ``None`` where it has none."""
    verdicts: list[Verdict] = field(default_factory=list)
    """By completion, once they are known."""

    @property
    def teaches(self) -> bool:
        """Whether its correctness varies, leaving out what could not be scored: else all advantages are 0."""
        return len({verdict.score for verdict in self.verdicts if verdict.score is not None}) > 1

    @property
    def tokens(self) -> int:
        return sum(map(len, self.completion_ids))


@dataclass(frozen=True)
class FilledBatch:
    """What a process has after the refills: its share of the batch, and what it made in vain."""

    kept: list[CandidateGroup]
    """Whole groups, as many on every process."""
    dropped: list[CandidateGroup]
    """Those that this process generated and nobody learns from."""
    completions: int
    """Generated, on all processes."""
    tokens: int
    """Generated, on all processes."""
    rounds: int
    """Calls of the generator beyond those for the first batch."""
    missing: int
    """Groups of the batch that teach nothing, since so many refills did not give enough that do."""


class Refill:
    """Fills a batch with groups that teach.

    As in DAPO the groups count whose correctness varies. What is generated next is what is certainly needed, counted as
    if all groups whose verdicts are still open were to survive: none is made in vain but those that fail.

    Where verdicts take time (a sandbox, a judge), generation and verification overlap: the first batch comes in halves,
    and while groups are being generated, those before them are being verified. How many come next is always decided on
    the verdicts of all groups but the last ones generated, however fast verdicts come; so a resumed run decides as an
    uninterrupted one. Survivors are kept in the order that their tasks were drawn in: taking them as they come in would
    prefer short completions.

    Every process takes part in every round with as many groups as the others, as collective operations within
    generation want it; survivors are then shared out evenly, whole.

    Args:
        wanted: groups of the batch, over all processes, of which it is a multiple.
        most_refills: groups generated beyond the first batch are at most so many times the batch.
        draw: the next tasks, the same on every process.
        generate: their completions, one group a task, numbered from the given number on.
        verify: begins to verify groups; the function it returns waits for the verdicts.
        overlap: verdicts take time.
    """

    def __init__(
        self,
        wanted: int,
        most_refills: int,
        *,
        draw: Callable[[int], list[int]],
        generate: Callable[[list[int], int], list[CandidateGroup]],
        verify: Callable[[list[CandidateGroup]], Callable[[], list[list[Verdict]]]],
        overlap: bool,
        gather: Gather = list,
        process: int = 0,
        processes: int = 1,
    ) -> None:
        assert wanted % processes == 0
        self.wanted, self.most = wanted, wanted * (1 + most_refills)
        self.draw, self.generate, self.verify, self.gather = draw, generate, verify, gather
        self.lag = 1 if overlap else 0
        """Rounds that may be generated while their verdicts are open."""
        self.process, self.processes = process, processes

    def fill(self) -> FilledBatch:
        groups: list[CandidateGroup] = []
        open_: deque[tuple[list[CandidateGroup], Callable[[], list[list[Verdict]]]]] = deque()
        teaching: list[int] = []
        generated = pending = rounds = 0
        while True:
            n = self._whole(min(self.wanted - len(teaching) - pending, self.most - generated))
            if generated < self.wanted and self.lag:
                n = min(n, self._whole(-(-self.wanted // FIRST_CHUNKS)))
            if n > 0:
                rounds += generated >= self.wanted
                share = n // self.processes
                tasks = self.draw(n)[self.process * share : (self.process + 1) * share]
                made = self.generate(tasks, generated + self.process * share)
                groups += made
                open_.append((made, self.verify(made)))
                generated, pending = generated + n, pending + n
            if open_ and (n <= 0 or len(open_) > self.lag):
                verified, verdicts = open_.popleft()
                for group, found in zip(verified, verdicts(), strict=True):
                    group.verdicts = found
                teaching += self.gather([group.number for group in verified if group.teaches])
                pending -= len(verified) * self.processes
            elif n <= 0:
                break
        return self._shared_out(groups, teaching, generated, rounds)

    def _whole(self, n: int) -> int:
        """As many groups on every process."""
        return -(-n // self.processes) * self.processes

    def _shared_out(
        self, groups: list[CandidateGroup], teaching: list[int], generated: int, rounds: int
    ) -> FilledBatch:
        numbers = batch_of(self.wanted, teaching, generated)
        chosen = set(numbers)
        kept = {group.number: group for group in self.gather([g for g in groups if g.number in chosen])}
        mine = numbers[share_of(len(numbers), self.process, self.processes)]
        return FilledBatch(
            kept=[kept[number] for number in mine],
            dropped=[group for group in groups if group.number not in kept],
            completions=sum(self.gather([sum(len(group.completion_ids) for group in groups)])),
            tokens=sum(self.gather([sum(group.tokens for group in groups)])),
            rounds=rounds,
            missing=max(0, self.wanted - len(teaching)),
        )


def batch_of(wanted: int, teaching: Sequence[int], generated: int) -> list[int]:
    """The numbers of the groups of a batch, in order: those that teach, as far as they go, then others."""
    first = sorted(teaching)[:wanted]
    others = sorted(set(range(generated)) - set(teaching))
    return sorted(first + others[: wanted - len(first)])


def share_of(whole: int, process: int, processes: int) -> slice:
    """The part of a batch that a process learns from."""
    return slice(process * whole // processes, (process + 1) * whole // processes)
