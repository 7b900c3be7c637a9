"""The verifier of output prediction: does the completion say what the program gives?"""

from __future__ import annotations

import ast
import io
import json
import tokenize
from collections.abc import Hashable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

from synthetic1.completion import Completion
from synthetic1.rewards.extract import MalformedObject, last_json_object
from synthetic1.rewards.registry import register
from synthetic1.rewards.verifier import Verifier
from synthetic1.task import Task
from synthetic1.verdict import Verdict

FIELD = "output"
MAX_LITERAL = 20_000  # characters of a Python literal in an answer; a longer one is wrong, unread
COMPARISONS = ("string", "python_literal")


@register("code_output_prediction", aliases=("verifiable_code_understanding",))
@dataclass(frozen=True)
class CodeUnderstanding(Verifier):
    """Scores 1 if the last JSON object with a field ``output`` holds the program's output, else 0.

    ``verification_info`` holds ``ground_truth`` (a string) and, optionally, ``compare`` (None is the default too):

    ================== ================================================================================================
    ``string``         (the default) The output is text. The field must be a JSON string, equal to ``ground_truth``
                       character by character. ``{"output": 5}`` is wrong for ``5``: a program that returns text returns
                       ``"5"``, and a format that takes both lets ``1.0`` and ``1`` or ``true`` and ``"true"`` blur.
    ``python_literal`` ``ground_truth`` is the ``repr`` of a Python value, as in CRUXEval. Right is a JSON value of the
                       same type and value, or a JSON string that holds a Python literal of the same type and value.
                       Types count all the way down: ``True``, ``1`` and ``1.0`` differ, and so do tuples and lists.
                       A literal with a comment, or with a key or an element twice, is wrong: it names two answers.
    ================== ================================================================================================

    The answer is only read (JSON, ``ast.literal_eval``), never run. That takes some 10 µs, and a third of a
    second for the worst completion there is.
    """

    version: ClassVar[int] = 1
    inline: ClassVar[bool] = True

    async def verify(self, task: Task, completion: Completion) -> Verdict:
        gold = task.verification_info.get("ground_truth")
        if not isinstance(gold, str):
            shown = "missing" if gold is None else f"{type(gold).__name__}, not a string"
            return Verdict.unscorable("gold", f"verification_info.ground_truth is {shown}")
        compare = task.verification_info.get("compare")
        if compare is None:
            compare = "string"
        if compare not in COMPARISONS:
            return Verdict.unscorable(
                "task", f"verification_info.compare is {compare!r:.60}; one of {', '.join(COMPARISONS)}"
            )
        typed_gold = _typed_gold(gold) if compare == "python_literal" else None
        if compare == "python_literal" and typed_gold is None:
            return Verdict.unscorable("gold", "verification_info.ground_truth is not a Python literal")

        assert completion.answer is not None, "the scorer answers for completions without an answer"
        try:
            found = last_json_object(completion.answer, FIELD)
        except MalformedObject as error:
            return Verdict(0.0, "wrong_answer", None, {"why": f"the JSON object is malformed: {error}"})
        if found is None:
            return Verdict(0.0, "no_answer", None, {"why": f"no JSON object with a field `{FIELD}`"})

        value = found[FIELD]
        shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        if compare == "string":
            if not isinstance(value, str):
                return Verdict(0.0, "wrong_answer", shown, {"why": f"field `{FIELD}` is not a JSON string"})
            return Verdict.graded(float(value == gold), answer=shown)
        right = typed(value) == typed_gold
        if not right and isinstance(value, str) and len(value) <= MAX_LITERAL:
            right = _typed_literal(value) == typed_gold
        return Verdict.graded(float(right), answer=shown)

    def gold_completion(self, task: Task) -> str | None:
        """The object whose field is the ground truth; a Python literal stands there as text."""
        gold = task.verification_info.get("ground_truth")
        return None if gold is None else json.dumps({FIELD: str(gold)})


def typed(value: Any) -> Hashable:
    """A form of a Python literal under which two are equal exactly if types and values agree, all the way down.

    Floats agree if their ``repr`` does: NaN equals NaN, and ``-0.0`` differs from ``0.0``. Order counts in lists and
    tuples, not in sets and dicts.
    """
    kind = type(value).__name__
    if isinstance(value, (list, tuple)):
        return kind, tuple(map(typed, value))
    if isinstance(value, (set, frozenset)):
        return kind, frozenset(map(typed, value))
    if isinstance(value, dict):
        return kind, frozenset((typed(key), typed(item)) for key, item in value.items())
    if isinstance(value, (float, complex)):
        return kind, repr(value)
    return kind, value


def _typed_literal(text: str) -> Hashable | None:
    """``typed`` of the Python literal in ``text``; ``None`` if it is not one, or is nested deeper than Python reads.

    Neither is one that names a second answer, which Python would pass over: in a comment, a key or element given twice.
    """
    text = text.strip()
    try:
        tree = ast.parse(text, mode="eval")
        value = typed(ast.literal_eval(tree))
        return None if _repeats(tree) or _comments(text) else value
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError, tokenize.TokenError):
        return None


def _repeats(literal: ast.Expression) -> bool:
    """Whether a dict in ``literal`` has a key twice, or a set an element."""
    for node in ast.walk(literal):
        if isinstance(node, (ast.Dict, ast.Set)):
            items = node.keys if isinstance(node, ast.Dict) else node.elts
            # hashable, so without dicts and sets inside: nothing is evaluated once for each level it is nested in
            if len({ast.literal_eval(item) for item in items if item is not None}) < len(items):
                return True
    return False


def _comments(literal: str) -> bool:
    if "#" not in literal:
        return False
    return any(token.type == tokenize.COMMENT for token in tokenize.generate_tokens(io.StringIO(literal).readline))


_typed_gold = lru_cache(maxsize=1024)(_typed_literal)  # a whole group of completions shares its gold
