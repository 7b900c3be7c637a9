"""Cases made of kinds alone, all of them right by construction: no oracle is asked."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence

from synthetic1.evaluation.auditing.case import AuditCase, AuditedGold, CaseKind, Certainty, OracleAnswer
from synthetic1.evaluation.auditing.file_rewrites import FILE_EQUIVALENTS, FILE_MUTANTS
from synthetic1.evaluation.auditing.quantity_rewrites import QUANTITY_EQUIVALENTS, QUANTITY_MUTANTS
from synthetic1.rewards.verifier import Verifier
from synthetic1.task import Task, TaskError


class WithoutOracle:
    """What a ``CaseMaker`` says that has no oracle to ask."""

    def quick_answers(self, task: Task, cases: Sequence[AuditCase]) -> list[OracleAnswer]:
        return [OracleAnswer.UNREAD] * len(cases)

    def patient_answers(self, task: Task, cases: Sequence[AuditCase]) -> list[OracleAnswer]:
        return [OracleAnswer.UNREAD] * len(cases)

    def close(self) -> None:
        pass


class KindCases(WithoutOracle):
    """A ``CaseMaker`` without an oracle.

    Args:
        equivalents: the rewriters, by kind.
        mutants: the mutators, by kind.
        gold: a task's gold as the kinds take it; empty where there is none to rewrite.
        frame: a completion from an answer, for kinds that write answers.
    """

    def __init__(
        self,
        equivalents: Mapping[str, CaseKind],
        mutants: Mapping[str, CaseKind],
        gold: Callable[[Task], str],
        frame: Callable[[str], str] = str,
    ) -> None:
        self._sides = ((1.0, equivalents), (0.0, mutants))
        self._gold, self._frame = gold, frame

    def gold_text(self, task: Task) -> str:
        return self._gold(task)

    def cases(self, task: Task, neighbour: Task | None, rng: random.Random) -> Iterator[AuditCase]:
        text = self._gold(task)
        if not text:
            return
        gold = AuditedGold(task, text, self._gold(neighbour) if neighbour is not None else None)
        seen: set[str] = set()  # an equivalent that a mutator makes again is not a mutant
        for expected, kinds in self._sides:
            for name, kind in kinds.items():
                for written in kind.make(gold, rng):
                    completion = written if kind.whole else self._frame(written)
                    if completion not in seen:
                        seen.add(completion)
                        yield AuditCase(name, expected, completion, written, kind.certainty)


class OwnCases(WithoutOracle):
    """A ``CaseMaker`` of what a verifier says itself: the cases of task types that are not of this package."""

    def __init__(self, verifier: Verifier) -> None:
        self._verifier = verifier

    @staticmethod
    def has_any(verifier: Verifier) -> bool:
        """Whether the verifier brings cases, or at least a gold."""
        cls = type(verifier)
        return cls.audit_cases is not Verifier.audit_cases or cls.gold_completion is not Verifier.gold_completion

    def gold_text(self, task: Task) -> str:
        return task.gold_standard_solution or str(task.verification_info.get("ground_truth") or "")

    def cases(self, task: Task, neighbour: Task | None, rng: random.Random) -> Iterator[AuditCase]:
        try:
            made = [
                AuditCase(str(kind), {0.0: 0.0, 1.0: 1.0}[expected], completion, completion, Certainty.ASSERTED)
                for kind, expected, completion in self._verifier.audit_cases(task)
            ]
        except Exception as error:
            name = type(self._verifier).__qualname__
            raise TaskError(
                f"{name}.audit_cases, task `{task.problem_id}`: {type(error).__name__}: {error}; it gives tuples of a "
                "kind, 1.0 or 0.0, and a completion"
            ) from error
        yield from made


def stem_cases() -> KindCases:
    """Quantities in other spellings and units. Those whose verdict is the judge's have no score without one."""
    return KindCases(QUANTITY_EQUIVALENTS, QUANTITY_MUTANTS, _value, "<answer>{}</answer>".format)


def swe_cases() -> KindCases:
    """The real file and its edits, in the forms that a prompt allows, and in others."""
    return KindCases(FILE_EQUIVALENTS, FILE_MUTANTS, _file_after)


def _value(task: Task) -> str:
    found = task.verification_info.get("answer_value") or task.verification_info.get("ground_truth")
    return found if isinstance(found, str) else ""


def _file_after(task: Task) -> str:
    gold = task.gold_standard_solution
    return gold if isinstance(gold, str) else ""
