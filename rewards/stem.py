"""The verifier of science questions: rules decide numbers with units, and a judge compares what is left.

``verification_info`` of a task has ``question`` (without it, the judge is shown the prompt), ``ground_truth``, the
reference answer (without it, ``gold_standard_solution``), and ``answer_value``, the number with its unit that the
answer comes to, where there is one. Where the prompt asks for no ``<answer>`` block, as those of published rows, the
whole answer counts.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import ClassVar

from synthetic1.completion import Completion
from synthetic1.rewards.judging.judged_verifier import JudgedVerifier
from synthetic1.rewards.judging.rubrics import CLAIMS, Rubric
from synthetic1.rewards.math_answers.answer import MAX_ANSWER, find_answer
from synthetic1.rewards.math_answers.exact import number
from synthetic1.rewards.math_answers.forms import value_of
from synthetic1.rewards.math_answers.reading import read
from synthetic1.rewards.quantities.comparison import compare
from synthetic1.rewards.quantities.definitions import load_units
from synthetic1.rewards.quantities.reading import Quantity, exact_number, is_beyond_measure, is_money, read_quantity
from synthetic1.rewards.registry import register
from synthetic1.rewards.task_fields import MalformedTask, malformed_field, optional_text
from synthetic1.task import Task
from synthetic1.verdict import Verdict

ASKED_FOR = "<answer>"
"""What a prompt holds that asks for a block."""
_TAG = re.compile(r"<(/?)answer\s*>", re.IGNORECASE)


def last_answer(text: str) -> str | None:
    """What stands in the last complete ``<answer>…</answer>`` of ``text``; ``None`` if there is none.

    A block goes from an opening tag to the first closing tag after it. An opening tag inside a block begins it anew; a
    block that never closes is not an answer, and a closing tag alone is text: the last block that is complete counts.
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
    """Whether two numbers, with their units if they have any, are the same; ``None`` where rules cannot tell."""
    one, other = _quantity(gold), _quantity(answer)
    return None if one is None or other is None else compare(one, other)


def _quantity(text: str) -> Quantity | None:
    """What ``text`` says if it is nothing but a number; a bare one may be written as mathematics writes it."""
    boxed = find_answer(text, "boxed")
    text = boxed.text if boxed is not None else text
    found = read_quantity(text)
    if found is not None or len(text) > MAX_ANSWER or is_money(text):
        return found
    said = read(text)
    if said.number is not None:
        return exact_number(said.number)
    value = None if said.node is None else number(value_of(said.node))
    return exact_number(value.value) if value is not None else None


@register("stem")
@dataclass(frozen=True)
class Stem(JudgedVerifier):
    """Scores the last complete ``<answer>…</answer>`` by whether it answers the question as the reference does.

    Answers that say nothing are 0, the reference word for word is 1. If ``answer_value`` is given, or the reference is
    nothing but a number, an answer that is a number too is compared by rule. A judge decides the rest, by the claims of
    the reference: 1, 0.5 or 0.

    ``details`` hold ``decided_by`` (``gate``, ``fast_path``, ``math`` or ``judge``), ``why`` where the gate
    refused, and the judge's own.
    """

    version: ClassVar[int] = 2
    rubric: ClassVar[Rubric] = CLAIMS

    async def verify(self, task: Task, completion: Completion) -> Verdict:
        try:
            question = optional_text(task, "question") or task.prompt
            value = optional_text(task, "answer_value")
            instructions = optional_text(task, "judging_instructions")
            reference = _reference(task)
        except MalformedTask as error:
            return error.verdict
        assert completion.answer is not None, "the scorer answers for completions without an answer"
        said = last_answer(completion.answer)
        if said is None and ASKED_FOR not in task.prompt:
            said = completion.answer
        if said is None:
            return Verdict(0.0, "no_answer", None, {"why": "no complete <answer>…</answer>"})
        said = said.strip()
        if said.split() == reference.split() and not is_beyond_measure(reference):
            return Verdict.graded(1.0, answer=said, decided_by="fast_path")
        if not load_units.cache_info().currsize:
            await asyncio.to_thread(load_units)
        same = compare_numbers(value or reference, said)
        if same is not None:
            return Verdict.graded(float(same), answer=said, decided_by="math")
        known = f"{reference}\n\n(The value asked for: {value})" if value else reference
        return await self.ask(question=question, reference=known, candidate=said, instructions=instructions)

    def gold_completion(self, task: Task) -> str | None:
        """The reference, word for word, which needs no judge; none where it holds tags of answers itself."""
        try:
            reference = _reference(task)
        except MalformedTask:
            return None
        block = f"<answer>{reference}</answer>"
        return block if last_answer(block) == reference else None


def _reference(task: Task) -> str:
    """The reference answer.

    Raises:
        MalformedTask: there is none.
    """
    reference = task.verification_info.get("ground_truth") or task.gold_standard_solution
    if not isinstance(reference, str) or not reference.strip():
        raise malformed_field(task, "ground_truth", "must be the reference answer", "gold")
    return reference
