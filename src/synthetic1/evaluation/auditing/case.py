"""What an audit is made of: a case with the verdict it must get, and the kinds of cases that rewrite a gold."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from synthetic1.task import Task


class Certainty(Enum):
    """How much is known of a kind's cases before anybody looks at one of them."""

    ASSERTED = "asserted"
    """The form decides, not the value: a list of guesses scores 0, whatever is in it. No oracle is asked."""
    CERTAIN = "certain"
    """Right by construction. The oracle may still object; where it cannot read both sides, the case is kept."""
    CHECKED = "checked"
    """Right in most cases. Counts as an error only where an oracle reads both sides and agrees."""


class OracleAnswer(Enum):
    """What an oracle says of gold and answer."""

    EQUAL = "equal"
    DIFFERENT = "different"
    UNREAD = "unread"
    """It could not read both sides completely, or not in time."""


@dataclass(frozen=True, slots=True)
class AuditCase:
    """A completion whose verdict is known."""

    kind: str
    """The rewriter or mutator that made it."""
    expected: float
    """1.0 of an equivalent, 0.0 of a mutant."""
    completion: str
    answer: str
    """What stands in the completion as its answer: what the oracle compares with the gold."""
    certainty: Certainty = Certainty.CERTAIN
    note: str = ""
    """What was done, where the kind's name does not say it."""


@dataclass(frozen=True, slots=True)
class AuditedGold:
    """The answer of a task as rewriters and mutators take it."""

    task: Task
    text: str
    """The answer alone, without box and dollar signs."""
    neighbour: str | None = None
    """The answer of another task of the same source."""


Rewrite = Callable[[AuditedGold, random.Random], Iterator[str]]
"""A pure function from a gold to texts: answers, or whole completions if its kind says so.

It keeps (rewriter) or changes (mutator) the meaning, and yields nothing where that is not sure.
"""


@dataclass(frozen=True, slots=True)
class CaseKind:
    """A rewriter or mutator, and what is known of the cases that it makes."""

    make: Rewrite
    certainty: Certainty = Certainty.CERTAIN
    whole: bool = False
    """Whether it writes whole completions instead of answers."""


class CaseMaker(Protocol):
    """What a family of tasks brings to an audit."""

    def cases(self, task: Task, neighbour: Task | None, rng: random.Random) -> Iterator[AuditCase]:
        """The cases of one task; none if its gold is nothing that can be rewritten."""
        ...

    def gold_text(self, task: Task) -> str:
        """The gold as a person would read it, for lists of golds and offenders."""
        ...

    def quick_answers(self, task: Task, cases: Sequence[AuditCase]) -> list[OracleAnswer]:
        """What a quick oracle says of the answer of each case and the gold of ``task``. Every case is asked about."""
        ...

    def patient_answers(self, task: Task, cases: Sequence[AuditCase]) -> list[OracleAnswer]:
        """What a slow one says of cases that the quick one could not read."""
        ...

    def close(self) -> None:
        """End the processes that an oracle holds. May be called twice."""
        ...


def is_kept(case: AuditCase, said: OracleAnswer) -> bool:
    """Whether a case of which the oracle says ``said`` has the verdict that it claims."""
    if said is OracleAnswer.UNREAD:
        return case.certainty is not Certainty.CHECKED
    return (said is OracleAnswer.EQUAL) == (case.expected == 1.0)
