r"""Names that say more than a value's own: ``\ln x = 5`` gives the logarithm of x, not x."""

from __future__ import annotations

import re

from synthetic1.rewards.math_answers.forms import has_letters, is_derivative, occurs
from synthetic1.rewards.math_answers.grammar.tree import (
    Applied,
    Bracketed,
    Neg,
    Node,
    Power,
    Product,
    Quotient,
    Raw,
    Sum,
    Sym,
    Text,
)
from synthetic1.rewards.math_answers.idioms.events import is_complement, names_another_event
from synthetic1.rewards.math_answers.prompt import Asked
from synthetic1.rewards.math_answers.structure import normal

_CALCULATED = frozenset({"ln", "log", "lg", "exp", "sinh", "cosh", "tanh", "floor", "ceil"})
_REAL = re.compile(r"[a-vxy]")
_PRIMED = re.compile(r"[a-z]'+")
_SHIFTED = re.compile(r".*_\{.*[+-].*\}")
_MARKED = re.compile(r"\\(?:bar|overline|dot|ddot|hat|tilde)\{([A-Za-z])\}")


def says_more(name: Node, asked: Asked) -> bool:
    r"""Whether a name, in an answer to a gold without one, is rather an equation for something else.

    A logarithm, ``|x|``, ``x'``, ``f(x+1)``, ``a_{n+1}``, ``\frac{dy}{dx}`` of which the prompt does not speak; where
    the prompt says what is to be found, anything else of its formulas, and what is made of that: ``\bar z`` for z.
    """
    if (another := names_another_event(name, asked.targets, asked.parts)) is not None:
        return another
    if normal(name) in map(normal, asked.targets):
        return False
    if is_complement(name):
        return True
    if isinstance(name, Text) and asked.asked_words:
        return _is_of_the_problem(name, asked)
    if asked.targets and not asked.derivative and _is_of_the_problem(name, asked):
        return True
    match name:
        case Sym(letter):
            primed = _PRIMED.fullmatch(letter) and not asked.derivative
            return bool(primed or _SHIFTED.fullmatch(letter) or _MARKED.fullmatch(letter))
        case Applied("apply", (_, arg), _):
            return isinstance(arg, Sum | Product | Quotient | Power | Neg) and has_letters(arg)
        case Applied("abs", (Sym(letter),), _):
            return bool(_REAL.fullmatch(letter))
        case Applied(function, _, _):
            return function in _CALCULATED
        case Raw(text):
            return bool(re.match(r"\\(?:int|sum|prod|lim)", text)) and normal(name) not in asked.wholes
    return is_derivative(name) and not asked.derivative


def _is_of_the_problem(name: Node, asked: Asked) -> bool:
    """Whether a name that is not asked for stands in the prompt, or is made of what is asked for."""
    if isinstance(name, Text):
        words = set(re.findall(r"[a-z]+", name.words.lower())) & asked.words
        return bool(words) and not words <= asked.asked_words
    if isinstance(name, Bracketed):
        return False
    if normal(name) in asked.parts:
        return True
    for target in asked.targets:
        if isinstance(target, Sym) and _is_made_of(name, target):
            return True
        if _head(target) is not None and _head(target) == _head(name):
            closed = isinstance(name, Applied) and not any(map(has_letters, name.args[1:]))
            return closed or isinstance(name, Raw) or _primes(target) != _primes(name)
        if isinstance(target, Sym) and isinstance(name, Sym) and "_" in target.name and "_" in name.name:
            return target.name.split("_")[0] == name.name.split("_")[0]  # a_5 for a_4
        if not isinstance(target, Sym) and occurs(target, name):
            return True
        if isinstance(target, Applied) and isinstance(name, Applied) and "apply" not in (target.name, name.name):
            return target.args == name.args  # arg z for |z|
    return _segment(name) in asked.parts


def _segment(name: Node) -> Node | None:
    """AB of ``|AB|``, ``\\overline{AB}``, ``\\vec{AB}``."""
    match name:
        case Applied("abs", (Product() as inside,), _):
            return normal(inside)
        case Sym(text) if found := re.fullmatch(r"\\(?:overline|vec|overrightarrow)\{([A-Z])([A-Z])\}", text):
            return normal(Product((Sym(found[1]), Sym(found[2]))))
    return None


def _is_made_of(name: Node, letter: Sym) -> bool:
    match name:
        case Sym(other):
            return _stem(other) == letter.name != other
        case Raw(text):
            return re.search(rf"(?<![A-Za-z\\\\]){re.escape(letter.name)}(?![A-Za-z])", text) is not None
    return occurs(letter, name)


def _stem(name: str) -> str:
    """``z`` of ``z'`` and ``\\bar{z}``."""
    marked = _MARKED.fullmatch(name)
    return marked[1] if marked is not None else name.rstrip("'")


def _head(node: Node) -> str | None:
    """``f`` of ``f(2)``, ``P`` of ``P(A \\cup B)``."""
    match node:
        case Applied("apply", (Sym(name), _), _):
            return name.rstrip("'")
        case Raw(text) if (found := re.match(r"([A-Za-z])'*\(", text)) is not None:
            return found[1]
    return None


def _primes(node: Node) -> int:
    return repr(node.args[0]).count("'") - 2 if isinstance(node, Applied) else 0
