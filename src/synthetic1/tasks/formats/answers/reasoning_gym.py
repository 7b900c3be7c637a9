"""Rows of reasoning-gym, as its datasets yield them: ``question``, ``answer``, ``metadata`` with ``source_dataset``.

Its own functions score its answers, and many of its puzzles have many right ones. Read are the datasets that ask for
one number (the list below: those of version 0.1.25, whose golds were tested), as tasks of mathematics. Rows of the
others are refused, and so is a row whose answer is not a number (a maze without a way out).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from synthetic1.task import Task
from synthetic1.tasks.formats.code_rows import Row, has_columns, shown
from synthetic1.tasks.formats.math_rows import math_task
from synthetic1.tasks.formats.readers import register_reader

COLUMNS = ("question", "answer", "metadata")
NUMBERS = (
    *("aiw", "basic_arithmetic", "binary_alternation", "chain_sum", "circuit_logic", "count_bits", "count_primes"),
    *("decimal_chain_sum", "dice", "fraction_simplification", "gcd", "gsm_symbolic", "largest_island", "lcm"),
    *("leg_counting", "letter_counting", "maze", "number_sequence", "products", "rectangle_count", "rotten_oranges"),
    *("self_reference", "simple_equations", "simple_geometry"),
)
"""Datasets of it whose answers are one number, which nothing but that number is."""


def is_reasoning_gym_row(columns: Collection[str]) -> bool:
    return has_columns(columns, COLUMNS)


def read_reasoning_gym_row(fields: Mapping[str, Any], where: str) -> Task:
    """The task of one row.

    Raises:
        TaskError: a field is missing, or only reasoning-gym itself can score the answers of its dataset.
    """
    row = Row(fields, where)
    metadata = row.structure("metadata")
    name = metadata.get("source_dataset") if isinstance(metadata, Mapping) else None
    if not isinstance(name, str) or not name:
        raise row.error(
            "metadata",
            f"must name the `source_dataset` of reasoning-gym, got {shown(metadata)}; for other rows say which columns "
            "they are: columns='{prompt: question, answer: answer}'",
        )
    if name not in NUMBERS:
        raise row.error("metadata", refusal(name))
    answer = row.text("answer")
    if not any(map(str.isdigit, answer)):
        raise row.error("answer", f"is {answer!r:.40}, which is not a number")
    index = metadata.get("source_index")
    return math_task(
        row,
        row.text("question"),
        truth=answer,
        solution="",
        source=f"reasoning_gym/{name}",
        metadata={"source_dataset": name, "source_index": index if isinstance(index, int) else None},
    )


def refusal(dataset: str) -> str:
    """Why rows of a dataset of reasoning-gym are not read."""
    return f"says `{dataset}`, whose answers only reasoning-gym's own scorer can judge; read are {', '.join(NUMBERS)}"


register_reader("reasoning_gym", is_reasoning_gym_row, read_reasoning_gym_row, columns=COLUMNS)
