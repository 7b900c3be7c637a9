"""What a row with an exact prompt and a gold is about, by the words it uses for that; and its task."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from synthetic1.keys import content_key
from synthetic1.task import Task, TaskError
from synthetic1.tasks.formats import stem
from synthetic1.tasks.formats.answers.answer_rows import answer_text
from synthetic1.tasks.formats.code_rows import Row, shown
from synthetic1.tasks.formats.coding.published_tests import published_tests
from synthetic1.tasks.formats.math_rows import math_task

MATH = re.compile(
    r"math|arithmetic|algebra|gsm8k|geometry|aime|\bamc|numina|olympiad|deepscaler|\borz\b", re.IGNORECASE
)
CODE = re.compile(
    r"(?<![a-z])(?:code|coding|codegen)(?![a-z])|programming|\btaco\b|\bapps\b|codecontests|codeforces|livecodebench|leetcode|humaneval|mbpp",
    re.IGNORECASE,
)
SCIENCE = re.compile(r"\b(?:stem|science|physics|chemistry|biology)\b", re.IGNORECASE)


@dataclass(frozen=True)
class PromptedRow:
    """What the layouts of trainers have in common."""

    row: Row
    prompt: str
    gold_field: str
    """Where the gold stands, as errors name it."""
    gold: Any
    source: str
    problem_id: str
    metadata: Mapping[str, Any]
    solution: str = ""

    def task(self, family: str) -> Task:
        """The task, of a family that ``family_of`` has named.

        Raises:
            TaskError: the gold is nothing that its verifier could use.
        """
        if family == "math":
            return self._math()
        return self._code() if family == "code" else self._science()

    def _math(self) -> Task:
        return math_task(
            self.row,
            self.prompt,
            truth=answer_text(self.row, self.gold_field, self.gold),
            solution=self.solution,
            source=self.source,
            metadata=self.metadata,
            problem_id=self.problem_id,
            prompt=self.prompt,
        )

    def _code(self) -> Task:
        return self.row.task(
            problem_id=self.problem_id or self.row.content_id(self.source, self.gold_field, [self.prompt, self.gold]),
            id_field="id",
            prompt=self.prompt,
            source=self.source,
            verification_info=published_tests(self.row, self.gold_field, self.gold).information,
            metadata=self.metadata,
            gold=self.solution or None,
        )

    def _science(self) -> Task:
        reference = answer_text(self.row, self.gold_field, self.gold)
        information = {"question": self.prompt, "ground_truth": reference}
        try:
            return Task(
                problem_id=self.problem_id or content_key(information),
                task_type=stem.TASK_TYPE,
                prompt=self.prompt,
                verification_info=information,
                gold_standard_solution=reference,
                source=self.source,
                metadata={name: value for name, value in self.metadata.items() if value not in (None, "")},
            )
        except TaskError as error:
            raise TaskError(f"{self.row.where}: {error}") from None


def family_of(*said: str) -> str:
    """``math``, ``code`` or ``stem``, by the first of ``said`` that names one; ``""`` if none does."""
    for words in said:
        for family, names in (("code", CODE), ("math", MATH), ("stem", SCIENCE)):
            if names.search(words):
                return family
    return ""


def text_of(row: Row, name: str) -> str:
    """A name that may be published as a list of one (open-instruct's later rows)."""
    value = row.fields.get(name)
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if value is not None and not isinstance(value, str):
        raise row.error(name, f"must be a string or null, got {shown(value)}")
    return value or ""
