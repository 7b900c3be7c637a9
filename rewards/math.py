"""The verifier of mathematical answers: does the completion's last box say what the gold says?"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, ClassVar

from synthetic1.completion import Completion
from synthetic1.rewards.math_answers.answer import MAX_ANSWER, STYLES, AnswerStyle, find_answer
from synthetic1.rewards.math_answers.compare import says_the_gold
from synthetic1.rewards.math_answers.prompt import what_is_asked
from synthetic1.rewards.math_answers.reading import Said, gold_problem, read
from synthetic1.rewards.math_answers.rules import Tally
from synthetic1.rewards.registry import register
from synthetic1.rewards.verifier import Verifier
from synthetic1.task import Task
from synthetic1.verdict import Verdict

log = logging.getLogger(__name__)
MAX_GOLD = 20_000  # characters


@register("verifiable_math")
@dataclass(frozen=True)
class Math(Verifier):
    r"""Scores 1 if the answer is mathematically what ``verification_info["ground_truth"]`` says, else 0.

    What counts as the answer is the ``answer_style`` (see ``math_answers.answer.find_answer``); ``boxed``, the default,
    is the one to train with. Both sides are read into trees by one grammar and compared by rule: numbers exactly,
    quantities by what they measure, collections part by part, formulas by identity testing at seeded points
    (``details["decided_by"]`` is then ``symbolic``, else ``fast_path``). Nothing is simplified, so no answer can take
    long; ``docs/math.md`` has the rules.

    A gold that is prose, or no answer at all, is ``unscorable_gold`` for every answer.

    Raises:
        ValueError: an unknown ``answer_style``.
    """

    version: ClassVar[int] = 3
    inline: ClassVar[bool] = True

    answer_style: AnswerStyle = "boxed"
    workers: int | None = field(default=None, compare=False)
    """Of no effect any more: comparisons need no processes of their own."""

    def __post_init__(self) -> None:
        if self.answer_style not in STYLES:
            raise ValueError(f"answer_style is one of {', '.join(STYLES)}; got {self.answer_style!r}")

    async def verify(self, task: Task, completion: Completion) -> Verdict:
        return self.verify_now(task, completion)

    def verify_now(self, task: Task, completion: Completion) -> Verdict:
        """The verdict, which never has to be waited for."""
        gold = _gold(task.verification_info)
        if isinstance(gold, Verdict):
            return gold
        assert completion.answer is not None, "the scorer answers for completions without an answer"
        found = find_answer(completion.answer, self.answer_style)
        if found is None:
            return Verdict(0.0, "no_answer", None, {"why": f"no answer in the style `{self.answer_style}`"})
        if len(found.text) > MAX_ANSWER and len(found.text) > len(gold.text):
            return Verdict(0.0, "wrong_answer", found.text, {"why": f"an answer of more than {MAX_ANSWER} characters"})
        asked, tally = what_is_asked(task.prompt), Tally()
        try:
            same = says_the_gold(gold, read(found.text, asked.terms), asked, tally)
        except Exception as error:  # a defect of ours, which no answer may find and turn into no verdict
            says_the_gold(gold, gold, asked, Tally())  # raises where it is the gold that finds it
            log.exception("a defect of the verifier, please report it: gold %r, answer %r", gold.text, found.text)
            return Verdict(0.0, "wrong_answer", found.text, {"defect": f"{type(error).__name__}: {error}"})
        by = "symbolic" if tally.formulas else "fast_path"
        return Verdict.graded(float(same), answer=found.text, decided_by=by)

    def gold_completion(self, task: Task) -> str | None:
        """The ground truth in a box; of a whole solution, its last box again."""
        truth = task.verification_info.get("ground_truth")
        if truth is None or not str(truth).strip():
            return None
        boxed = find_answer(truth, "boxed") if isinstance(truth, str) else None
        return f"\\boxed{{{truth if boxed is None else boxed.text}}}"


def _gold(info: Mapping[str, Any]) -> Said | Verdict:
    truth = info.get("ground_truth")
    if isinstance(truth, int | float) and not isinstance(truth, bool):
        truth = repr(truth)
    if not isinstance(truth, str):
        shown = "missing" if truth is None else f"{type(truth).__name__}, not a string"
        return Verdict.unscorable("gold", f"verification_info.ground_truth is {shown}")
    if not truth.strip():
        return Verdict.unscorable("gold", "verification_info.ground_truth is empty")
    if len(truth) > MAX_GOLD:
        return Verdict.unscorable("gold", f"verification_info.ground_truth has {len(truth):,} characters")
    return _read_gold(truth)


@lru_cache(maxsize=8192)
def _read_gold(truth: str) -> Said | Verdict:
    """What the gold says: what is in its last box, if it has one (a whole solution), or all of it."""
    boxed = find_answer(truth, "boxed")
    text = boxed.text if boxed is not None else truth
    said = read(text)
    problem = gold_problem(text, said)
    return said if problem is None else Verdict.unscorable("gold", f"verification_info.ground_truth: {problem}")
