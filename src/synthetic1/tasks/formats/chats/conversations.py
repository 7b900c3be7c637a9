r"""Rows of traces for fine-tuning: OpenThoughts-114k, OpenThoughts2, Bespoke-Stratos-17k.

``system`` and ``conversations``, a list of ``{"from": "user", "value": …}`` and ``{"from": "assistant", …}``. The gold
is what the published answer says in its last ``\boxed{…}``: both datasets kept only traces that agreed with a reference
which they do not publish in this form. Rows whose answer has no box (programs, prose) are refused; with its config
``metadata`` OpenThoughts-114k publishes references and tests. The prompt is the user message as it stands.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from synthetic1.task import Task
from synthetic1.tasks.formats.chats.messages import read_turns
from synthetic1.tasks.formats.code_rows import Row
from synthetic1.tasks.formats.math_rows import math_task
from synthetic1.tasks.formats.readers import register_reader

COLUMNS = ("conversations", "source", "domain")
BEGINNINGS = ("<|begin_of_solution|>", "</think>")
"""What stands before the answer, after the thought."""
LONGEST = 20_000  # characters of an answer that is read as a gold


def is_conversation_row(columns: Collection[str]) -> bool:
    return "conversations" in columns


def read_conversation_row(fields: Mapping[str, Any], where: str) -> Task:
    """The task of one row.

    Raises:
        TaskError: the field is not a conversation of one question and one answer, or the answer has no box.
    """
    row = Row(fields, where)
    turns = [turn for turn in read_turns(row, "conversations") if turn[0] != "system"]
    if [role for role, _ in turns] != ["user", "assistant"]:
        raise row.error("conversations", f"has {len(turns)} turns; read is one question with its answer")
    (_, prompt), (_, answer) = turns
    for beginning in BEGINNINGS:
        answer = answer.rpartition(beginning)[2]
    answer = answer.replace("<|end_of_solution|>", "").strip()
    if "\\boxed" not in answer:
        raise row.error(
            "conversations",
            r"ends with an answer that has no \boxed{…}, and there is no reference beside it: nothing could verify it",
        )
    source = row.optional_text("source")
    return math_task(
        row,
        prompt,
        truth="",
        solution=answer[-LONGEST:],
        source="/".join(["conversations", *([source] if source else [])]),
        metadata={"gold_from": "the published trace", "domain": row.optional_text("domain")},
        prompt=prompt,
    )


register_reader("conversations", is_conversation_row, read_conversation_row, columns=COLUMNS)
