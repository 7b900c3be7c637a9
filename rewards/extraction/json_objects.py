"""JSON in a text: the last complete object that has a field, whatever surrounds it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, NoReturn

MAX_DEPTH = 100  # levels of nesting; far below where `json` would run out of stack
SEARCHED = 200_000  # characters at the end of a text; an answer of 20 kB fits even with every character escaped

_TOKEN = re.compile(
    r"""[ \t\n\r]*(?:
        ("[^"\\]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\]*)*")                      # 1: string, raw newlines allowed
      | ([{}\[\],:])                                                                  # 2: punctuation
      | -?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null|NaN|-?Infinity
    )""",
    re.VERBOSE,
)
_STRING, _PUNCTUATION = 1, 2
# A bracket that a value may begin with: most in prose and code are not, and need no reading
_START = re.compile(r"""\{(?=[ \t\n\r]*["}])|\[(?=[ \t\n\r]*["\]{\[\-0-9tfnNI])""")


class MalformedObject(ValueError):
    """The object that counts breaks a rule (duplicate key, NaN, too deep). The message says which."""


def last_json_object(text: str, field: str) -> dict[str, Any] | None:
    """The last complete JSON object in ``text`` that has a key ``field``, an ASCII word; ``None`` if there is none.

    It may stand in a fence or bare, with braces in the prose around it. Raw newlines and tabs in strings are allowed.
    An object inside another complete object or list is a part of it, not an answer. The last one counts even when it
    is malformed: an earlier, better one does not save it.

    Only the last 200,000 characters are searched, as if the text began there, in time linear in them whatever they
    hold: microseconds for an answer, a quarter of a second at worst, for brackets and quotes and nothing else.

    Raises:
        MalformedObject: the last such object has a duplicate key, NaN or an infinity, more than 100 levels, or an
            integer longer than Python reads.
    """
    text = text[-SEARCHED:]
    span = _last_span(text, json.dumps(field))
    if span is None:
        return None
    if span.depth > MAX_DEPTH:
        raise MalformedObject(f"more than {MAX_DEPTH} levels of nesting")
    try:
        value = _DECODER.decode(text[span.start : span.end])
    except MalformedObject:
        raise
    except ValueError as error:  # an integer beyond sys.get_int_max_str_digits()
        raise MalformedObject(f"{type(error).__name__}: {error}") from None
    assert isinstance(value, dict)
    return value


@dataclass(slots=True)
class _Value:
    """An object or list of the text, open or complete."""

    start: int
    is_object: bool
    has_field: bool = False
    depth: int = 1
    end: int = -1


def _last_span(text: str, field: str) -> _Value | None:
    """Where the last maximal complete object with the key ``field`` (given as JSON) stands.

    Parses from every ``{`` or ``[`` that may start a value. A failure at one place fails every value open there, so
    only brackets that stood inside strings need another try; those see strings where the first try saw none, and the
    two never agree again before the failure. Hence every character is read at most a few times.
    """
    last: _Value | None = None
    tried: set[int] = set()
    # An object begins before the field it holds. Escaped, the field can stand anywhere.
    until = len(text) if "\\u" in text else text.rfind(field)
    at = _START.search(text)
    while at is not None and at.start() < until:
        start = at.start()
        resume = start + 1
        if start not in tried:
            completed = _parse(text, start, field, tried)
            if completed and completed[0].start == start:  # the outermost value itself: its parts are not answers
                resume = completed[0].end
            for value in completed:
                if value.is_object and value.has_field and (last is None or value.end > last.end):
                    last = value
        at = _START.search(text, resume)
    return last


def _parse(text: str, start: int, field: str, tried: set[int]) -> list[_Value]:
    """Read the value at ``start`` as far as it is JSON; the maximal complete objects and lists found, in order.

    Iterative, so nesting costs no stack. Adds the start of every value it opened to ``tried``.
    """
    open_values: list[_Value] = []
    completed: list[_Value] = []
    expected = "value"
    position = start
    while True:
        token = _TOKEN.match(text, position)
        if token is None:
            return completed
        position = token.end()
        kind = token.lastindex
        mark = token[_PUNCTUATION] if kind == _PUNCTUATION else ""
        if mark in ("{", "["):
            if expected not in ("value", "value or end"):
                return completed
            tried.add(position - 1)
            open_values.append(_Value(position - 1, mark == "{"))
            expected = "key or end" if mark == "{" else "value or end"
        elif mark in ("}", "]"):
            value = open_values[-1]
            closes = value.is_object == (mark == "}")
            if not closes or expected not in ("comma or end", "key or end" if value.is_object else "value or end"):
                return completed
            value.end = position
            open_values.pop()
            while completed and completed[-1].start > value.start:
                completed.pop()  # a part of this one
            completed.append(value)
            if not open_values:
                return completed
            open_values[-1].depth = max(open_values[-1].depth, value.depth + 1)
            expected = "comma or end"
        elif mark == ",":
            if expected != "comma or end":
                return completed
            expected = "key" if open_values[-1].is_object else "value"
        elif mark == ":":
            if expected != "colon":
                return completed
            expected = "value"
        elif expected in ("key", "key or end"):
            if kind != _STRING:
                return completed
            key = token[_STRING]
            open_values[-1].has_field |= key == field or (
                "\\" in key and json.loads(key, strict=False) == json.loads(field)
            )
            expected = "colon"
        elif expected in ("value", "value or end"):
            expected = "comma or end"
        else:
            return completed


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build an object; Python's own reader would keep the last of two equal keys."""
    value = dict(pairs)
    if len(value) != len(pairs):
        raise MalformedObject("a key occurs twice")
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise MalformedObject(f"{name} is not JSON")


_DECODER = json.JSONDecoder(strict=False, object_pairs_hook=_unique, parse_constant=_refuse_constant)
