"""Mathematics: generated problems of many kinds. No human and no model writes a problem or its answer."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Literal

import numpy as np

from synthetic1.task import Task
from synthetic1.tasks.formats.math import TASK_TYPE, compose_prompt
from synthetic1.tasks.mathematics.kinds import GENERATOR, KINDS, LEVELS, draw_problem, parse_kinds
from synthetic1.tasks.mathematics.problem import MathProblem
from synthetic1.tasks.programs.choices import Choices
from synthetic1.tasks.programs.levels import parse_levels
from synthetic1.tasks.sources.source import TEST_SHARE, TaskSource, check_split

Split = Literal["train", "test"]


def split_of(statement: str) -> Split:
    """The split that a problem belongs to: a function of its statement alone. About a tenth of all are test."""
    digest = hashlib.blake2b(statement.encode(), digest_size=8, person=b"split").digest()
    return "test" if int.from_bytes(digest, "big") < TEST_SHARE * 2**64 else "train"


def problem(kind: str, level: int, number: int, *, split: Split = "train", seed: int = 0) -> MathProblem:
    """Problem ``number`` of its kind and level: a function of these arguments, found without the ones before it.

    A few in a hundred repeat another number's, but never one of the other split.
    """
    stream = [seed, list(KINDS).index(kind), level, 0 if split == "train" else 1, number]
    draw = Choices(np.random.default_rng(stream))
    while split_of((found := draw_problem(kind, level, draw)).statement) != split:
        pass
    return found


def to_task(problem: MathProblem, problem_id: str) -> Task:
    """The task of a problem, as SYNTHETIC-1 lays them out."""
    return Task(
        problem_id=problem_id,
        task_type=TASK_TYPE,
        prompt=compose_prompt(problem.statement),
        verification_info={"ground_truth": problem.answer},
        gold_standard_solution=problem.answer,
        source="synthetic1/math",
        metadata={"kind": problem.kind, "level": problem.level, "generator": GENERATOR},
    )


class GeneratedMath(TaskSource):
    """Generated problems, made when they are first asked for. Kinds take turns, then levels.

    Args:
        levels: 1 to 5, in any form ``parse_levels`` reads.
        kinds: names out of ``KINDS``, as ``parse_kinds`` reads them; None for all.
        split: ``train`` and ``test`` share no problem.
        seed: other seeds give other problems.
        size: how many tasks.

    Raises:
        ValueError: an unknown level, kind or split, a negative seed, or a size below 1.
    """

    def __init__(
        self,
        levels: int | str | Iterable[int] = (1, 2, 3),
        *,
        kinds: str | Iterable[str] | None = None,
        split: Split = "train",
        seed: int = 0,
        size: int = 2000,
    ) -> None:
        check_split(split)
        for name, value, least in (("seed", seed, 0), ("size", size, 1)):  # configs hold anything
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                raise ValueError(f"{name} must be an integer of at least {least}, got {value!r:.60}")
        self.levels, self.kinds = parse_levels(levels), parse_kinds(kinds)
        if self.levels[-1] > LEVELS[-1]:
            raise ValueError(f"unknown level {self.levels[-1]}; levels of mathematics are 1 to {LEVELS[-1]}")
        self.split, self.seed, self.size = split, seed, size
        shown = "" if kinds is None else f"/{','.join(self.kinds)}"
        self.name = f"math/L{','.join(map(str, self.levels))}/s{seed}/{split}{shown}"
        self._tasks: dict[int, Task] = {}

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: int) -> Task:
        index = self._position(index)
        task = self._tasks.get(index)
        if task is None:
            kind, level, number = self._place(index)
            found = problem(kind, level, number, split=self.split, seed=self.seed)
            task = self._tasks[index] = to_task(found, self._id(kind, level, number))
        return task

    def problem(self, index: int) -> MathProblem:
        """The problem behind task ``index``, with its answer as a sympy object.

        Raises:
            IndexError: outside the source.
        """
        kind, level, number = self._place(self._position(index))
        return problem(kind, level, number, split=self.split, seed=self.seed)

    def _place(self, index: int) -> tuple[str, int, int]:
        """Kind, level and number among those of a task."""
        index, kind = divmod(index, len(self.kinds))
        number, level = divmod(index, len(self.levels))
        return self.kinds[kind], self.levels[level], number

    def _id(self, kind: str, level: int, number: int) -> str:
        return f"math/{kind}/L{level}/s{self.seed}/{self.split}/{number}"

    def rows_of(self, problem_id: str) -> Iterator[int]:
        """The index of a problem id, which says kind, level, seed, split and number; nothing is generated."""
        for k, kind in enumerate(self.kinds):
            for j, level in enumerate(self.levels):
                digits = problem_id.removeprefix(self._id(kind, level, 0)[:-1])
                if digits.isdecimal() and self._id(kind, level, int(digits)) == problem_id:
                    index = (int(digits) * len(self.levels) + j) * len(self.kinds) + k
                    if index < len(self):
                        yield index

    def part(self, split: str) -> GeneratedMath:
        """The same source with this split: held-out problems are generated as such, not set apart from these."""
        check_split(split)
        if split == self.split:
            return self
        other: Split = "test" if split == "test" else "train"
        return GeneratedMath(self.levels, kinds=self.kinds, split=other, seed=self.seed, size=self.size)
