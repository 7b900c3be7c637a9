"""Checkers: is an output the expected one? Declared rules as pure functions, in time linear in the output.

Outputs are bytes as the program wrote them, and need not be text. Values are what calls return: JSON, with its types.
Every function returns None if the answer is right, else a line that says why not, without the expected answer.
"""

from __future__ import annotations

import functools
import io
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

TOLERANCE = 1e-6
MAX_NUMBER = 400  # characters of a token that is read as a float; longer ones are compared as they stand
MAX_DIGITS = 4_300  # of an integer in a value; Python reads no more

_TOKEN = re.compile(rb"\S+")  # of bytes: split at ASCII white space only, so at CR as well
_NUMBER = re.compile(rb"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_FLOAT_MARK = re.compile(rb"[.eE]")
_FLOAT_TOKEN = re.compile(
    rb"(?<!\S)[+-]?(?:[0-9]{1,400}\.[0-9]*|\.[0-9]+|[0-9]{1,400}(?=[eE]))(?:[eE][+-]?[0-9]+)?(?!\S)"
)


@dataclass(frozen=True)
class Tolerance:
    """A float may be off by ``absolute``, or by ``relative`` times the expected one, whichever is more.

    Raises:
        ValueError: one is negative or not finite.
    """

    absolute: float = TOLERANCE
    relative: float = TOLERANCE

    def __post_init__(self) -> None:
        if not (0 <= self.absolute < math.inf and 0 <= self.relative < math.inf):
            raise ValueError(f"tolerances are finite and not negative, got {self.absolute} and {self.relative}")

    def allows(self, expected: float, got: float) -> bool:
        """Whether ``got`` is close enough. NaN is close to nothing, an infinity to itself only."""
        if not (math.isfinite(expected) and math.isfinite(got)):
            return expected == got
        return abs(expected - got) <= max(self.absolute, self.relative * abs(expected))


@dataclass(frozen=True)
class Checker:
    """A declared rule. ``values`` is None where it makes no sense for calls."""

    name: str
    output: Callable[[str, bytes], str | None]
    """``output(expected, got)`` of whole programs."""
    values: Callable[[Any, str], str | None] | None = None
    """``values(expected, JSON text)`` of calls."""


# Outputs ------------------------------------------------------------------------------------------------------------


def check_tokens(
    expected: str,
    got: bytes,
    tolerance: Tolerance | None = Tolerance(),
    *,
    every_number: bool = False,
    has_floats: Callable[[], bool] = lambda: False,
) -> str | None:
    """The same tokens in the same order, split at white space; CRLF is LF.

    Tokens are equal as they stand, case and leading zeros included, so integers are exact whatever their size. Only
    where the *expected* token is a float, with a point or an exponent, a number within ``tolerance`` will do; with
    ``every_number`` also where it is an integer. Where it is an integer and the task ``has_floats`` among its expected
    tokens, a float within ``tolerance`` will do, but no other integer: the task's answers are floats, and this one was
    whole.
    """

    def same(want: bytes, have: bytes) -> bool:
        if want == have:
            return True
        if tolerance is None or not _are_numbers(want, have):
            return False
        if not (every_number or _FLOAT_MARK.search(want) or (_FLOAT_MARK.search(have) and has_floats())):
            return False
        return tolerance.allows(float(want), float(have)) and math.isfinite(float(have))

    return _check_each_token(expected, got, same)


def check_yes_no(expected: str, got: bytes) -> str | None:
    """As tokens, exactly, but where ``yes`` or ``no`` is expected its case does not matter."""

    def same(want: bytes, have: bytes) -> bool:
        return want == have or (want.lower() == have.lower() and want.lower() in (b"yes", b"no"))

    return _check_each_token(expected, got, same)


def check_exact(expected: str, got: bytes) -> str | None:
    """Every character. CRLF counts as LF, and one newline at the end may be there or not."""
    want, have = (text.replace(b"\r\n", b"\n").removesuffix(b"\n") for text in (_encoded(expected), got))
    return None if want == have else "differs"


def check_lines(expected: str, got: bytes) -> str | None:
    """Line by line; spaces and tabs at the end of a line, and empty lines at the end, do not count."""
    for number, (want, have) in enumerate(zip_longest(_lines(_encoded(expected)), _lines(got)), 1):
        if want != have:
            return _where("line", number, want, have)
    return None


def check_unordered(expected: str, got: bytes) -> str | None:
    """The lines of :func:`check_lines` in any order, each as often as expected."""
    want = Counter(_lines(_encoded(expected)))
    for line in _lines(got):
        if not want[line]:
            return "a line too much"
        want[line] -= 1
    return "a line is missing" if any(want.values()) else None


def _check_each_token(expected: str, got: bytes, same: Callable[[bytes, bytes], bool]) -> str | None:
    wanted = _encoded(expected)
    if wanted == got:  # most right answers are; millions of tokens need no look then
        return None
    pairs = zip_longest(_TOKEN.finditer(wanted), _TOKEN.finditer(got))  # one at a time: lists of tokens are huge
    for number, (want, have) in enumerate(pairs, 1):
        if want is None or have is None or not same(want[0], have[0]):
            return _where("token", number, want, have)
    return None


def _are_numbers(want: bytes, have: bytes) -> bool:
    if max(len(want), len(have)) > MAX_NUMBER:
        return False
    return _NUMBER.fullmatch(want) is not None and _NUMBER.fullmatch(have) is not None


def _has_float_token(text: str) -> bool:
    return _FLOAT_TOKEN.search(_encoded(text)) is not None


def _lines(text: bytes) -> Iterator[bytes]:
    return (line.rstrip(b" \t\r\n") for line in io.BytesIO(text.rstrip()))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", errors="surrogatepass")


def _where(what: str, number: int, want: object, have: object) -> str:
    if have is None:
        return f"the output ends before {what} {number}"
    return f"{what} {number} is too much" if want is None else f"{what} {number} differs"


# Values -------------------------------------------------------------------------------------------------------------


def check_value(
    expected: Any,
    got: str,
    tolerance: Tolerance | None = Tolerance(),
    *,
    has_floats: Callable[[], bool] = lambda: False,
) -> str | None:
    """Equal JSON values, with their types all the way down: ``True`` is not 1, and 5 is not ``[5]``.

    Tuples are lists. Where the expected number is a float, one within ``tolerance`` will do (None: the same number);
    where it is an integer, only that: 5 or 5.0; or a float within ``tolerance``, if the task ``has_floats`` among its
    expected values. NaN and the infinities are right where they are expected.
    """
    try:
        value = read_value(got)
    except ValueError as error:
        return str(error)
    wanted = plain(expected)
    if _same_values(wanted, value, tolerance):
        return None
    if tolerance is not None and has_floats() and _same_values(wanted, value, tolerance, whole_floats=True):
        return None
    return "another value"


def check_value_unordered(expected: Any, got: str) -> str | None:
    """As :func:`check_value` without tolerance, but the items of the outermost list may stand in any order."""
    try:
        value = read_value(got)
    except ValueError as error:
        return str(error)
    wanted = plain(expected)
    if not (isinstance(wanted, list) and isinstance(value, list)):
        return None if _same_values(wanted, value, None) else "another value"
    if len(wanted) != len(value):
        return f"{'fewer' if len(value) < len(wanted) else 'more'} items than expected"
    return None if Counter(map(_canonical, wanted)) == Counter(map(_canonical, value)) else "other items"


def read_value(text: str) -> Any:
    """The JSON value that a call returned.

    Raises:
        ValueError: it cannot be compared: nested too deeply, an integer of thousands of digits.
    """
    try:
        return plain(json.loads(text, parse_int=_read_int))
    except RecursionError:
        raise ValueError("the returned value is nested too deeply") from None


def plain(value: Any) -> Any:
    """``value`` as JSON has it: lists for tuples, strings for keys.

    Raises:
        ValueError: nested too deeply.
    """
    try:
        return _plain(value)
    except RecursionError:
        raise ValueError("the value is nested too deeply") from None


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key if isinstance(key, str) else json.dumps(key): _plain(item) for key, item in value.items()}
    return value


