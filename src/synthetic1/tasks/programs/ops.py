"""What every operation means. The evaluator runs these; a renderer must agree with them on printable ASCII.

Every operation has a value for the empty text and for counts beyond the length, but for ``shift``, which wants one
lower-case letter. The languages differ on remainders of negative numbers, on counts of 0 cut off the end and on empty
patterns, so the grammar keeps out of there: integers are never negative, and counts, divisors and the texts searched
for are literals of at least 1 or one character.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from synthetic1.tasks.programs.program import Apply, Expr, Type

TEXT, INT, BOOL, WORDS = Type.TEXT, Type.INT, Type.BOOL, Type.WORDS


@dataclass(frozen=True, slots=True)
class Op:
    params: tuple[Type, ...]
    result: Type
    run: Callable[..., Any]


def _rotate_left(s: str, k: int) -> str:
    return s[k:] + s[:k]


def _rotate_right(s: str, k: int) -> str:
    return s[-k:] + s[:-k]


def _swap_halves(s: str) -> str:
    half = len(s) // 2
    return s[half:] + s[:half]


def _shift(c: str, k: int) -> str:
    return chr((ord(c) - 97 + k) % 26 + 97)


OPS: dict[str, Op] = {
    # text -> text
    "reverse": Op((TEXT,), TEXT, lambda s: s[::-1]),
    "upper": Op((TEXT,), TEXT, str.upper),
    "lower": Op((TEXT,), TEXT, str.lower),
    "swapcase": Op((TEXT,), TEXT, str.swapcase),
    "capitalize": Op((TEXT,), TEXT, str.capitalize),
    "evens": Op((TEXT,), TEXT, lambda s: s[::2]),
    "odds": Op((TEXT,), TEXT, lambda s: s[1::2]),
    "sort": Op((TEXT,), TEXT, lambda s: "".join(sorted(s))),
    "sort_down": Op((TEXT,), TEXT, lambda s: "".join(sorted(s, reverse=True))),
    "unique": Op((TEXT,), TEXT, lambda s: "".join(dict.fromkeys(s))),
    "double_each": Op((TEXT,), TEXT, lambda s: "".join(c * 2 for c in s)),
    "mirror": Op((TEXT,), TEXT, lambda s: s + s[::-1]),
    "swap_halves": Op((TEXT,), TEXT, _swap_halves),
    # text and a literal count of at least 1 -> text
    "drop_first": Op((TEXT, INT), TEXT, lambda s, k: s[k:]),
    "drop_last": Op((TEXT, INT), TEXT, lambda s, k: s[:-k]),
    "take_first": Op((TEXT, INT), TEXT, lambda s, k: s[:k]),
    "take_last": Op((TEXT, INT), TEXT, lambda s, k: s[-k:]),
    "rotate_left": Op((TEXT, INT), TEXT, _rotate_left),
    "rotate_right": Op((TEXT, INT), TEXT, _rotate_right),
    "repeat": Op((TEXT, INT), TEXT, lambda s, k: s * k),
    "pad_left": Op((TEXT, INT, TEXT), TEXT, str.rjust),
    "pad_right": Op((TEXT, INT, TEXT), TEXT, str.ljust),
    "shift": Op((TEXT, INT), TEXT, _shift),  # one lower-case letter, on along the alphabet: guarded by is_lower
    # text and text -> text
    "concat": Op((TEXT, TEXT), TEXT, lambda a, b: a + b),
    "replace": Op((TEXT, TEXT, TEXT), TEXT, str.replace),
    "remove": Op((TEXT, TEXT), TEXT, lambda s, a: s.replace(a, "")),
    "drop_chars": Op((TEXT, TEXT), TEXT, lambda s, cs: "".join(c for c in s if c not in cs)),
    "keep_chars": Op((TEXT, TEXT), TEXT, lambda s, cs: "".join(c for c in s if c in cs)),
    "strip": Op((TEXT, TEXT), TEXT, str.strip),
    "spread": Op((TEXT, TEXT), TEXT, lambda s, sep: sep.join(s)),
    "join": Op((WORDS, TEXT), TEXT, lambda words, sep: sep.join(words)),
    "number": Op((INT,), TEXT, str),
    # -> int
    "length": Op((TEXT,), INT, len),
    "count": Op((TEXT, TEXT), INT, str.count),
    "word_count": Op((WORDS,), INT, len),
    "add": Op((INT, INT), INT, lambda a, b: a + b),
    "mul": Op((INT, INT), INT, lambda a, b: a * b),
    "mod": Op((INT, INT), INT, lambda a, b: a % b),  # neither negative: there all languages agree
    # -> bool
    "equal": Op((INT, INT), BOOL, lambda a, b: a == b),
    "less": Op((INT, INT), BOOL, lambda a, b: a < b),
    "more": Op((INT, INT), BOOL, lambda a, b: a > b),
    "divides": Op((INT, INT), BOOL, lambda k, n: n % k == 0),
    "same": Op((TEXT, TEXT), BOOL, lambda a, b: a == b),
    "before": Op((TEXT, TEXT), BOOL, lambda a, b: a < b),
    "contains": Op((TEXT, TEXT), BOOL, lambda s, sub: sub in s),
    "starts": Op((TEXT, TEXT), BOOL, str.startswith),
    "ends": Op((TEXT, TEXT), BOOL, str.endswith),
    # one character -> bool
    "is_upper": Op((TEXT,), BOOL, str.isupper),
    "is_lower": Op((TEXT,), BOOL, str.islower),
    "is_digit": Op((TEXT,), BOOL, str.isdigit),
    "is_letter": Op((TEXT,), BOOL, str.isalpha),
    # bool -> bool (no side effects anywhere, so evaluating both sides changes nothing)
    "both": Op((BOOL, BOOL), BOOL, lambda a, b: a and b),
    "either": Op((BOOL, BOOL), BOOL, lambda a, b: a or b),
    "negate": Op((BOOL,), BOOL, lambda a: not a),
    # words
    "no_words": Op((), WORDS, list),
    "split": Op((TEXT,), WORDS, str.split),
    "words_reversed": Op((WORDS,), WORDS, lambda words: words[::-1]),
    "words_sorted": Op((WORDS,), WORDS, sorted),
}


def apply(op: str, *args: Expr) -> Apply:
    """The node for ``op`` on ``args``.

    Raises:
        TypeError: the arguments' types are not those the operation takes.
    """
    spec = OPS[op]
    if tuple(arg.type for arg in args) != spec.params:
        raise TypeError(f"{op} takes {[t.value for t in spec.params]}, got {[a.type.value for a in args]}")
    return Apply(op, args, spec.result)
