"""Tests as they are published, made into tests that are worth running: in one form, each of them once."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from synthetic1.rewards.program_tests.published_cases import (
    function_name,
    listed_cases,
    read_argument_texts,
    read_value_texts,
)

CUT_AT = 200
"""Characters from which a text that ends with three dots has been cut off by the site that showed it."""
_garbage = bytes([*range(9), 11, 12, *range(14, 32), 127])
_garbage_text = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffd]")
BETWEEN = 40
"""Characters between the input and the output of an example that a statement shows."""
_heading = re.compile(r"\b(?:output|example|sample|case|result) #?\d+\b", re.IGNORECASE)
_digit = re.compile(r"\d")
_marks = str.maketrans(dict.fromkeys("[](){},;=:*`$\"'", " "))


class UnsafeTests(Exception):
    """No tests of this row can be kept; ``args`` are the reason, as it is counted, and a detail."""


@dataclass
class CleanTests:
    """What is left of the tests of a row."""

    function: str | None
    tests: list[list[Any]]
    """``[input, output]``."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Reason → tests."""


def clean_tests(published: Any, *, checker: Any, max_tests: int, max_chars: int, max_total: int) -> CleanTests:
    """The tests of ``verification_info["test_cases"]`` that are kept.

    Outputs lose what no checker of tokens sees. Inputs keep theirs: a program may read white space.

    Args:
        checker: the task's own; a program may accept several outputs for one input, and ``exact`` sees white space.
        max_tests: of more, those are kept that spread evenly over the sizes of their inputs.
        max_chars: of a test's input or output; larger tests are left out.
        max_total: of all tests together; the largest are left out until they fit.

    Raises:
        UnsafeTests: ``no_tests``, ``mixed_tests``, ``unreadable_tests``, ``conflicting_tests``; or all are left out,
            for the reason that most of them are: ``empty_tests``, ``huge_tests``, ``binary_tests``, ``cut_off_tests``.
    """
    cases = listed_cases(published)
    if not isinstance(cases, (list, tuple)) or not cases:
        raise UnsafeTests("no_tests", "")
    function = _function_of(cases)
    found = CleanTests(function, [])
    several = isinstance(checker, Mapping) and "program" in checker
    pairs = _calls(cases) if function is not None else [_streams(case, checker) for case in cases]
    known: dict[str, str] = {}
    sizes: list[int] = []
    for pair in pairs:
        given, wanted = pair
        if function is None:
            texts, key = (given, wanted), given.rstrip()
        else:
            key = json.dumps(given, sort_keys=True)
            texts = (key, json.dumps(wanted, sort_keys=True))
        if (why := _unusable(texts, function is not None, max_chars)) is not None:
            found.left_out[why] += 1
        elif key in known:
            if known[key] == texts[1] or several or _same_answer(known[key], texts[1]):
                found.left_out["duplicate"] += 1
            else:
                raise UnsafeTests("conflicting_tests", f"the input {key[:80]!r} has two outputs")
        else:
            known[key] = texts[1]
            found.tests.append([given, wanted])
            sizes.append(len(texts[0]) + len(texts[1]))
    if not found.tests:
        reasons = Counter({why: many for why, many in found.left_out.items() if why != "duplicate"})
        raise UnsafeTests(reasons.most_common(1)[0][0], f"all {len(cases)} tests")
    kept = _within(sizes, max_tests, max_total)
    if len(kept) < len(sizes):
        found.left_out["over_the_cap"] = len(sizes) - len(kept)
        found.tests = [found.tests[place] for place in kept]
    return found


def hidden_tests(tests: Sequence[Sequence[Any]], statement: str, at_least: int) -> int:
    """How many tests the statement does not show, counted up to ``at_least``: those shown can be learned by heart."""
    if not at_least:
        return 0
    said: str | None = None
    hidden = 0
    for given, wanted in reversed(tests):  # examples come first
        texts = _texts_of(given, wanted)
        if sum(map(len, texts)) <= len(statement):
            if said is None:
                said = _plain(statement)
            if _is_shown([_plain(text) for text in texts], said):
                continue
        hidden += 1
        if hidden >= at_least:
            break
    return hidden


def _is_shown(texts: Sequence[str], said: str) -> bool:
    """Whether the texts stand one behind the other, with no more than a heading or a name between two of them."""
    start = said.find(texts[0])
    while start >= 0:
        end = start + len(texts[0])
        for text in texts[1:]:
            found = said.find(text, end - 1, end + BETWEEN + len(text))  # both have a blank where they meet
            if found < 0 or _digit.search(_heading.sub("", said[end:found])):
                break
            end = found + len(text)
        else:
            return True
        start = said.find(texts[0], start + 1)
    return False


def _plain(text: str) -> str:
    """Words and numbers with a blank on both sides of each."""
    return f" {' '.join(text.translate(_marks).split())} "


