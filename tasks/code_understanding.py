"""Code understanding: predict what a generated program returns. No human and no model writes a task or its answer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from synthetic1.task import Task
from synthetic1.tasks.programs import check, render_python
from synthetic1.tasks.programs.choices import Choices
from synthetic1.tasks.programs.evaluate import TooLarge, evaluate
from synthetic1.tasks.programs.grammar import Grammar
from synthetic1.tasks.programs.inputs import draw_input
from synthetic1.tasks.programs.levels import LEVELS, parse_levels
from synthetic1.tasks.programs.program import Program, Stmt, Value
from synthetic1.tasks.source import TaskSource

Split = Literal["train", "test"]
TEST_SHARE = 0.1
TASK_TYPE = "code_output_prediction"
PROBES = 3  # further inputs on which a program must be neither constant nor the identity
MAX_ATTEMPTS = 20_000  # rejected draws in a row before a level counts as exhausted (about a second)

PROMPT = (
    "Predict what this {language} program returns.\n\n```{fence}\n{source}\n```\n\n"
    "It is called as `transform(s)` with this string, written as in JSON:\n{text}\n\n"
    'Answer with JSON that has one field, the returned string: {{"output": "..."}}'
)
LANGUAGES = {"python": "Python"}


class LevelExhausted(ValueError):
    """More distinct programs were asked for than a level has."""


@dataclass(frozen=True, slots=True)
class Example:
    """One program on one input."""

    level: int
    program: Program
    source: str
    """The program rendered in ``language``; no two examples of a source share it."""
    text: str
    output: str
    language: str = "python"

    def steps(self) -> list[tuple[str, Value]]:
        """Every statement that changed something, as rendered, with the value it made: the evaluator's own trace."""
        found: list[tuple[str, Value]] = []

        def note(node: Stmt, value: Value) -> None:
            found.append((render_python.render_simple(node), value))

        evaluate(self.program, self.text, on_step=note)
        return found

    def prompt(self) -> str:
        name = LANGUAGES[self.language]
        return PROMPT.format(language=name, fence=self.language, source=self.source, text=json.dumps(self.text))


def split_of(text: str) -> Split:
    """The split that a program's source, or an input, belongs to: a function of its content alone.

    A test task takes both its program and its input from the test side, a training task both from the training
    side, so that neither was ever trained on. About a tenth of all programs and of all inputs are test.
    """
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8, person=b"split").digest()
    return "test" if int.from_bytes(digest, "big") < TEST_SHARE * 2**64 else "train"


def examples(level: int, *, split: Split = "train", seed: int = 0) -> Iterator[Example]:
    """Distinct examples of one level, without end, as a function of (level, split, seed).

    A program is kept when it is new, belongs to the split, changes its input, and on further inputs is neither
    constant nor the identity.

    Raises:
        LevelExhausted: 20,000 draws in a row gave nothing new.
    """
    settings = LEVELS[level]
    choose = Choices(np.random.default_rng([seed, level, 0 if split == "train" else 1]))
    longest = 16 if settings.depth == 0 else 1_500
    seen: set[bytes] = set()
    found = 0
    while True:
        for _ in range(MAX_ATTEMPTS):
            # Fresh inputs until one is of the split: one in ten is, for test.
            while split_of(text := draw_input(settings, choose)) != split:
                pass
            program = Grammar(settings, choose, text).program()
            source = render_python.render(program)
            if split_of(source) != split:
                continue
            digest = hashlib.blake2b(source.encode(), digest_size=12).digest()
            if digest in seen:
                continue
            try:
                output = evaluate(program, text)
                if not 0 < len(output) <= longest or output == text:
                    continue
                probes = [draw_input(settings, choose) for _ in range(PROBES)]
                outputs = [evaluate(program, probe) for probe in probes]
            except TooLarge:
                continue
            if outputs == probes or set(outputs) == {output}:
                continue
            seen.add(digest)
            found += 1
            yield Example(level, program, source, text, output)
            break
        else:
            raise LevelExhausted(
                f"level {level} ({split}) has hardly more than {found} distinct programs; ask for fewer, or add levels"
            )


