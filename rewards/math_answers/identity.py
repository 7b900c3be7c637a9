r"""Identity testing: whether two formulas are the same wherever both are defined.

They are, if they agree at a dozen points that nobody chose (Schwartz 1980; Zippel 1979: a formula that is not zero
everywhere vanishes at random points with vanishing probability). No simplification can then run for ever: the cost is
the number of nodes times the number of points.
"""

from __future__ import annotations

import random
from typing import Any

from synthetic1.rewards.math_answers.evaluate import (
    AGREE,
    DIGITS,
    MP,
    NotANumber,
    Undefined,
    agree,
    is_real,
    symbols,
    value,
)
from synthetic1.rewards.math_answers.exact import rational
from synthetic1.rewards.math_answers.forms import has_i
from synthetic1.rewards.math_answers.grammar.tree import Applied, Neg, Node, Num, Power, Sym
from synthetic1.rewards.math_answers.structure import children

POINTS = 12
TRIED = 80
MOST_NODES = 15_000
"""Evaluated in all, so that long formulas are tried at fewer points."""
INTEGERS = frozenset("nkmNjlMK")
"""Letters that usually stand for whole numbers."""


def identical(one: Node, other: Node, *, tolerance: float | None = None, log_base: int | None = None) -> bool | None:
    """Whether two formulas are equal wherever both are defined; ``None`` where they can hardly be evaluated."""
    try:
        names = sorted(symbols(one) | symbols(other))
    except NotANumber:
        return None
    limit = AGREE if tolerance is None else MP.mpf(tolerance)
    try:
        if not names:
            exact = (rational(one), rational(other)) if tolerance is None else (None, None)
            if exact[0] is not None and exact[1] is not None:
                return exact[0] == exact[1]
            return _equal_constants(one, other, limit, log_base)
        rng = random.Random(f"{one!r}")
        real = _agree_at(one, other, names, limit, log_base, lambda name: _real(rng))
        if real or not set(names) & INTEGERS:
            return real

        def drawn(name: str) -> Any:
            return MP.mpf(rng.randint(1, 14)) if name in INTEGERS else _real(rng)

        return bool(_agree_at(one, other, names, limit, log_base, drawn, few=True)) and _needs_integers(one)
        return False
    except NotANumber:
        return None


def _real(rng: random.Random) -> Any:
    sign = -1 if rng.random() < 0.35 else 1
    return sign * (
        MP.mpf(rng.randint(1, 10**15)) / 10**15 * rng.choice((1, 3, 3, 9)) + MP.mpf(rng.randint(1, 10**6)) / 10**13
    )


def _equal_constants(one: Node, other: Node, limit: Any, log_base: int | None) -> bool | None:
    try:
        a, b = value(one, {}, log_base=log_base), value(other, {}, log_base=log_base)
    except Undefined:
        return None
    if limit == AGREE and max(abs(a), abs(b)) > MP.mpf(10) ** 10:  # ``10^{60} + 1``: the ones count, too
        digits = DIGITS + min(3 * DIGITS * 10, int(MP.log(max(abs(a), abs(b)), 10)))
        with MP.workdps(digits):
            a, b = (value(formula, {}, digits=digits, log_base=log_base) for formula in (one, other))
            return bool(abs(a - b) <= AGREE)
    if max(abs(a), abs(b)) < MP.mpf(10) ** -20:  # an exact zero, or very small: only a zero shrinks with more digits
        with MP.workdps(4 * DIGITS):
            a, b = (_no_dust(x, value(f, {}, digits=4 * DIGITS, log_base=log_base)) for x, f in ((a, one), (b, other)))
    return agree(a, b, limit)


def _no_dust(coarse: Any, fine: Any) -> Any:
    return MP.mpf(0) if abs(fine) < abs(coarse) * MP.mpf(10) ** -DIGITS else fine


def _agree_at(
    one: Node, other: Node, names: list[str], limit: Any, log_base: int | None, draw: Any, *, few: bool = False
) -> bool | None:
    compared, complex_too = 0, has_i(one)
    for _ in range(tries(one, other)):
        at = {name: draw(name) for name in names}
        try:
            a, b = value(one, at, log_base=log_base), value(other, at, log_base=log_base)
        except Undefined:
            continue
        if not complex_too and not (is_real(a) and is_real(b)):
            continue
        if not agree(a, b, limit) and max(abs(a), abs(b)) > MP.mpf(10) ** -25:
            return False
        compared += 1
        if compared >= POINTS:
            return True
    return True if few and compared >= 6 else None


def _needs_integers(node: Node) -> bool:
    """Whether a formula has parts that are simpler, or defined, for whole numbers alone."""
    match node:
        case Sym(r"\pi") | Applied("factorial" | "binom" | "floor" | "ceil") | Power(Neg()):
            return True
        case Power(Num(value)) if value < 0:
            return True
    return any(map(_needs_integers, children(node)))


def proportional(one: Node, other: Node) -> float | None:
    """The number by which ``one`` is ``other`` times it; ``None`` where there is none. Zero has no factor."""
    try:
        names = symbols(one) | symbols(other)
        if not names or symbols(one) != symbols(other):
            return None
    except NotANumber:
        return None
    rng = random.Random(repr(one))
    first = None
    compared = 0
    for _ in range(tries(one, other)):
        at = {name: _real(rng) for name in sorted(names)}
        try:
            a, b = value(one, at), value(other, at)
        except (Undefined, NotANumber):
            continue
        if not is_real(a) or not is_real(b) or abs(b) < 1e-25 or abs(a) < 1e-25:
            continue
        ratio = a / b
        if first is None:
            first = ratio
        elif not agree(ratio, first, 1e-20):
            return None
        compared += 1
        if compared == POINTS:
            return float(MP.re(first))
    return None


def tries(one: Node, other: Node) -> int:
    """At how many points two formulas are tried at most."""
    return max(POINTS + 2, min(TRIED, MOST_NODES // (_size(one) + _size(other))))


def _size(node: Node) -> int:
    return 1 + sum(map(_size, children(node)))
