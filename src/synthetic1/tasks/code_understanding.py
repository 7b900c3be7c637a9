"""Code understanding: predict what a generated program returns. No human and no model writes a task or its answer."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from synthetic1.task import Task
from synthetic1.tasks.programs import check, render_python
from synthetic1.tasks.programs.behaviour import BEHAVIOUR_INPUTS, Split, behaviour, split_of
from synthetic1.tasks.programs.choices import Choices
from synthetic1.tasks.programs.dead_code import has_constant_variables, is_straight, literals, steps, without_dead_code
from synthetic1.tasks.programs.evaluate import TooLarge, evaluate
from synthetic1.tasks.programs.grammar import Grammar
from synthetic1.tasks.programs.inputs import draw_input
from synthetic1.tasks.programs.languages import LANGUAGES, parse_languages
from synthetic1.tasks.programs.levels import LEVELS, Level, parse_levels
from synthetic1.tasks.programs.program import SourceProgram, Stmt, Value
from synthetic1.tasks.sources.source import TaskSource, check_split

TASK_TYPE = "code_output_prediction"
PROBES = 3  # further inputs on which a program must be neither constant nor the identity
MAX_ATTEMPTS = 20_000  # rejected draws in a row before a level counts as exhausted (a few seconds)

PROMPT = (
    "Predict what this {language} program returns.\n\n```{fence}\n{source}\n```\n\n"
    "It is called as `transform(s)` with this string, written as in JSON:\n{text}\n\n"
    'Answer with JSON that has one field, the returned string: {{"output": "..."}}'
)

# One lock for all sources: what it guards is pure Python, so more would not be faster. A fork waits until no thread is
# generating, or the child would inherit a generator stopped in mid-step.
_generating = threading.Lock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_generating.acquire, after_in_parent=_generating.release, after_in_child=_generating.release
    )


class LevelExhausted(ValueError):
    """More distinct programs were asked for than a level has."""

    user_error = True  # programs print the message alone

    def __init__(self, level: int, split: Split, found: int) -> None:
        super().__init__(level, split, found)
        self.level, self.split, self.found = level, split, found

    def __str__(self) -> str:
        return (
            f"level {self.level} ({self.split}) has hardly more than {self.found:,} distinct programs; "
            "ask for fewer, or add levels"
        )


def capacity(level: int, split: Split) -> int:
    """How many programs a level surely has, whatever the seed. Only level 1 has few: one operation on one word."""
    if level == 1:
        return 1_600 if split == "train" else 180  # seeds find about 1,790 and 190 before they give up
    return sys.maxsize


@dataclass(frozen=True, slots=True)
class Example:
    """One program on one input."""

    level: int
    program: SourceProgram
    source: str
    """The program rendered in ``language``. No two examples of a stream share their Python."""
    text: str
    output: str
    language: str = "python"

    def shown_in(self, language: str) -> Example:
        """The same program and input in another language of ``LANGUAGES``."""
        if language == self.language:
            return self
        return replace(self, source=LANGUAGES[language].render(self.program), language=language)

    def steps(self) -> list[tuple[str, Value]]:
        """Every statement that changed something, as rendered, with the value it made: the evaluator's own trace."""
        found: list[tuple[str, Value]] = []
        render = LANGUAGES[self.language].render_statement

        def note(node: Stmt, value: Value) -> None:
            found.append((render(self.program, node), value))

        evaluate(self.program, self.text, on_step=note)
        return found

    def prompt(self) -> str:
        name = LANGUAGES[self.language].name
        return PROMPT.format(language=name, fence=self.language, source=self.source, text=json.dumps(self.text))


def _has_level(program: SourceProgram, level: Level) -> bool:
    """Has it as many steps as the level wants, more than straight lines where the level does, and no constants?"""
    low, high = level.steps
    straight = level.depth > 0 and is_straight(program)
    return low <= steps(program) <= high and not straight and not has_constant_variables(program)


def examples(level: int, *, split: Split = "train", seed: int = 0, language: str = "python") -> Iterator[Example]:
    """Distinct examples of one level, without end, as a function of (level, split, seed), shown in ``language``.

    A program is kept when it is new, belongs to the split, changes its input, and on further inputs is neither
    constant nor the identity. What does nothing in it is taken out first (``without_dead_code``); where too little
    remains for its level, another is drawn. Every language shows the same programs.

    Raises:
        LevelExhausted: 20,000 draws in a row gave nothing new.
        ValueError: an unknown language.
    """
    (language,) = parse_languages(language)
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
            drawn = _digest(render_python.render(program))
            if drawn in seen:
                continue
            try:
                output = evaluate(program, text)
                if not 0 < len(output) <= longest or output == text or split_of(behaviour(program)) != split:
                    continue
                probes = [draw_input(settings, choose) for _ in range(PROBES)]
                outputs = [evaluate(program, probe) for probe in probes]
                if outputs == probes or set(outputs) == {output}:
                    continue
                # Inputs on which its letters matter; the short ones first, which are cheap and mostly enough.
                made_for_it = [f"{part}nest{part}" for part in literals(program)]
                program = without_dead_code(program, [*BEHAVIOUR_INPUTS, *made_for_it, text])
            except TooLarge:
                continue
            if not _has_level(program, settings):
                continue
            source = render_python.render(program)  # the identity of a program in every language
            if (kept := _digest(source)) in seen:
                continue
            seen |= {drawn, kept}
            found += 1
            yield Example(level, program, source, text, output).shown_in(language)
            break
        else:
            raise LevelExhausted(level, split, found)


