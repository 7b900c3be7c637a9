"""Mathematical problems as tasks: the prompt of a problem with an exact answer."""

from __future__ import annotations

TASK_TYPE = "verifiable_math"
REQUEST = r"Put your final answer within \boxed{}."


def compose_prompt(statement: str) -> str:
    """The user message: the problem and where its answer goes."""
    return f"{statement.strip()}\n\n{REQUEST}"
