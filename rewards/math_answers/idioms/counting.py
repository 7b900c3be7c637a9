r"""Numbers of arrangements, written by factorials: ``\\frac{10!}{3!7!}``."""

from __future__ import annotations

from synthetic1.rewards.math_answers.grammar.tree import Applied, Node, Num, Power, Product, Quotient


def is_count(node: Node) -> bool:
    """Whether a fraction has one factorial above and factorials alone below: a way to write how many there are."""
    match node:
        case Quotient(above, Product(factors)):
            return _is_factorial(above) and all(map(_is_factorial_power, factors))
        case Quotient(above, below):
            return _is_factorial(above) and _is_factorial_power(below)
    return False


def _is_factorial(node: Node) -> bool:
    return isinstance(node, Applied) and node.name == "factorial" and isinstance(node.args[0], Num)


def _is_factorial_power(node: Node) -> bool:
    if isinstance(node, Power):
        whole = isinstance(node.exponent, Num) and node.exponent.value.denominator == 1 and node.exponent.value > 0
        return whole and _is_factorial(node.base)
    return _is_factorial(node)
