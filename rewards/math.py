"""The verifier of mathematical answers: does the completion's last box say what the gold says?"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, ClassVar

from synthetic1.completion import Completion
from synthetic1.rewards.math_answers.answer import MAX_ANSWER, STYLES, AnswerStyle, find_answer
from synthetic1.rewards.math_answers.compare import SymbolicQuestion, is_equivalent
from synthetic1.rewards.math_answers.pool import OverLimit, SymbolicPool
from synthetic1.rewards.math_answers.reading import read
from synthetic1.rewards.math_answers.screen import restates, too_costly
from synthetic1.rewards.math_answers.symbolic import Unparseable
from synthetic1.rewards.math_answers.values import Formula, Value
from synthetic1.rewards.registry import register
from synthetic1.rewards.scoring.per_loop import PerLoop
from synthetic1.rewards.verifier import Verifier
from synthetic1.task import Task
from synthetic1.verdict import Verdict

MAX_GOLD = 20_000  # characters
MAX_QUESTIONS = 60  # a pair may need, for lists of formulas in any order
_FACTOR = re.compile(r"\bfactor(?:i[sz]e|ed)?\b", re.IGNORECASE)


@register("verifiable_math")
@dataclass(frozen=True)
class Math(Verifier):
    r"""Scores 1 if the answer is mathematically what ``verification_info["ground_truth"]`` says, else 0.

    What counts as the answer is the ``answer_style`` (see ``math_answers.answer``); ``boxed``, the default, is the one
    to train with. Both sides are read into values (numbers, quantities with units, tuples, sets, intervals,
    equations, words), which are compared by rule, exactly and in microseconds. Only formulas that are not written alike
    go to a worker process, where math-verify's parser reads them; a worker that takes longer than ``comparison_s``
    of processor time is killed. ``details["decided_by"]`` is ``fast_path`` or ``symbolic``.

    A gold that cannot be read is ``unscorable_gold``. An answer that is too costly to compare is wrong, unless the
    gold is as costly.

    Raises:
        ValueError: an unknown ``answer_style``.
    """

    version: ClassVar[int] = 2

    answer_style: AnswerStyle = "boxed"
    comparison_s: float = 2.0
    """Seconds of processor time one symbolic comparison may take."""
    workers: int | None = field(default=None, compare=False)
    """Processes for symbolic comparisons; None = one a core."""

    def __post_init__(self) -> None:
        if self.answer_style not in STYLES:
            raise ValueError(f"answer_style is one of {', '.join(STYLES)}; got {self.answer_style!r}")

    async def verify(self, task: Task, completion: Completion) -> Verdict:
        pair = self._read_pair(task, completion)
        return pair if isinstance(pair, Verdict) else await self._compare(task, pair)

    def verify_now(self, task: Task, completion: Completion) -> Verdict | None:
        """The verdict where rules alone give one, in microseconds; else ``None``."""
        gold = _gold(task.verification_info)
        if isinstance(gold, _Gold) and isinstance(gold.value, Formula):
            return None  # a worker has to read it first, whatever the answer says
        pair = self._read_pair(task, completion)
        if isinstance(pair, Verdict):
            return pair
        try:
            next(is_equivalent(pair.gold, pair.value))
        except StopIteration as decided:
            return Verdict.graded(float(decided.value), answer=pair.answer, decided_by="fast_path")
        return None

    def _read_pair(self, task: Task, completion: Completion) -> _Pair | Verdict:
        """What is to be compared, or the verdict that needs no comparison."""
        gold = _gold(task.verification_info)
        if isinstance(gold, Verdict):
            return gold
        assert completion.answer is not None, "the scorer answers for completions without an answer"
        found = find_answer(completion.answer, self.answer_style)
        if found is None:
            return Verdict(0.0, "no_answer", None, {"why": f"no answer in the style `{self.answer_style}`"})
        if len(found.text) > MAX_ANSWER and len(found.text) > len(gold.text):
            return Verdict(0.0, "wrong_answer", found.text, {"why": f"an answer of more than {MAX_ANSWER} characters"})
        why = too_costly(found.text)
        if why is not None and too_costly(gold.text) is None:
            return Verdict(0.0, "wrong_answer", found.text, {"why": f"not compared: it has {why}"})
        if _is_sum(found.text) and not _is_sum(gold.text) and _FACTOR.search(task.prompt):
            return Verdict(0.0, "wrong_answer", found.text, {"why": "asked for factors, got a sum"})
        return _Pair(gold.value, found.text, read(found.text))

    async def _compare(self, task: Task, pair: _Pair) -> Verdict:
        """The verdict on a pair, with the answers of workers to what rules cannot tell."""
        pool = await _pools.get((self.workers, self.comparison_s))
        comparison = is_equivalent(pair.gold, pair.value)
        answers: dict[SymbolicQuestion, bool] = {}
        try:
            if isinstance(pair.gold, Formula):
                await pool.ask(SymbolicQuestion("parses", pair.gold.latex, ""))
            question = next(comparison)
            while True:
                if question not in answers:
                    if len(answers) == MAX_QUESTIONS:
                        why = f"more than {MAX_QUESTIONS} comparisons of formulas"
                        return Verdict(0.0, "wrong_answer", pair.answer, {"why": why, "decided_by": "symbolic"})
                    answers[question] = await pool.ask(question)
                question = comparison.send(answers[question])
        except StopIteration as decided:
            same: bool = decided.value
        except Unparseable as error:
            return Verdict.unscorable("gold", f"the gold cannot be read as mathematics: {error}")
        except OverLimit as reached:
            return await self._over_limit(pool, pair.gold, reached, pair.answer)
        by = "symbolic" if answers else "fast_path"
        if same and answers and isinstance(pair.value, Formula) and restates(task.prompt, pair.value.latex):
            return Verdict(0.0, "wrong_answer", pair.answer, {"why": "it restates the question", "decided_by": by})
        return Verdict.graded(float(same), answer=pair.answer, decided_by=by)

    async def _over_limit(self, pool: SymbolicPool, gold: Value, reached: OverLimit, answer: str) -> Verdict:
        """The answer's fault, unless the gold alone is too much."""
        if isinstance(gold, Formula):
            try:
                await pool.ask(SymbolicQuestion("equal", gold.latex, f"({gold.latex})"))
            except OverLimit:
                return Verdict.unscorable("gold", f"the gold alone reaches the limit of {reached.limit}")
        reason = "memory_limit" if reached.limit == "memory" else "time_limit"
        return Verdict(0.0, reason, answer, {"decided_by": "symbolic", "why": f"limit of {reached.limit} reached"})

    def gold_completion(self, task: Task) -> str | None:
        """The ground truth in a box; of a whole solution, its last box again."""
        truth = task.verification_info.get("ground_truth")
        if truth is None or not str(truth).strip():
            return None
        boxed = find_answer(truth, "boxed") if isinstance(truth, str) else None
        return f"\\boxed{{{truth if boxed is None else boxed.text}}}"

    async def aclose(self) -> None:
        await _pools.aclose((self.workers, self.comparison_s))


async def _open_pool(settings: tuple[int | None, float]) -> SymbolicPool:
    workers, comparison_s = settings
    return SymbolicPool(workers or len(os.sched_getaffinity(0)), comparison_s)


_pools = PerLoop(_open_pool)


@dataclass(frozen=True)
class _Gold:
    text: str
    value: Value


@dataclass(frozen=True, slots=True)
class _Pair:
    """What is compared: the gold, and the answer as it stands in the completion and as it is read."""

    gold: Value
    answer: str
    value: Value


def _gold(info: Mapping[str, Any]) -> _Gold | Verdict:
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
def _read_gold(truth: str) -> _Gold:
    """The gold's value: what is in its last box, if it has one (a whole solution), or all of it."""
    boxed = find_answer(truth, "boxed")
    text = boxed.text if boxed is not None else truth
    return _Gold(text, read(text))


def _is_sum(text: str) -> bool:
    """Whether a formula is a sum at its top, outside all brackets."""
    depth = 0
    for index, char in enumerate(text.strip()):
        depth += (char in "({[") - (char in ")}]")
        if depth == 0 and index and char in "+-":
            return True
    return False