def _same_values(expected: Any, got: Any, tolerance: Tolerance | None, *, whole_floats: bool = False) -> bool:
    """Without recursion, so that no depth is too deep."""
    pairs = [(expected, got)]
    while pairs:
        want, have = pairs.pop()
        if isinstance(want, list):
            if not isinstance(have, list) or len(want) != len(have):
                return False
            pairs.extend(zip(want, have, strict=True))
        elif isinstance(want, dict):
            if not isinstance(have, dict) or want.keys() != have.keys():
                return False
            pairs.extend((item, have[key]) for key, item in want.items())
        elif not _same_atoms(want, have, tolerance):
            if not (whole_floats and type(want) is int and type(have) is float and abs(want) < 2**1000):
                return False
            if not _same_atoms(float(want), have, tolerance):
                return False
    return True


def _has_float(value: Any) -> bool:
    rest = [value]
    while rest:
        one = rest.pop()
        if isinstance(one, float):
            return True
        rest.extend(one if isinstance(one, (list, tuple)) else one.values() if isinstance(one, Mapping) else ())
    return False


def _same_atoms(want: Any, have: Any, tolerance: Tolerance | None) -> bool:
    if type(want) is float and type(have) in (int, float):
        if want != want or have != have:
            return want != want and have != have  # NaN is what a call can return, and be meant to
        if tolerance is None or (type(have) is int and abs(have) > 2**1000):
            return bool(want == have)
        return tolerance.allows(want, have)
    if type(want) is int and type(have) is float:
        return want == have  # exactly: Python compares the two without rounding
    return type(want) is type(have) and bool(want == have)


def _canonical(value: Any) -> str:
    """Equal texts for values that are equal without tolerance."""
    return json.dumps(_whole_floats(value), sort_keys=True)


def _whole_floats(value: Any) -> Any:
    if isinstance(value, list):
        return [_whole_floats(item) for item in value]
    if isinstance(value, dict):
        return {key: _whole_floats(item) for key, item in value.items()}
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _read_int(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError(f"the returned value holds an integer of more than {MAX_DIGITS:,} digits")
    return int(digits)


# The rules by name --------------------------------------------------------------------------------------------------

CHECKERS = {
    checker.name: checker
    for checker in (
        Checker("tokens", check_tokens, check_value),
        Checker("exact", check_exact, lambda expected, got: check_value(expected, got, None)),
        Checker("lines", check_lines),
        Checker("unordered", check_unordered, check_value_unordered),
        Checker("yes_no", check_yes_no),
    )
}


def tokens_checker(outputs: Iterable[str], values: Iterable[Any]) -> Checker:
    """``tokens`` for a task with these expected outputs and values, which are looked at when it matters."""
    has_float_token = functools.cache(lambda: any(map(_has_float_token, outputs)))
    has_float = functools.cache(lambda: any(map(_has_float, values)))
    return Checker(
        "tokens",
        functools.partial(check_tokens, has_floats=has_float_token),
        functools.partial(check_value, has_floats=has_float),
    )


def float_checker(tolerance: Tolerance) -> Checker:
    """Tokens, or values, with this tolerance; of tokens also where an integer is expected."""
    return Checker(
        "float",
        lambda expected, got: check_tokens(expected, got, tolerance, every_number=True),
        lambda expected, got: check_value(expected, got, tolerance),
    )
