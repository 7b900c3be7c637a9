r"""Formulas as numbers, in high precision. What would grow without bound is refused before it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import mpmath

from synthetic1.rewards.math_answers.grammar.tree import (
    Applied,
    Based,
    Measured,
    Neg,
    Node,
    Num,
    PlusMinus,
    Power,
    Product,
    Quotient,
    Scaled,
    Sum,
    Sym,
)

DIGITS = 50
AGREE = mpmath.mpf(10) ** -40
MOST_BITS = 2_000_000  # of the logarithm of a power: more is not worked out
CONSTANTS = {r"\pi", "e", "i"}


class Undefined(ArithmeticError):
    """No number there: a division by zero, a logarithm of zero, something too large."""


class NotANumber(ValueError):
    """The formula holds what has no value: an infinity, a set, a unit."""


MP = mpmath.mp.clone()
MP.dps = DIGITS + 20
FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    **{name: getattr(MP, name) for name in ("exp", "sin", "cos", "tan", "cot", "sec", "csc", "floor", "ceil", "sign")},
    **{name: getattr(MP, name) for name in ("sinh", "cosh", "tanh", "coth", "sech", "csch")},
    **{f"arc{name}": getattr(MP, f"a{name}") for name in ("sin", "cos", "tan", "cot", "sec", "csc")},
    **{f"ar{name}": getattr(MP, f"a{name}") for name in ("sinh", "cosh", "tanh")},
    "cis": MP.expj,
    "sgn": MP.sign,
    "Re": MP.re,
    "Im": MP.im,
    "arg": MP.arg,
    "abs": abs,
}
"""Of one number, by name; those that can grow without bound are asked for only after a look at it."""


@lru_cache(maxsize=4096)
def symbols(expr: Node) -> frozenset[str]:
    """The names that stand for numbers nobody has said."""
    match expr:
        case Num() | Based():
            return frozenset()
        case Sym(name):
            return frozenset() if name in CONSTANTS else frozenset({name})
        case Neg(arg) | PlusMinus(arg) | Scaled(arg) | Measured(arg):
            return symbols(arg)
        case Sum(parts) | Product(parts):
            return frozenset().union(*map(symbols, parts))
        case Quotient(a, b) | Power(a, b):
            return symbols(a) | symbols(b)
        case Applied(_, args, base):
            return frozenset().union(*map(symbols, args), () if base is None else symbols(base))
    raise NotANumber(type(expr).__name__)


def value(expr: Node, at: Mapping[str, Any], *, digits: int = DIGITS, log_base: int | None = None) -> Any:
    """``expr`` as an mpmath number, complex where it is.

    Raises:
        Undefined: no number there. NotANumber: it has none anywhere.
    """
    with MP.workdps(digits + 20):
        try:
            return _Evaluation(at, log_base).of(expr)
        except (
            ZeroDivisionError,
            OverflowError,
            ValueError,
            TypeError,
            MemoryError,
            mpmath.libmp.ComplexResult,
            MP.NoConvergence,
        ) as error:
            if isinstance(error, NotANumber):
                raise
            raise Undefined(str(error)) from None


class _Evaluation:
    def __init__(self, at: Mapping[str, Any], log_base: int | None) -> None:
        self.at, self.log_base = at, log_base

    def of(self, expr: Node) -> Any:
        match expr:
            case Num(value):
                return MP.mpf(value.numerator) / value.denominator
            case Sym(r"\pi"):
                return +MP.pi
            case Sym("e") if "e" not in self.at:
                return +MP.e
            case Sym("i") if "i" not in self.at:
                return MP.mpc(0, 1)
            case Sym(name):
                if name in (r"\infty", r"\emptyset") or name not in self.at:
                    raise NotANumber(name)
                return self.at[name]
            case Neg(arg):
                return -self.of(arg)
            case Sum(terms):
                return sum((self.of(term) for term in terms), MP.mpf(0))
            case Product(factors):
                made = MP.mpf(1)
                for factor in factors:
                    made = made * self.of(factor)
                return made
            case Quotient(above, below):
                b = self.of(below)
                if _tiny(b):
                    raise Undefined("division by zero")
                return self.of(above) / b
            case Power(base, exponent):
                return self.power(self.of(base), self.of(exponent))
            case Based(digits, base):
                return MP.mpf(int(digits, base))
            case Scaled(arg, by):
                return self.of(arg) * (MP.pi / 180 if by == "degree" else MP.mpf(1) / 100)
            case Applied("apply", args, _):
                return self.of(Product(args))
            case Applied(name, args, base):
                return self.call(name, [self.of(arg) for arg in args], base)
        raise NotANumber(type(expr).__name__)

    def power(self, base: Any, exponent: Any) -> Any:
        if _tiny(base):
            if _tiny(exponent) or MP.re(exponent) < 0:
                raise Undefined("a power of zero")
            return MP.mpf(0)
        if abs(exponent) * (abs(MP.log(abs(base), 2)) + 1) > MOST_BITS:
            raise Undefined("too large")
        return MP.power(base, exponent)

    def call(self, name: str, args: list[Any], base: Node | None) -> Any:
        x = args[0]
        if name == "root":
            degree = MP.mpf(2) if base is None else self.of(base)
            if _tiny(degree):
                raise Undefined("a root of degree zero")
            if (
                is_real(x)
                and MP.re(x) < 0
                and is_real(degree)
                and int(MP.re(degree)) == degree
                and int(MP.re(degree)) % 2
            ):
                return -MP.power(-MP.re(x), 1 / degree)
            return self.power(x, 1 / degree)
        if name in ("log", "ln", "lg"):
            if _tiny(x):
                raise Undefined("a logarithm of zero")
            if base is not None:
                return MP.log(x) / self.nonzero(MP.log(self.of(base)))
            if name == "lg" or (name == "log" and self.log_base == 10):
                return MP.log(x) / MP.log(10)
            return MP.log(x)
        if name in ("exp", "sinh", "cosh") and abs(x) > MOST_BITS:
            raise Undefined("too large")
        if name in ("sin", "cos", "tan", "cot", "sec", "csc") and abs(x) > 10**12:
            raise Undefined("too large")
        if name == "factorial":
            if abs(x) > 10**5:
                raise Undefined("too large")
            return MP.factorial(x)
        if name == "binom":
            if max(abs(arg) for arg in args) > 10**5:
                raise Undefined("too large")
            return MP.binomial(*args)
        if name not in FUNCTIONS:
            raise NotANumber(name)
        return FUNCTIONS[name](x)

    def nonzero(self, x: Any) -> Any:
        if _tiny(x):
            raise Undefined("division by zero")
        return x


def _tiny(x: Any) -> bool:
    return bool(abs(x) < MP.mpf(10) ** -(DIGITS + 5))


def is_real(x: Any) -> bool:
    return bool(abs(MP.im(x)) <= AGREE * max(1, abs(MP.re(x))))


def agree(a: Any, b: Any, tolerance: Any = AGREE) -> bool:
    """Whether two numbers are one, up to rounding."""
    return bool(abs(a - b) <= tolerance * max(abs(a), abs(b)))
