"""verl's layout, in which DAPO-Math-17k, Skywork-OR1, Eurus-2-RL and many others are published.

Columns as verl's ``examples/data_preprocess`` writes them: ``data_source``, ``prompt`` (a list of messages),
``ability``, ``reward_model`` (``{"style": "rule", "ground_truth": …}``), ``extra_info`` (``split``, ``index``, …).
The prompt is the user message as it stands, with whatever it says about where the answer goes: DAPO's asks for a last
line ``Answer: …`` and GSM8K's for ``#### …``, for which there is ``answer_style=boxed_or_final_line``.
DAPO-Math-17k-Processed has a bare problem as ``prompt`` and gets the request of other problems.

``ability`` says what a row is about, else ``data_source`` does. Gold of mathematics: a string, a number, a list of one
of them, or such a list as JSON text (Skywork). Of code: tests, see ``coding.published_tests``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from synthetic1.task import Task
from synthetic1.tasks.formats.chats.families import PromptedRow, family_of
from synthetic1.tasks.formats.chats.messages import user_message
from synthetic1.tasks.formats.code_rows import Row, has_columns, shown
from synthetic1.tasks.formats.math import compose_prompt
from synthetic1.tasks.formats.readers import register_reader

MEDIA = ("images", "videos")
COLUMNS = ("prompt", "reward_model", "data_source", "ability", "extra_info", "source_prompt", *MEDIA)


def is_verl_row(columns: Collection[str]) -> bool:
    return has_columns(columns, ("prompt", "reward_model")) and "task_type" not in columns


def read_verl_row(fields: Mapping[str, Any], where: str) -> Task:
    """The task of one row.

    Raises:
        TaskError: a field is not what the layout says, there is no gold, or the row is about neither mathematics nor
            code nor science.
    """
    row = Row(fields, where)
    for name in MEDIA:
        if fields.get(name):
            raise row.error(name, "holds what a prompt of text cannot show")
    reward, extra = row.structure("reward_model"), row.structure("extra_info") or {}
    gold = reward.get("ground_truth") if isinstance(reward, Mapping) else None
    if gold is None or gold == "" or gold == []:
        raise row.error("reward_model", f"must hold a `ground_truth`, got {shown(reward)}")
    ability, source = row.optional_text("ability"), row.optional_text("data_source")
    family = family_of(ability, source)
    if not family:
        raise row.error(
            "ability",
            f"is {ability!r:.40} and `data_source` {source!r:.60}: read are mathematics, code and science; if it is "
            "one of them, say columns='{prompt: prompt, answer: reward_model.ground_truth}'",
        )
    bare = isinstance(fields.get("prompt"), str) and fields.get("source_prompt") is not None
    return PromptedRow(
        row,
        compose_prompt(row.text("prompt")) if bare else user_message(row, "prompt"),
        "reward_model.ground_truth",
        gold,
        source or "verl",
        _problem_id(source, extra),
        {"ability": ability, "difficulty": _difficulty(extra)},
        _solution(extra, family),
    ).task(family)


def _problem_id(source: str, extra: Any) -> str:
    index, split = (extra.get("index"), extra.get("split")) if isinstance(extra, Mapping) else (None, None)
    if isinstance(index, bool) or not isinstance(index, str | int) or index == "":
        return ""
    return "/".join([source or "verl", *([split] if isinstance(split, str) and split else []), str(index)])


def _difficulty(extra: Any) -> Any:
    """Skywork's ``model_difficulty``: by model, of 16 answers how many were wrong."""
    return extra.get("model_difficulty") if isinstance(extra, Mapping) else None


def _solution(extra: Any, family: str) -> str:
    """A worked solution (verl's GSM8K has it as ``answer``) or a program (code-r1's ``reference``)."""
    for name in ("reference",) if family == "code" else ("solution", "answer"):
        value = extra.get(name) if isinstance(extra, Mapping) else None
        if isinstance(value, str) and value.strip():
            return value
    return ""


register_reader("verl", is_verl_row, read_verl_row, columns=COLUMNS)
