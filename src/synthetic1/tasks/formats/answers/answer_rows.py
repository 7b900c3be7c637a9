"""Rows of a mathematical problem and its answer, told apart by what their columns are called.

The problem is the statement alone, so the prompt is composed as for MATH. Columns are those of the dataset cards; the
table below has them. Answers are strings, or numbers where a table made them numbers (AIME), or lists of one string
(OlympiadBench). What says that there is no answer is refused, as is a list of several.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from synthetic1.task import Task
from synthetic1.tasks.formats.code_rows import Row, shown
from synthetic1.tasks.formats.math_rows import math_task
from synthetic1.tasks.formats.readers import register_reader

UNANSWERED = ("proof", "notfound", "none", "null", "n/a", "nan")
LONGEST = 20_000  # characters of an answer that can be compared


@dataclass(frozen=True)
class AnswerLayout:
    """What the columns of such rows are called."""

    name: str
    needs: tuple[str, ...]
    """Rows that have these columns are in this layout."""
    problem: str = "problem"
    answer: str = "answer"
    solution: str = "solution"
    """``""`` if there is none that people have written."""
    id: str = "id"
    facts: tuple[str, ...] = ()
    """What is kept in the metadata."""

    @property
    def columns(self) -> tuple[str, ...]:
        named = (self.problem, self.answer, self.solution, self.id, *self.facts)
        return tuple(dict.fromkeys(name for name in named if name))

    def matches(self, columns: Collection[str]) -> bool:
        return set(self.needs) <= set(columns)

    def read(self, fields: Mapping[str, Any], where: str) -> Task:
        """The task of one row.

        Raises:
            TaskError: a field is missing or not what the layout says, or there is no answer to compare.
        """
        row = Row(fields, where)
        published, origin = fields.get(self.id), fields.get("source") if "source" in self.facts else None
        return math_task(
            row,
            row.text(self.problem),
            truth=answer_text(row, self.answer, fields.get(self.answer)),
            solution=row.optional_text(self.solution),
            source=f"{self.name}/{origin}" if isinstance(origin, str) and origin else self.name,
            problem_id=published if isinstance(published, str) else f"{self.name}/{published}" if published else "",
            metadata={name: fields.get(name) for name in self.facts},
        )


def answer_text(row: Row, name: str, value: Any) -> str:
    """The one answer that a field holds, as text. A list of one, also as JSON text (Skywork), is what is in it.

    Raises:
        TaskError: there is none, or several.
    """
    if isinstance(value, str) and value.lstrip().startswith('["'):
        parsed = row.parsed(name, value)
        value = parsed if isinstance(parsed, list) else value
    if isinstance(value, list):
        if len(value) != 1:
            raise row.error(name, f"lists {len(value)} answers; one can be compared")
        value = value[0]
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # what a table with a gap in it makes of whole numbers
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = repr(value)
    if not isinstance(value, str):
        raise row.error(name, f"must be the answer, a string or a number, got {shown(value)}")
    if not value.strip() or value.strip().lower() in UNANSWERED:
        raise row.error(name, f"is {value.strip()!r}: the row has no answer that could be compared")
    if len(value) > LONGEST:
        raise row.error(name, f"has {len(value):,} characters: no answer that could be compared")
    return value


LAYOUTS = (  # the later, the more it asks for
    # nvidia/AceReason-Math, math-ai/aime25, MathArena/aime_2025 and whatever else is called so
    AnswerLayout("problem_answer", ("problem", "answer"), facts=("difficulty", "level", "topic", "url", "year")),
    # agentica-org/DeepScaleR-Preview-Dataset, knoveleng/open-rs, HuggingFaceH4/aime_2024, yentinglin/aime_2025
    AnswerLayout("deepscaler", ("problem", "answer", "solution"), facts=("difficulty", "level", "url", "year")),
    # POLARIS-Project/Polaris-Dataset-53K: the difficulty is a pass rate such as "3/8"
    AnswerLayout("polaris", ("problem", "answer", "difficulty"), facts=("difficulty", "source")),
    # SynthLabsAI/Big-Math-RL-Verified: `domain` is a list of paths, the rate a number from 0 to 1
    AnswerLayout(
        "big_math", ("problem", "answer", "llama8b_solve_rate"), facts=("source", "domain", "llama8b_solve_rate")
    ),
    # GAIR/LIMO
    AnswerLayout("limo", ("question", "answer", "solution"), problem="question"),
    # zwhe99/DeepMath-103K; its `r1_solution_1` to `_3` are a model's. OlympiadBench's answer is a list of one
    AnswerLayout(
        "deepmath",
        ("question", "final_answer"),
        problem="question",
        answer="final_answer",
        solution="",
        facts=("difficulty", "topic", "subfield", "unit"),
    ),
    # nvidia/OpenMathReasoning, nvidia/OpenMathInstruct-2; `generated_solution` is a model's
    AnswerLayout(
        "openmathreasoning",
        ("problem", "expected_answer"),
        answer="expected_answer",
        solution="",
        facts=("problem_type", "problem_source", "pass_rate_72b_tir", "inference_mode"),
    ),
    # Maxwell-Jia/AIME_2024
    AnswerLayout(
        "aime", ("Problem", "Answer"), problem="Problem", answer="Answer", solution="Solution", id="ID", facts=("Year",)
    ),
)
for _layout in LAYOUTS:
    register_reader(_layout.name, _layout.matches, _layout.read, columns=_layout.columns)
