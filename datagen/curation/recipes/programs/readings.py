"""Other readings of the tests of a function that no published program passes as they stand.

Sets pack the value that a call returns into a list of one, or its texts into quotes, and say nowhere that they do. A
program that is published as right tells which it was: the reading that it passes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from synthetic1.datagen.curation.recipes.programs.program_problem import ProgramProblem


def other_readings(problem: ProgramProblem) -> Iterator[tuple[str, ProgramProblem]]:
    """Names of readings, and the problem with its tests read in that way; none of a program that reads stdin."""
    if problem.function is None or not problem.tests:
        return
    unwrapped = None
    if all(isinstance(wanted, list) and len(wanted) == 1 for _, wanted in problem.tests):
        unwrapped = [[given, wanted[0]] for given, wanted in problem.tests]
        yield "outputs_unwrapped", replace(problem, tests=unwrapped)
    for tests, name in ((problem.tests, "texts_unquoted"), (unwrapped, "outputs_unwrapped, texts_unquoted")):
        if tests is not None and (unquoted := _unquoted(tests)) != tests:
            yield name, replace(problem, tests=unquoted)


def _unquoted(value: Any) -> Any:
    """The value with every text that is a text of JSON read as that."""
    if isinstance(value, list):
        return [_unquoted(one) for one in value]
    if isinstance(value, dict):
        return {name: _unquoted(one) for name, one in value.items()}
    if isinstance(value, str) and len(value) > 1 and value[0] == value[-1] == '"':
        try:
            read = json.loads(value)
        except ValueError:
            return value
        return read if isinstance(read, str) else value
    return value
