r"""SYNTHETIC-2 rows, also SYNTHETIC-2-RL's: families that share three columns and a name at the beginning of the id.

Columns as on the card: ``problem_id`` (null for two families), ``prompt``, ``verification_info`` (JSON text), and by
model ``…_avg_reward``, ``…_responses``. A row says nowhere what it is: the fields of ``verification_info`` do, with the
id (the table is that of public loaders of the dataset; task types as in prime-rl).

============================ ============================================ ==============================================
id begins with               ``verification_info``                        read as
============================ ============================================ ==============================================
``sky_work_math``            ``ground_truth``                             mathematics
``prime_rl_code``            ``style``, ``test_cases`` (as APPS)          code
(null)                       ``code_output``                              output prediction, where the output is text
(null)                       ``reasoning_gym_dataset``, ``ground_truth``  mathematics, for the datasets that
                                                                          ``answers.reasoning_gym`` lists, if the prompt
                                                                          asks for a box
all others                                                                refused: constraints, formats, puzzles
============================ ============================================ ==============================================

The prompt is exact.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from synthetic1.task import Task, TaskError
from synthetic1.tasks.formats.answers.answer_rows import answer_text
from synthetic1.tasks.formats.answers.reasoning_gym import NUMBERS, refusal
from synthetic1.tasks.formats.code_rows import Row, has_columns, shown
from synthetic1.tasks.formats.coding.published_tests import published_tests
from synthetic1.tasks.formats.math_rows import math_task
from synthetic1.tasks.formats.readers import register_reader

COLUMNS = ("problem_id", "prompt", "verification_info")
SOURCE = "synthetic2"
FAMILY = re.compile(r"(.*?)(?:[_-]\d+)?")
FIELD = "verification_info"


def is_synthetic2_row(columns: Collection[str]) -> bool:
    rewarded = any(name.endswith(("_avg_reward", "_responses")) for name in columns)
    return has_columns(columns, ("prompt", FIELD)) and "task_type" not in columns and rewarded


def read_synthetic2_row(fields: Mapping[str, Any], where: str) -> Task:
    """The task of one row.

    Raises:
        TaskError: a field is not what the format says, or the row is of a family that cannot be verified here.
    """
    row = Row(fields, where)
    info, published = row.structure(FIELD), row.optional_text("problem_id")
    if not isinstance(info, Mapping):
        raise row.error(FIELD, f"must hold a mapping, got {shown(info)}")
    prompt = row.text("prompt")
    problem_id = published or row.content_id(SOURCE, FIELD, [prompt, dict(info)])
    if "test_cases" in info:
        return row.task(
            problem_id=problem_id,
            id_field="problem_id",
            prompt=prompt,
            source=SOURCE,
            verification_info=published_tests(row, FIELD, info["test_cases"]).information,
            metadata={},
        )
    if "code_output" in info:
        return _output(row, prompt, problem_id, info["code_output"])
    if "reasoning_gym_dataset" in info and info["reasoning_gym_dataset"] not in NUMBERS:
        raise row.error(FIELD, refusal(str(info["reasoning_gym_dataset"])))
    if "reasoning_gym_dataset" in info and "boxed" not in prompt:
        raise row.error("prompt", r"does not ask for \boxed{…}, where answers of reasoning-gym would be looked for")
    if not (published.startswith("sky_work_math") or "reasoning_gym_dataset" in info) or "ground_truth" not in info:
        raise row.error(FIELD, _refusal(published, info))
    return math_task(
        row,
        prompt,
        truth=answer_text(row, FIELD, info["ground_truth"]),
        solution="",
        source=SOURCE,
        metadata={"source_dataset": info.get("reasoning_gym_dataset")},
        problem_id=problem_id,
        prompt=prompt,
    )


def _refusal(published: str, info: Mapping[str, Any]) -> str:
    family = FAMILY.fullmatch(published)
    named = f"of `{family[1]}` " if family is not None and family[1] else ""
    return f"{named}holds {', '.join(map(str, info)) or 'nothing'}: this family of SYNTHETIC-2 cannot be verified here"


def _output(row: Row, prompt: str, problem_id: str, output: Any) -> Task:
    if not isinstance(output, str):
        raise row.error(FIELD, f"holds `code_output` as {shown(output)}; outputs that are text can be compared")
    try:
        return Task(
            problem_id=problem_id,
            task_type="code_output_prediction",
            prompt=prompt,
            verification_info={"ground_truth": output},
            gold_standard_solution=output,
            source=SOURCE,
            in_source_id=problem_id,
            metadata={"language": "python"},
        )
    except TaskError as error:
        raise TaskError(f"{row.where}: {error}") from None


register_reader("synthetic2", is_synthetic2_row, read_synthetic2_row, columns=COLUMNS)