def _digest(source: str) -> bytes:
    return hashlib.blake2b(source.encode(), digest_size=12).digest()


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

    The levels take turns; the whole source is a function of its arguments.

    Args:
        levels: 1 to 10, in any form ``parse_levels`` reads.
        split: ``train`` and ``test`` share neither a program's behaviour nor an input.
        seed: other seeds give other tasks.
        size: how many tasks. Where level 1 runs out (see ``capacity``) the other levels take over its turns; level 1
            alone is as long as it can be.
        language: the language, or languages, that programs are shown in: ``python``, ``javascript``, ``rust``,
            ``cpp``. Of several, the programs of a level take turns. It never changes which programs there are.

    Raises:
        ValueError: an unknown level, split or language, a negative seed, or a size below 1.
    """

    def __init__(
        self,
        levels: int | str | Iterable[int] = (1, 2, 3),
        *,
        split: Split = "train",
        seed: int = 0,
        size: int = 2000,
        language: str | Iterable[str] = "python",
    ) -> None:
        check_split(split)
        _check_at_least("seed", seed, 0)
        _check_at_least("size", size, 1)
        self.levels = parse_levels(levels)
        self.split, self.seed, self.size = split, seed, size
        self.languages = parse_languages(language)
        shown = "" if self.languages == ("python",) else f"/{','.join(self.languages)}"
        self.name = f"code_understanding/L{','.join(map(str, self.levels))}/s{seed}/{split}{shown}"
        self._reset()

    def _reset(self) -> None:
        self._length = min(self.size, sum(capacity(n, self.split) for n in self.levels))
        self._streams: dict[int, Iterator[Example]] = {}
        self._exhausted: set[int] = set()
        self._made: dict[int, list[Example]] = {n: [] for n in self.levels}
        self._tasks: dict[int, Task] = {}

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int) -> Task:
        index = self._position(index)
        task = self._tasks.get(index)
        if task is None:
            level, number = self._place(index)
            language = self._language(number)
            example = self._example(level, number).shown_in(language)
            task = self._tasks[index] = to_task(example, f"{self._prefix(level)}{number}{_suffix(language)}")
        return task

    def example(self, index: int) -> Example:
        """The program and input behind task ``index``.

        Raises:
            IndexError: outside the source.
        """
        level, number = self._place(self._position(index))
        return self._example(level, number).shown_in(self._language(number))

    def _prefix(self, level: int) -> str:
        return f"code_understanding/L{level}/s{self.seed}/{self.split}/"

    def _language(self, number: int) -> str:
        return self.languages[number % len(self.languages)]

    def _example(self, level: int, number: int) -> Example:
        """In Python, as the stream gives it."""
        made = self._made[level]
        if number >= len(made):
            with _generating:
                while number >= len(made):
                    if level in self._exhausted:
                        raise LevelExhausted(level, self.split, len(made))
                    # Taken out while it works: what Ctrl-C ends or leaves a step ahead is never put back, but made anew
                    stream = self._streams.pop(level, None)
                    if stream is None:
                        stream = islice(examples(level, split=self.split, seed=self.seed), len(made), None)
                    try:
                        made.append(next(stream))
                    except LevelExhausted:
                        self._exhausted.add(level)
                        raise
                    self._streams[level] = stream
        return made[number]

    def _place(self, index: int) -> tuple[int, int]:
        """Level and number within it of a task: every level that has programs left gives one a round."""
        levels, rounds = self.levels, 0
        while True:
            fewest = min(capacity(n, self.split) for n in levels)
            number, turn = divmod(index, len(levels))
            if rounds + number < fewest:
                return levels[turn], rounds + number
            index -= (fewest - rounds) * len(levels)
            levels, rounds = tuple(n for n in levels if capacity(n, self.split) > fewest), fewest

    def rows_of(self, problem_id: str) -> Iterator[int]:
        """The index of a problem id, which says level, seed, split, number and, but for Python, the language.

        Nothing is generated to find it.
        """
        for level in self.levels:
            prefix = self._prefix(level)
            digits, _, _ = problem_id.removeprefix(prefix).partition("/")
            if not digits.isdecimal():
                continue
            number = int(digits)
            if f"{prefix}{number}{_suffix(self._language(number))}" != problem_id:
                continue
            # Before it come all earlier rounds, and in its own round the levels below.
            index = sum(min(capacity(n, self.split), number + (n < level)) for n in self.levels)
            if number < capacity(level, self.split) and index < len(self):
                yield index

    def part(self, split: str) -> GeneratedTasks:
        """The same source with this split: held-out tasks are generated as such, not set apart from these."""
        check_split(split)
        if split == self.split:
            return self
        other: Split = "test" if split == "test" else "train"
        return GeneratedTasks(self.levels, split=other, seed=self.seed, size=self.size, language=self.languages)

    def verify_gold(self, indices: Sequence[int] | None = None) -> list[check.Mismatch]:
        """Run the programs as Python in fresh interpreters under two hash seeds; the disagreements (none expected)."""
        chosen = [
            self._example(*self._place(self._position(i)))
            for i in (indices if indices is not None else range(len(self)))
        ]
        return check.check([(e.source, e.text, e.output) for e in chosen])

    def __getstate__(self) -> dict[str, object]:  # generators do not pickle, and need not: all follows from these
        names = ("levels", "split", "seed", "size", "languages", "name")
        return {name: getattr(self, name) for name in names}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
        self._reset()


def _suffix(language: str) -> str:
    """What a problem id ends with: ids of Python tasks say no language, and stay what they were."""
    return "" if language == "python" else f"/{language}"


def _check_at_least(name: str, value: object, least: int) -> None:  # configs hold anything
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name} must be an integer of at least {least}, got {value!r:.60}")
