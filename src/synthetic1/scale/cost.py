"""What verifying a pair is estimated to cost: by it work is shared out among nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from synthetic1.rewards.verifier import Verifier
from synthetic1.task import Task

CHEAPER_THAN_THE_WAY = frozenset({"code_output_prediction"})
"""Task types whose verifier takes less time (10 µs) than pickling the pair and reading it again (40 µs)."""
TIME_LIMIT_S = 10.0
MOST_COST = 1e6
UNCOUNTED_TESTS = 10  # of tests that are written as text


def estimated_cost(task: Task, verifier: Verifier) -> float:
    """How much of a node a pair takes, at least 1: what the answer to a mathematical question costs.

    A program costs its number of tests times the CPU seconds that each may take. That is more than it uses as a rule;
    only the proportions matter. What a task says is a stranger's word: it never raises, and is never more than
    ``MOST_COST``.
    """
    try:
        cost = _cost(task.verification_info, verifier)
    except Exception:  # of a mapping of one's own; the verifier will say what it thinks of it
        return 1.0
    return max(1.0, min(cost, MOST_COST))


def _cost(info: Mapping[str, Any], verifier: Verifier) -> float:
    tests = _tests(info)
    if not tests:
        return 1.0
    usual = _seconds(getattr(verifier, "time_limit_s", TIME_LIMIT_S)) or TIME_LIMIT_S
    limit = _seconds(info.get("time_limit_s")) or usual
    most = getattr(verifier, "max_tests", None)
    return min(tests, most or tests) * limit


def _seconds(said: object) -> float | None:
    """A time limit, if that is one."""
    if not isinstance(said, int | float) or not said > 0:  # NaN is not
        return None
    return float(min(said, MOST_COST))  # before it is a float: an integer may be too large for one


def _tests(info: Mapping[str, Any]) -> int:
    """How many tests the task has."""
    cases = info.get("test_cases")
    if isinstance(cases, Mapping):  # of columns
        cases = next((column for column in cases.values() if isinstance(column, Sequence)), ())
    if isinstance(cases, str):
        return UNCOUNTED_TESTS
    return len(cases) if isinstance(cases, Sequence) else 1 if info.get("assertions") is not None else 0
