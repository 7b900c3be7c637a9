"""Science questions as tasks: the prompt of a question with a reference answer in words or numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synthetic1.keys import content_key
from synthetic1.task import Task

TASK_TYPE = "stem"

PROMPT = """\
Answer the question below. Reason first; then give your final answer between <answer> and </answer>. Only what stands \
in the last such block is read: it must make sense by itself, with the reasons that the question asks for, and every \
number with its unit.

{question}\
"""


def compose_prompt(question: str) -> str:
    """The user message that asks a question."""
    return PROMPT.format(question=question.strip())


def to_task(
    question: str,
    reference: str,
    *,
    answer_value: str | None = None,
    field: str | None = None,
    source: str = "",
    problem_id: str | None = None,
    in_source_id: str | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Task:
    """The task of one question.

    Args:
        reference: the answer that others are compared with; a text, or a number with its unit.
        answer_value: the number with its unit that the answer comes to, e.g. ``9.8 m/s^2``, where there is one. Rules
            compare it; no judge is asked.
        field: the science, e.g. ``physics``; kept in the metadata.
        problem_id: made from the content where it is not given.
    """
    information = {"question": question.strip(), "ground_truth": reference.strip()}
    if answer_value is not None:
        information["answer_value"] = answer_value.strip()
    return Task(
        problem_id=problem_id or content_key(information),
        task_type=TASK_TYPE,
        prompt=compose_prompt(question),
        verification_info=information,
        gold_standard_solution=reference.strip(),
        source=source,
        in_source_id=in_source_id,
        metadata={**({"field": field} if field else {}), **(metadata or {})},
    )
