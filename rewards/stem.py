"""The verifier of science questions: rules decide numbers with units, and a judge compares what is left.

``verification_info`` of a task has ``question`` (without it, the judge is shown the prompt), ``ground_truth``, the
reference answer (without it, ``gold_standard_solution``), and ``answer_value``, the number with its unit that the
answer comes to, where there is one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction
from typing import ClassVar

from synthetic1.completion import Completion
from synthetic1.rewards.judge import DEADLINE_S, JudgeSettings, close_judge, judge_for
from synthetic1.rewards.judging.gate import refuse
from synthetic1.rewards.judging.rubrics import CLAIMS
from synthetic1.rewards.maths.answer import MAX_ANSWER, find_answer
from synthetic1.rewards.maths.compare import Unanswered, says_the_same
from synthetic1.rewards.maths.reading import read
from synthetic1.rewards.maths.screen import too_costly
from synthetic1.rewards.maths.units import Unit
from synthetic1.rewards.maths.values import Chain, Number, Quantity, Value
from synthetic1.rewards.registry import register
from synthetic1.rewards.verifier import Verifier
from synthetic1.task import Task
from synthetic1.verdict import Verdict

FAR = Fraction(1, 20)
"""From how far off, relative to the gold, a number is wrong by rule. Nearer ones may be a matter of rounding."""
_TAG = re.compile(r"<(/?)answer\s*>", re.IGNORECASE)


def last_answer(text: str) -> str | None:
    """What stands in the last complete ``<answer>…</answer>`` of ``text``; ``None`` if there is none.

    A block goes from an opening tag to the first closing tag after it. An opening tag inside a block begins it anew; a
    block that never closes is no answer, and a closing tag alone is text: the last block that is complete counts.
    """
    start: int | None = None
    found: str | None = None
    for tag in _TAG.finditer(text):
        if not tag[1]:
            start = tag.end()
        elif start is not None:
            found, start = text[start : tag.start()], None
    return found


def compare_numbers(gold: str, answer: str) -> bool | None:
    """Whether two numbers with their units are the same; ``None`` where that is not for rules to say.

    It is not if one of them is no number with a unit that is known, if only one has a unit, or if they are near.
    """
    one, other = _quantity(gold), _quantity(answer)
    if one is None or other is None:
        return None
    (_, this, unit), (_, that, its) = one, other
    if unit != its:
        return False if isinstance(unit, tuple) and isinstance(its, tuple) else None
    try:
        if says_the_same(one[0], other[0], {}):
            return True
    except Unanswered:
        return None
    return False if this == 0 or abs(this - that) > FAR * abs(this) else None


def _quantity(text: str) -> tuple[Value, Fraction, object] | None:
    """The value of ``text``, its size in base units, and what it measures."""
    boxed = find_answer(text, "boxed")
    text = boxed.text if boxed is not None else text.strip().strip("*").strip()
    if len(text) > MAX_ANSWER or too_costly(text) is not None:
        return None
    value = read(text)
    if isinstance(value, Chain) and len(value.sides) == 1:
        value = value.sides[0]
    if isinstance(value, Number):
        return value, value.value, None
    if not isinstance(value, Quantity) or not isinstance(value.magnitude, Number):
        return None
    unit, size = value.unit, value.magnitude.value
    if not isinstance(unit, Unit):
        return value, size, unit
    return None if unit.label else (value, size * unit.size, unit.dimensions)


@register("stem")
@dataclass(frozen=True)
class Stem(Verifier):
    """Scores the last complete ``<answer>…</answer>`` by whether it answers the question as the reference does.

    Answers that say nothing are 0. If ``answer_value`` is given, or the reference is nothing but a number, an answer
    that is a number too is compared by rule. A judge decides the rest, by the claims of the reference: 1, 0.5 or 0.

    ``details`` hold ``decided_by`` (``gate``, ``math`` or ``judge``), ``why`` where the gate refused, and the judge's
    own.
    """

    version: ClassVar[int] = 1
    deadline_s: ClassVar[float | None] = DEADLINE_S

    judge: JudgeSettings = field(default_factory=JudgeSettings)

    @property
    def concurrency(self) -> int:
        return self.judge.concurrency

    async def verify(self, task: Task, completion: Completion) -> Verdict:
        info = task.verification_info
        for name in ("question", "answer_value", "judging_instructions"):
            if not isinstance(info.get(name) or "", str):
                why = f"task `{task.problem_id}`: verification_info.{name} must be a string"
                return Verdict.unscorable("task", why)
        question, value = info.get("question") or task.prompt, info.get("answer_value") or ""
        reference = info.get("ground_truth") or task.gold_standard_solution
        if not isinstance(reference, str) or not reference.strip():
            why = f"task `{task.problem_id}`: verification_info.ground_truth must be the reference answer"
            return Verdict.unscorable("gold", why)
        assert completion.answer is not None, "the scorer answers for completions without an answer"
        said = last_answer(completion.answer)
        if said is None:
            return Verdict(0.0, "no_answer", None, {"why": "no complete <answer>…</answer>"})
        said, known = said.strip(), f"{reference}\n\n(The value asked for: {value})" if value else reference
        same = compare_numbers(value or reference, said)
        if same is not None:
            return Verdict.graded(float(same), answer=said, decided_by="math")
        why_not = refuse(said, question, known)
        if why_not is not None:
            return Verdict(0.0, "wrong_answer", said, {"decided_by": "gate", "why": why_not})
        return await judge_for(self.judge).ask(
            CLAIMS,
            question=question,
            reference=known,
            candidate=said,
            instructions=info.get("judging_instructions") or "",
        )

    async def aclose(self) -> None:
        await close_judge(self.judge)
