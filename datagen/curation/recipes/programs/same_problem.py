"""Whether two rows are one problem, by statement and tests together, and what they are as one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from synthetic1.datagen.curation.recipe import NEAR, numbers, similarity
from synthetic1.datagen.curation.recipes.programs.program_problem import PROGRAM_CHARS, ProgramProblem
from synthetic1.datagen.curation.recipes.programs.test_cases import answer_of, key_of

ALIKE = 0.4
"""Similarity of statements from which tests that agree show that they are one problem: sources differ in how they
write formulas and in what they add, so their words differ more than those of copies."""
IDENTICAL = 0.9
"""From which statements are the same without a test in common, where neither replaces a word of the other."""
AGREEING = 0.95
"""Of the inputs that both have, how many must have one output in both."""
SHARED = 0.25
"""Of the tests of the row with fewer, how many the other has, too."""
_word = re.compile(r"\w+")


@dataclass(frozen=True)
class Overlap:
    """The inputs that two problems have in common."""

    agreeing: int
    differing: int
    fewer: int
    """Tests of the problem that has fewer."""

    @property
    def shows_one_problem(self) -> bool:
        both = self.agreeing + self.differing
        enough = self.agreeing >= max(2, SHARED * self.fewer) or self.agreeing == self.fewer
        return bool(self.agreeing) and enough and self.agreeing >= AGREEING * both

    @property
    def shows_two_problems(self) -> bool:
        return self.differing > (1 - AGREEING) * (self.agreeing + self.differing)


def overlap(one: ProgramProblem, other: ProgramProblem) -> Overlap:
    """Inputs with the same output in both, and with another one."""
    found = []
    for problem in (one, other):
        is_call = problem.function is not None
        found.append({key_of(given): answer_of(wanted, is_call=is_call) for given, wanted in problem.tests})
    shared = found[0].keys() & found[1].keys()
    agreeing = sum(found[0][key] == found[1][key] for key in shared)
    return Overlap(agreeing, len(shared) - agreeing, min(len(found[0]), len(found[1])))


def is_same_problem(texts: tuple[str, str], problems: tuple[ProgramProblem, ProgramProblem]) -> bool:
    """Whether both are one problem.

    Templates are the trap: "divisible by 3" and "by 5", "the smallest" and "the largest" share nearly all words. So
    statements alone are not enough but where they have the same numbers and neither replaces a word of the other.

    Args:
        texts: the statements, as ``statements.comparable`` has them.
    """
    one, other = problems
    if one.function != other.function or one.language != other.language:
        return False  # a row in another language is a task of its own, with a gold of its own
    alike = similarity(*texts)
    if alike < ALIKE:
        return False
    if one.tests and other.tests:
        tests = overlap(one, other)
        if tests.agreeing and not tests.differing and alike >= NEAR and numbers(texts[0]) == numbers(texts[1]):
            return _adds_only(texts) or tests.shows_one_problem
        if tests.shows_one_problem:
            return alike >= NEAR or _adds_only(texts) or tests.agreeing >= max(3, 0.5 * tests.fewer)
        if tests.shows_two_problems and not (one.has_checker_program or other.has_checker_program):
            return texts[0] == texts[1]  # one of them has a wrong output, or there are several right ones
    return alike >= IDENTICAL and numbers(texts[0]) == numbers(texts[1]) and _adds_only(texts)


def _adds_only(texts: tuple[str, str]) -> bool:
    """Whether one text has all words of the other."""
    words = [Counter(_word.findall(text.lower())) for text in texts]
    return words[0] <= words[1] or words[1] <= words[0]


@dataclass(frozen=True)
class Merged:
    """Two rows as one problem."""

    problem: ProgramProblem
    tests_added: int
    solutions_added: int
    tests_that_differ: int
    """Inputs of which the two rows have different outputs; the first one's are kept."""


def merged(kept: ProgramProblem, other: ProgramProblem, max_tests: int) -> Merged:
    """``kept`` with the tests and solutions that ``other`` adds; its checker and limits, where ``kept`` has none."""
    tests: list[list[Any]] = list(kept.tests)
    is_call = kept.function is not None
    known = {key_of(given): answer_of(wanted, is_call=is_call) for given, wanted in tests}
    differing = 0
    for given, wanted in other.tests if kept.tests else []:
        key = key_of(given)
        if key in known:
            differing += known[key] != answer_of(wanted, is_call=is_call)
        elif len(tests) < max_tests:
            known[key] = answer_of(wanted, is_call=is_call)
            tests.append([given, wanted])
    solutions = _joined(kept.solutions, other.solutions)
    names = {**kept.elsewhere, **other.elsewhere}
    elsewhere = {name: _joined(kept.elsewhere.get(name, []), other.elsewhere.get(name, [])) for name in names}
    counts = Counter(kept.not_run) + Counter(other.not_run)
    info = dict(kept.info)
    if "checker" not in info and "checker" in other.info and other.tests:
        info["checker"] = other.info["checker"]
    for name in ("time_limit_s", "memory_limit_mb"):
        limits = [one.info[name] for one in (kept, other) if one.info.get(name)]
        if limits:
            info[name] = max(limits)
    problem = replace(kept, tests=tests, solutions=solutions, elsewhere=elsewhere, not_run=dict(counts), info=info)
    problem = problem.within(PROGRAM_CHARS)
    added = len(tests) - len(kept.tests), len(problem.programs) - len(kept.programs)
    return Merged(problem, *added, differing)


def _joined(some: Sequence[str], others: Sequence[str]) -> list[str]:
    return list(dict.fromkeys([*some, *others]))
