"""Rows of Tulu's and OLMo's reinforcement learning (allenai/RLVR-GSM, RLVR-MATH, RLVR-IFeval and mixtures of them).

Columns as on the cards and as open-instruct's ``ground_truth_utils.py`` takes them: ``messages``, ``ground_truth``,
``dataset`` (which verifier: ``gsm8k``, ``math``, ``code``, ``code_stdio``, ``ifeval``, ``string_matcher`` …; later a
list of one), and for ``ifeval`` also ``constraint_type`` and ``constraint``. The prompt is the user message as it
stands; those of RLVR-GSM show examples that end in a number, for which there is ``answer_style=any``. Constraints, chat
and puzzles are refused: nothing here can verify them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from synthetic1.task import Task
from synthetic1.tasks.formats.chats.families import PromptedRow, family_of, text_of
from synthetic1.tasks.formats.chats.messages import user_message
from synthetic1.tasks.formats.code_rows import Row, has_columns
from synthetic1.tasks.formats.readers import register_reader

COLUMNS = ("messages", "ground_truth", "dataset", "id", "key")


def is_rlvr_row(columns: Collection[str]) -> bool:
    return has_columns(columns, ("messages", "ground_truth", "dataset")) and "task_type" not in columns


def read_rlvr_row(fields: Mapping[str, Any], where: str) -> Task:
    """The task of one row.

    Raises:
        TaskError: a field is not what the layout says, or the row is of a verifier that is not here.
    """
    row = Row(fields, where)
    dataset = text_of(row, "dataset")
    family = family_of(dataset)
    if not family:
        raise row.error("dataset", f"is {dataset!r:.40}, which cannot be verified here; mathematics and code can")
    gold = fields.get("ground_truth")
    if family == "code" and isinstance(gold, list) and len(gold) == 1 and str(gold[0]).lstrip().startswith("["):
        gold = gold[0]  # the list of all tests, as JSON text
    published = fields.get("id", fields.get("key"))
    return PromptedRow(
        row,
        user_message(row, "messages"),
        "ground_truth",
        gold,
        f"rlvr/{dataset.lower()}",
        published if isinstance(published, str) else "",
        {},
    ).task(family)


register_reader("rlvr", is_rlvr_row, read_rlvr_row, columns=COLUMNS)
