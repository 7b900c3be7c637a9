"""The verifier of mathematical answers: does the completion's last box say what the gold says?"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

from synthetic1.completion import Completion
from synthetic1.keys import content_key
from synthetic1.rewards.math_answers.answer import MAX_ANSWER, STYLES, Answer, AnswerStyle, find_answer
from synthetic1.rewards.math_answers.compare import says_the_gold
from synthetic1.rewards.math_answers.idioms.bounds import is_bound_asked_for
from synthetic1.rewards.math_answers.prompt import Asked, what_is_asked
from synthetic1.rewards.math_answers.reading import Said, gold_problem, gold_words, read
from synthetic1.rewards.math_answers.rules import Tally
from synthetic1.rewards.registry import register
from synthetic1.rewards.verifier import Verifier
from synthetic1.task import Task
from synthetic1.verdict import Verdict

if TYPE_CHECKING:
    from synthetic1.rewards.judging.rubrics import Rubric
    from synthetic1.rewards.judging.settings import JudgeSettings

log = logging.getLogger(__name__)
MAX_GOLD = 20_000  # characters
MAX_SHOWN = 60_000  # characters of a prompt: a judge is shown all of it or nothing


@dataclass(frozen=True)
class LeftOpen:
    """An answer that the rules refuse without being certain."""

    gold: str
    answer: str
    why: str
    """Why they are not."""


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

    With a ``judge``, rules come first all the same, and their word is final wherever it is certain. The judge is asked
    only about an answer that they refuse, that is short and well-formed, and of which they cannot tell: a side was read
    in part or is words, a formula has no value to compare, two relations are written in two ways
    (``judging.final_answers.why_open`` has all of it). The gate of the judged verifiers stands before it. It says 1 or
    0; ``details["decided_by"]`` is then ``judge``, or ``gate``, and ``asked_because`` says what the rules could not
    tell. A judge that fails is ``unscorable_judge``; one that replies uselessly to this answer, but not to the gold in
    its place, leaves it at 0. Without a judge, which is the default, nothing of that is loaded.

    Raises:
        ValueError: an unknown ``answer_style``.
    """

    version: ClassVar[int] = 5
    inline: ClassVar[bool] = True

    answer_style: AnswerStyle = "boxed"
    workers: int | None = field(default=None, compare=False)
    """Of no effect any more: comparisons need no processes of their own."""
    judge: JudgeSettings | None = None
    """Who is asked where the rules cannot tell; ``None``, or settings without a server: nobody."""

    def __post_init__(self) -> None:
        if self.answer_style not in STYLES:
            raise ValueError(f"answer_style is one of {', '.join(STYLES)}; got {self.answer_style!r}")
        if self.judge is not None and self.judge.server is None:
            object.__setattr__(self, "judge", None)  # a judge that is nowhere would only make 0 unscorable
        if self.judge is not None:
            from synthetic1.rewards.judging.judged_verifier import DEADLINE_S

            object.__setattr__(self, "inline", False)  # of this verifier alone: it awaits
            object.__setattr__(self, "deadline_s", DEADLINE_S)

    @property
    def rubric(self) -> Rubric:
        """What the judge is asked."""
        from synthetic1.rewards.judging.rubrics import FINAL_ANSWER

        return FINAL_ANSWER

    @property
    def concurrency(self) -> int | None:
        return None if self.judge is None else self.judge.concurrency

    @property
    def key(self) -> str:
        """Without a judge, what it was before there could be one: verdicts that are stored stay good."""
        if self.judge is not None:
            return content_key([super().key, self.rubric.key])
        cls = type(self)
        settings = {one.name: getattr(self, one.name) for one in fields(self) if one.compare and one.name != "judge"}
        return content_key([f"{cls.__module__}:{cls.__qualname__}", self.version, settings])

    async def verify(self, task: Task, completion: Completion) -> Verdict:
        found = self._decide(task, completion)
        return await self._ask(task, found) if isinstance(found, LeftOpen) else found

    def verify_now(self, task: Task, completion: Completion) -> Verdict | None:
        """The verdict of the rules, which without a judge there always is; ``None`` where a judge has to be asked."""
        found = self._decide(task, completion)
        return None if isinstance(found, LeftOpen) else found

    def _decide(self, task: Task, completion: Completion) -> Verdict | LeftOpen:
        gold = _gold(task.verification_info)
        if isinstance(gold, Verdict):
            return gold
        assert completion.answer is not None, "the scorer answers for completions without an answer"
        found = find_answer(completion.answer, self.answer_style)
        if found is None:
            return Verdict(0.0, "no_answer", None, {"why": f"no answer in the style `{self.answer_style}`"})
        if len(found.text) > MAX_ANSWER and len(found.text) > len(gold.text):
            return Verdict(0.0, "wrong_answer", found.text, {"why": f"an answer of more than {MAX_ANSWER} characters"})
        if found.bound and not is_bound_asked_for(found.bound, task.prompt):
            why = f"words or signs beside the box make it a bound, which nobody asks for: {found.bound}"
            return Verdict(0.0, "wrong_answer", found.text, {"why": why})
        asked, tally = what_is_asked(task.prompt), Tally()
        if self.answer_style == "any" and found.found not in ("box", "boxes"):
            asked = replace(asked, any_form=True)
        try:
            answer = read(found.text, asked.terms | gold_words(gold.text))
            same = says_the_gold(gold, answer, asked, tally)
            if self.judge is not None and not same:
                left = _left_open(task, gold, found, answer, asked)
                if left is not None:
                    return left
        except ImportError:  # of what a judge takes: no answer can bring that about
            raise
        except Exception as error:  # a defect of ours, which no answer may find and turn into no verdict
            says_the_gold(gold, gold, asked, Tally())  # raises where it is the gold that finds it
            log.exception("a defect of the verifier, please report it: gold %r, answer %r", gold.text, found.text)
            return Verdict(0.0, "wrong_answer", found.text, {"defect": f"{type(error).__name__}: {error}"})
        by = "symbolic" if tally.formulas else "fast_path"
        return Verdict.graded(float(same), answer=found.text, decided_by=by)

    async def _ask(self, task: Task, left: LeftOpen) -> Verdict:
        """The judge's verdict. An answer that makes it reply uselessly is 0, or it would buy itself a way out."""
        from synthetic1.rewards.judging.judged_verifier import judges

        assert self.judge is not None, "without a judge nothing is left open"
        judge = await judges.get(self.judge)

        async def about(candidate: str) -> Verdict:
            return await judge.ask(self.rubric, question=task.prompt, reference=left.gold, candidate=candidate)

        verdict = await about(left.answer)
        if "replied" in verdict.details and (await about(left.gold)).score is not None:
            verdict = await about(left.answer)  # once more, lest a judge that stumbled has an answer blamed for it
            if "replied" in verdict.details:
                why = "the judge gives no verdict on it, but does on the reference in its place"
                verdict = Verdict(0.0, "refused_by_gate", left.answer, {"decided_by": "gate", "why": why})
        return replace(verdict, details={**verdict.details, "asked_because": left.why})

    async def aclose(self) -> None:
        if self.judge is not None:
            from synthetic1.rewards.judging.judged_verifier import judges

            await judges.aclose(self.judge)

    def gold_completion(self, task: Task) -> str | None:
        """The ground truth in a box; of a whole solution, its last box again."""
        truth = task.verification_info.get("ground_truth")
        if truth is None or not str(truth).strip():
            return None
        boxed = find_answer(truth, "boxed") if isinstance(truth, str) else None
        return f"\\boxed{{{truth if boxed is None else boxed.text}}}"


def _left_open(task: Task, gold: Said, found: Answer, answer: Said, asked: Asked) -> Verdict | LeftOpen | None:
    """What of a refused answer is left to a judge, or the gate's verdict; ``None`` if the rules' no stands."""
    from synthetic1.rewards.judging.final_answers import why_open, why_refused
    from synthetic1.rewards.judging.gate import refused

    if found.found == "boxes" or len(task.prompt) > MAX_SHOWN:
        return None  # several boxes are several answers
    why = why_open(gold, answer, asked, task.prompt)
    if why is None:
        return None
    refusal = why_refused(gold, answer, task.prompt)
    return LeftOpen(gold.text, found.text, why) if refusal is None else refused(refusal, found.text)


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
    said = read(text, gold_words(text))
    problem = gold_problem(text, said)
    return said if problem is None else Verdict.unscorable("gold", f"verification_info.ground_truth: {problem}")
