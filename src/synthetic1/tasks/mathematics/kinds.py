"""Which kinds of problems there are, and where each is drawn."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module

from synthetic1.tasks.mathematics.problem import MathProblem, is_trivial
from synthetic1.tasks.programs.choices import Choices

LEVELS = (1, 2, 3, 4, 5)
GENERATOR = 2
"""The version of the problems: the same seed and number give another problem under another version."""
KINDS = {
    "fractions": "arithmetic",
    "number_theory": "arithmetic",
    "modular_arithmetic": "arithmetic",
    "surds": "arithmetic",
    "linear_systems": "algebra",
    "polynomials": "algebra",
    "intervals": "algebra",
    "complex_numbers": "algebra",
    "matrices": "matrices",
    "sequences": "sequences",
    "combinatorics": "counting",
    "probability": "counting",
    "geometry": "geometry",
    "calculus": "calculus",
}
"""Kind → the module with the function of that name. Those modules import sympy, so they wait until one is drawn."""


def draw_problem(kind: str, level: int, draw: Choices) -> MathProblem:
    """A random problem that is not trivial: a function of the draws alone."""
    module = import_module(f"synthetic1.tasks.mathematics.{KINDS[kind]}")
    while True:
        statement, value = getattr(module, kind)(level, draw)
        found = MathProblem(kind, level, statement, value)
        if not is_trivial(found):
            return found


def parse_kinds(kinds: str | Iterable[str] | None) -> tuple[str, ...]:
    """Kinds as people write them: one name, several, or ``None`` for all; in the order of ``KINDS``, each once.

    Raises:
        ValueError: one line that says which kinds there are.
    """
    names = KINDS if kinds is None else kinds.replace(" ", "").split(",") if isinstance(kinds, str) else list(kinds)
    for name in names:
        if not isinstance(name, str) or name not in KINDS:
            raise ValueError(f"unknown kind {name!r:.60}; kinds are {', '.join(KINDS)}")
    if not names:
        raise ValueError(f"no kind given; kinds are {', '.join(KINDS)}")
    return tuple(name for name in KINDS if name in set(names))