def key_of(given: Any) -> str:
    """Equal for inputs that are the same input."""
    return given.rstrip() if isinstance(given, str) else json.dumps(given, sort_keys=True)


def answer_of(wanted: Any, *, is_call: bool) -> str:
    """Equal for outputs that differ in white space alone."""
    return json.dumps(wanted, sort_keys=True) if is_call else " ".join(wanted.split())


def _texts_of(given: Any, wanted: Any) -> list[str]:
    if isinstance(given, str):
        return [given, wanted]
    return [json.dumps(one, ensure_ascii=False) for one in [*given, wanted]]


def _function_of(cases: Sequence[Any]) -> str | None:
    """The one function that all tests call; None where they are programs' input."""
    kinds = set()
    for case in cases:
        if not isinstance(case, Mapping) or case.get("type") not in ("stdin_stdout", "function_call"):
            raise UnsafeTests(
                "unreadable_tests",
                f"a test of the type {case.get('type') if isinstance(case, Mapping) else case!r:.60}",
            )
        kinds.add(case.get("fn_name") if case["type"] == "function_call" else None)
    if len(kinds) > 1:
        raise UnsafeTests("mixed_tests", ", ".join(sorted(map(str, kinds))))
    (kind,) = kinds
    if kind is not None and function_name(kind) is None:
        raise UnsafeTests("unreadable_tests", f"they call {kind!r:.60}")
    return kind


def _streams(case: Mapping[str, Any], checker: Any) -> tuple[str, str]:
    given, wanted = (_text(case.get(name)) for name in ("input", "output"))
    if given and not given.endswith("\n"):
        given += "\n"
    if checker != "exact":
        wanted = wanted.rstrip()
        if " \n" in wanted or "\t\n" in wanted:
            wanted = "\n".join(line.rstrip(" \t") for line in wanted.split("\n"))
        wanted = f"{wanted}\n" if wanted else ""
    return given, wanted


def _text(value: Any) -> str:
    """A text with the line ends of Unix; lists are its lines."""
    if isinstance(value, (list, tuple)) and all(isinstance(line, str) for line in value):
        value = "\n".join(value)
    if not isinstance(value, str):
        raise UnsafeTests("unreadable_tests", f"text is wanted, got {value!r:.60}")
    return value.replace("\r\n", "\n").replace("\r", "\n") if "\r" in value else value


def _calls(cases: Sequence[Any]) -> list[tuple[Any, Any]]:
    """Arguments and values; where arguments are texts, read as the verifier reads them."""
    inputs, outputs = [case.get("input") for case in cases], [case.get("output") for case in cases]
    texts = [place for place, given in enumerate(inputs) if isinstance(given, str)]
    if texts:
        try:
            read = read_argument_texts([inputs[place] for place in texts])
        except ValueError as error:
            raise UnsafeTests("unreadable_tests", f"arguments {inputs[texts[error.args[0]]]!r:.60}") from None
        values = read_value_texts([outputs[place] for place in texts])
        for place, given, wanted in zip(texts, read, values, strict=True):
            inputs[place], outputs[place] = given, wanted
    for given in inputs:
        if not isinstance(given, (list, tuple)):
            raise UnsafeTests("unreadable_tests", f"arguments {given!r:.60}")
    return list(zip(inputs, outputs, strict=True))


def _unusable(texts: tuple[str, str], is_call: bool, max_chars: int) -> str | None:
    given, wanted = texts
    if len(given) > max_chars or len(wanted) > max_chars:
        return "huge_tests"
    if not is_call and not wanted.strip():
        return "empty_tests"  # a program that prints nothing passes it; most were lost on the way
    if is_call and wanted == "null" and given == "[]":
        return "empty_tests"
    if _is_garbage(given) or _is_garbage(wanted):
        return "binary_tests"
    if any(len(text) >= CUT_AT and text.rstrip().endswith("...") for text in texts):
        return "cut_off_tests"
    return None


def _is_garbage(text: str) -> bool:
    """Whether a text holds bytes that no keyboard makes."""
    if text.isascii():
        raw = text.encode("ascii")
        return len(raw.translate(None, _garbage)) != len(raw)
    return _garbage_text.search(text) is not None


def _same_answer(one: str, other: str) -> bool:
    return one.split() == other.split()


def _within(sizes: Sequence[int], max_tests: int, max_total: int) -> list[int]:
    """Which tests are kept, in their order."""
    if len(sizes) <= max_tests and sum(sizes) <= max_total:
        return list(range(len(sizes)))
    order = sorted(range(len(sizes)), key=lambda place: (sizes[place], place))
    while len(order) > 1 and sum(sizes[place] for place in order) > max_total:
        order.pop()
    many = len(order)
    if many > max_tests:
        steps = max(1, max_tests - 1)
        order = [order[round(step * (many - 1) / steps)] for step in range(max_tests)]
    return sorted(set(order))
