r"""Names that say more than a value's own: ``\ln x = 5`` gives the logarithm of x, not x."""

from __future__ import annotations

import re

from synthetic1.rewards.math_answers.forms import has_letters, is_derivative
from synthetic1.rewards.math_answers.grammar.tree import Applied, Neg, Node, Power, Product, Quotient, Sum, Sym
from synthetic1.rewards.math_answers.prompt import Asked

_CALCULATED = frozenset({"ln", "log", "lg", "exp", "sinh", "cosh", "tanh"})
_REAL = re.compile(r"[a-vxy]")
_PRIMED = re.compile(r"[a-z]'+")
_SHIFTED = re.compile(r".*_\{.*[+-].*\}")


def says_more(name: Node, asked: Asked) -> bool:
    r"""Whether a name, in an answer to a gold without one, is rather an equation for something else.

    A logarithm, ``|x|``, ``x'``, ``f(x+1)``, ``a_{n+1}``, ``\frac{dy}{dx}`` of which the prompt does not speak; or,
    where the prompt asks for one letter, another of its letters.
    """
    match name:
        case Sym(letter):
            others = asked.letter is not None and letter != asked.letter and letter in asked.symbols
            return others or bool(_PRIMED.fullmatch(letter)) or bool(_SHIFTED.fullmatch(letter))
        case Applied("apply", (_, arg), _):
            return isinstance(arg, Sum | Product | Quotient | Power | Neg) and has_letters(arg)
        case Applied("abs", (Sym(letter),), _):
            return bool(_REAL.fullmatch(letter))
        case Applied(function, _, _):
            return function in _CALCULATED
    return is_derivative(name) and not asked.derivative
