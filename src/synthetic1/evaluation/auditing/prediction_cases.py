"""The cases of output prediction: the forms in which JSON says the same, and outputs that are nearly the right one."""

from __future__ import annotations

import ast
import json
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from synthetic1.evaluation.auditing.case import AuditCase, AuditedGold, CaseKind, Certainty, OracleAnswer
from synthetic1.evaluation.auditing.kind_cases import KindCases
from synthetic1.task import Task

FIELD = "output"
MAX_GOLD = 4_000  # characters


def gold_of(task: Task) -> str:
    gold = task.verification_info.get("ground_truth")
    return gold if isinstance(gold, str) and len(gold) <= MAX_GOLD else ""


def is_literal(gold: AuditedGold) -> bool:
    """Whether the output is compared as a Python value, not as text."""
    return gold.task.verification_info.get("compare") == "python_literal"


def said(output: Any, **options: Any) -> str:
    return json.dumps({FIELD: output}, **options)


# The same output, as whole completions --------------------------------------------------------------------------------


def compact(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    yield said(gold.text, separators=(",", ":"))


def pretty(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    yield said(gold.text, indent=4)


def not_escaped(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    yield said(gold.text, ensure_ascii=False)


def escaped_throughout(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    units = gold.text.encode("utf-16-be")
    escaped = "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
    yield f'{{"{FIELD}": "{escaped}"}}'


def newlines_as_they_are(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    r"""A newline in a string, where JSON wants ``\n``."""
    if "\n" in gold.text and "\\" not in gold.text:
        yield said(gold.text).replace("\\n", "\n")


def in_a_fence(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    yield f"The output is:\n\n```json\n{said(gold.text)}\n```\n"
    yield f"```\n{said(gold.text, indent=2)}\n```"


def with_prose_and_braces(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    yield f"The dict is {{'a': 1}} and f-strings are f'{{x}}'.\n{said(gold.text)}\nSo {{that}} is it."


def with_other_fields(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    yield json.dumps({"reasoning": "two steps", FIELD: gold.text, "sure": True})


def after_a_thought(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    yield f"<think>\nMaybe {said('nothing')}?\n</think>\n\n{said(gold.text)}"


def after_another_one(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """What is said last counts."""
    yield f"{said(gold.text + '?')}\nNo, it is\n{said(gold.text)}"


def as_json_value(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """A Python value that JSON has, too."""
    if is_literal(gold):
        value = ast.literal_eval(gold.text)
        if _is_json(value):
            yield said(value)


def literal_in_other_quotes(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    if is_literal(gold) and gold.text[:1] == "'" and not set("\\\"'") & set(gold.text[1:-1]):
        yield said(f'"{gold.text[1:-1]}"')


def literal_spaced(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    if is_literal(gold):
        yield said(f" {gold.text} ")


# Other outputs --------------------------------------------------------------------------------------------------------


def _answers(change: Callable[[AuditedGold, random.Random], Iterator[str]]) -> CaseKind:
    """A mutator of the output itself; where it is a Python value, an oracle says whether it is another one."""

    def make(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
        return (said(text) for text in change(gold, rng) if text != gold.text)

    return CaseKind(make, Certainty.CERTAIN, whole=True)


def char_dropped(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    at = rng.randrange(len(gold.text))
    yield gold.text[:at] + gold.text[at + 1 :]


def char_doubled(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    at = rng.randrange(len(gold.text))
    yield gold.text[:at] + gold.text[at] + gold.text[at:]


def digit_changed(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    if places := [at for at, char in enumerate(gold.text) if char in "0123456789"]:
        at = rng.choice(places)
        yield gold.text[:at] + str((int(gold.text[at]) + rng.randint(1, 9)) % 10) + gold.text[at + 1 :]


def letter_changed(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    if places := [at for at, char in enumerate(gold.text) if char.isascii() and char.isalpha()]:
        at = rng.choice(places)
        yield gold.text[:at] + ("q" if gold.text[at] != "q" else "z") + gold.text[at + 1 :]


def case_swapped(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    yield gold.text.swapcase()


def lines_swapped(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    lines = gold.text.split("\n")
    if len(lines) > 1:
        yield "\n".join(reversed(lines))


def elements_reversed(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    if is_literal(gold):
        value = ast.literal_eval(gold.text)
        if isinstance(value, list | tuple) and len(value) > 1:
            yield repr(value[::-1])


def element_dropped(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    if is_literal(gold):
        value = ast.literal_eval(gold.text)
        if isinstance(value, list | tuple) and value:
            at = rng.randrange(len(value))
            yield repr(type(value)(item for place, item in enumerate(value) if place != at))


def type_changed(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """A list for a tuple, 1.0 for 1, 1 for True, a number for its text."""
    if is_literal(gold):
        value = ast.literal_eval(gold.text)
        if isinstance(value, bool):
            yield repr(int(value))
        elif isinstance(value, int) and abs(value) < 10**15:
            yield repr(float(value))
            yield repr(str(value))
        elif isinstance(value, list):
            yield repr(tuple(value))
        elif isinstance(value, tuple):
            yield repr(list(value))


def neighbours_output(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    if gold.neighbour:
        yield gold.neighbour


def nothing(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    yield ""


# Completions that do not say one output -------------------------------------------------------------------------------


def followed_by_another(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    yield f"{said(gold.text)}\nOr rather\n{said(gold.text + '?')}"


def field_twice(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    right, wrong = json.dumps(gold.text), json.dumps(gold.text + "?")
    yield f'{{"{FIELD}": {wrong}, "{FIELD}": {right}}}'
    yield f'{{"{FIELD}": {right}, "{FIELD}": {wrong}}}'


def several_outputs(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    yield said([gold.text, gold.text + "?"])
    yield said({"first": gold.text, "second": gold.text + "?"})


def another_field(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    yield json.dumps({"answer": gold.text})


def field_further_in(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    yield json.dumps({FIELD: {FIELD: gold.text}})


def no_json(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    yield f"The output is {gold.text}"
    yield said(gold.text)[:-1]
    yield f"{{'{FIELD}': {gold.text!r}}}"


def only_thought(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    yield f"<think>{said(gold.text)}</think>\nI cannot say."


def _is_json(value: Any) -> bool:
    if isinstance(value, list):
        return all(map(_is_json, value))
    if isinstance(value, dict):
        return all(isinstance(key, str) for key in value) and all(map(_is_json, value.values()))
    finite = isinstance(value, float) and value - value == 0
    return value is None or isinstance(value, bool | int | str) or finite


_SAME = (
    compact, pretty, not_escaped, escaped_throughout, newlines_as_they_are, in_a_fence, with_prose_and_braces,
    with_other_fields, after_a_thought, after_another_one, as_json_value, literal_in_other_quotes, literal_spaced,
)  # fmt: skip
_OTHERS = (
    char_dropped, char_doubled, digit_changed, letter_changed, case_swapped, lines_swapped, elements_reversed,
    element_dropped, type_changed, neighbours_output, nothing,
)  # fmt: skip
_UNSAID = (
    followed_by_another, field_twice, several_outputs, another_field, field_further_in, no_json, only_thought,
)  # fmt: skip
PREDICTION_EQUIVALENTS = {make.__name__: CaseKind(make, whole=True) for make in _SAME}
PREDICTION_MUTANTS = {
    **{make.__name__: _answers(make) for make in _OTHERS},
    **{make.__name__: CaseKind(make, Certainty.ASSERTED, whole=True) for make in _UNSAID},
}


class PredictionCases(KindCases):
    """A ``CaseMaker`` for output prediction, whose oracle reads both outputs as Python values."""

    def __init__(self) -> None:
        super().__init__(PREDICTION_EQUIVALENTS, PREDICTION_MUTANTS, gold_of)

    def quick_answers(self, task: Task, cases: Sequence[AuditCase]) -> list[OracleAnswer]:
        if task.verification_info.get("compare") != "python_literal":
            return [OracleAnswer.UNREAD] * len(cases)
        gold = _typed(gold_of(task))
        return [self._compared(gold, case) for case in cases]

    @staticmethod
    def _compared(gold: str | None, case: AuditCase) -> OracleAnswer:
        if case.expected == 1.0 or gold is None:
            return OracleAnswer.UNREAD
        written = json.loads(case.completion)[FIELD]  # of mutants of the output, which are nothing but the object
        same = gold in (_typed(written), _typed(repr(written)))  # text may be meant as it stands
        return OracleAnswer.EQUAL if same else OracleAnswer.DIFFERENT


def _typed(text: str) -> str | None:
    """A spelling that two Python values share exactly if types and values agree; ``None`` if it is not a literal."""
    try:
        return _spelled(ast.literal_eval(text.strip()))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def _spelled(value: Any) -> str:
    if isinstance(value, dict):
        return f"dict({','.join(sorted(f'{_spelled(key)}:{_spelled(item)}' for key, item in value.items()))})"
    if isinstance(value, set | frozenset):
        return f"set({','.join(sorted(map(_spelled, value)))})"
    if isinstance(value, list | tuple):
        return f"{type(value).__name__}({','.join(map(_spelled, value))})"
    return f"{type(value).__name__} {value!r}"