def to_task(example: Example, problem_id: str) -> Task:
    """The task of an example, as SYNTHETIC-1 lays them out."""
    return Task(
        problem_id=problem_id,
        task_type=TASK_TYPE,
        prompt=example.prompt(),
        verification_info={"ground_truth": example.output, "compare": "string"},
        gold_standard_solution=example.output,
        source="synthetic1/code_understanding",
        metadata={
            "level": example.level,
            "complexify_iteration": example.level - 1,
            "language": example.language,
            "input": example.text,
            "program": example.source,
        },
    )


class GeneratedTasks(TaskSource):
    """Generated tasks of one or several levels, made when they are first asked for.

    Task ``i`` is of level ``levels[i % len(levels)]``; the whole source is a function of its arguments.

    Args:
        levels: 1 to 10, in any form ``parse_levels`` reads.
        split: ``train`` and ``test`` share neither a program nor an input.
        seed: other seeds give other tasks.
        size: how many tasks.

    Raises:
        ValueError: an unknown level or split, or a size below 1.
        LevelExhausted: on access, when a level has fewer distinct programs than asked for.
    """

    def __init__(
        self, levels: int | str | Sequence[int] = (1, 2, 3), *, split: Split = "train", seed: int = 0, size: int = 2000
    ) -> None:
        if split not in ("train", "test"):
            raise ValueError(f"unknown split {split!r}; one of train, test")
        if size < 1:
            raise ValueError(f"size must be at least 1, got {size}")
        self.levels = parse_levels(levels if isinstance(levels, int | str) else list(levels))
        self.split: Split = split
        self.seed, self.size = seed, size
        self.name = f"code_understanding/L{','.join(map(str, self.levels))}/s{seed}/{split}"
        self._reset()

    def _reset(self) -> None:
        self._streams = {n: examples(n, split=self.split, seed=self.seed) for n in self.levels}
        self._made: dict[int, list[Example]] = {n: [] for n in self.levels}
        self._tasks: dict[int, Task] = {}

    def __len__(self) -> int:
        return self.size

    def example(self, index: int) -> Example:
        """The program and input behind task ``index``."""
        if not -self.size <= index < self.size:
            raise IndexError(f"{self.name} has {self.size} tasks; there is no task {index}")
        round_, place = divmod(index % self.size, len(self.levels))
        level = self.levels[place]
        made = self._made[level]
        while len(made) <= round_:
            made.append(next(self._streams[level]))
        return made[round_]

    def __getitem__(self, index: int) -> Task:
        example = self.example(index)
        index %= self.size
        task = self._tasks.get(index)
        if task is None:
            number = index // len(self.levels)
            name = f"code_understanding/L{example.level}/s{self.seed}/{self.split}/{number}"
            task = self._tasks[index] = to_task(example, name)
        return task

    def get(self, problem_id: str) -> Task:
        """The task of a problem id; the id says level, seed, split and number.

        Raises:
            KeyError: an id that is not one of this source's.
        """
        parts = problem_id.split("/")
        if len(parts) == 5 and parts[4].isdecimal() and parts[:1] == ["code_understanding"]:
            level = int(parts[1][1:]) if parts[1][1:].isdecimal() else 0
            if level in self.levels and parts[2:4] == [f"s{self.seed}", self.split]:
                index = int(parts[4]) * len(self.levels) + self.levels.index(level)
                if index < self.size:
                    return self[index]
        raise KeyError(f"no task {problem_id!r} in {self.name} with {self.size} tasks")

    def verify_gold(self, indices: Sequence[int] | None = None) -> list[check.Mismatch]:
        """Run the rendered programs in fresh interpreters under two hash seeds; the disagreements (none expected)."""
        chosen = [self.example(i) for i in (indices if indices is not None else range(self.size))]
        return check.check([(e.source, e.text, e.output) for e in chosen])

    def __getstate__(self) -> dict[str, object]:  # generators do not pickle, and need not: all follows from these
        return {"levels": self.levels, "split": self.split, "seed": self.seed, "size": self.size, "name": self.name}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
        self._reset()
