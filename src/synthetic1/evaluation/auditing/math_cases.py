"""The cases of mathematics: every rewriter and mutator on every gold, labelled by the oracle."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence

from synthetic1.evaluation.auditing.case import AuditCase, AuditedGold, CaseKind, OracleAnswer
from synthetic1.evaluation.auditing.math_equivalents import MATH_EQUIVALENTS
from synthetic1.evaluation.auditing.math_mutants import MATH_MUTANTS
from synthetic1.evaluation.auditing.mathematics.frames import completion_of
from synthetic1.evaluation.auditing.notation.sympy_worker import SympyWorker
from synthetic1.evaluation.auditing.notation.tex import answer_of
from synthetic1.evaluation.auditing.oracle import ask_quickly
from synthetic1.task import Task

MAX_GOLD = 400  # characters of a gold that is rewritten; longer ones are prose or whole solutions


class MathCases:
    """A ``CaseMaker`` for ``verifiable_math``.

    Args:
        equivalents: the rewriters, by kind.
        mutants: the mutators, by kind.
        patient: whether mutants that the quick oracle cannot read go to the patient one.
    """

    def __init__(
        self,
        equivalents: Mapping[str, CaseKind] = MATH_EQUIVALENTS,
        mutants: Mapping[str, CaseKind] = MATH_MUTANTS,
        *,
        patient: bool = True,
    ) -> None:
        self.sides = ((1.0, equivalents), (0.0, mutants))
        self._worker = SympyWorker() if patient else None

    def gold_text(self, task: Task) -> str:
        truth = task.verification_info.get("ground_truth")
        return answer_of(str(truth)) if truth is not None else ""

    def cases(self, task: Task, neighbour: Task | None, rng: random.Random) -> Iterator[AuditCase]:
        text = self.gold_text(task)
        if not text or len(text) > MAX_GOLD:
            return
        gold = AuditedGold(task, text, self.gold_text(neighbour) if neighbour is not None else None)
        seen = {completion_of(text)}  # an equivalent that a mutator makes again is not a mutant
        for expected, kinds in self.sides:
            for name, kind in kinds.items():
                for written in kind.make(gold, rng):
                    completion = written if kind.whole else completion_of(written)
                    if completion not in seen:
                        seen.add(completion)
                        answer = text if kind.whole and expected == 1.0 else written
                        yield AuditCase(name, expected, completion, answer, kind.certainty)

    def quick_answers(self, task: Task, cases: Sequence[AuditCase]) -> list[OracleAnswer]:
        gold = self.gold_text(task)
        return [ask_quickly(gold, case.answer) for case in cases]

    def patient_answers(self, task: Task, cases: Sequence[AuditCase]) -> list[OracleAnswer]:
        """As ``quick_answers``, of cases that were unread. An equivalent is never refuted by a reader that guesses."""
        if self._worker is None:
            return [OracleAnswer.UNREAD] * len(cases)
        gold, worker = self.gold_text(task), self._worker
        return [worker.ask(gold, case.answer) if case.expected == 0.0 else OracleAnswer.UNREAD for case in cases]

    def close(self) -> None:
        if self._worker is not None:
            self._worker.close()
