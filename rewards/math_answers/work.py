r"""What of a formula is left to the reader, where it was asked for."""

from __future__ import annotations

from synthetic1.rewards.math_answers.exact import fewest_decimals, rational, significant_digits
from synthetic1.rewards.math_answers.forms import has_letters
from synthetic1.rewards.math_answers.grammar.cursor import whole_value
from synthetic1.rewards.math_answers.grammar.tree import (
    Applied,
    Based,
    Measured,
    Neg,
    Node,
    Num,
    Power,
    Product,
    Quotient,
    Scaled,
    Sum,
    Sym,
)
from synthetic1.rewards.math_answers.structure import children, normal

WORKED_OUT = frozenset({"root", "factorial", "binom"})
"""Ways to write a number; other functions of plain numbers are work that was asked for."""


def is_unfinished_number(node: Node) -> bool:
    """Whether a formula, given where a rational number is asked for, leaves arithmetic to be done.

    Numbers, fractions, powers, roots, factorials, binomials and scientific notation are ways to write a number. Sums,
    products, functions, and fractions of fractions are work.
    """
    match node:
        case Num() | Based():
            return False
        case Neg(arg) | Scaled(arg) | Measured(arg):
            return is_unfinished_number(arg)
        case Quotient(above, below):
            return any(isinstance(part, Quotient) or is_unfinished_number(part) for part in (above, below))
        case Power(base, exponent):
            return is_unfinished_number(base) or is_unfinished_number(exponent)
        case Product((first, Power(Num(value=ten), _))) if ten == 10:
            return is_unfinished_number(first)
        case Applied(name, args, base):
            return (
                name not in WORKED_OUT
                or any(map(is_unfinished_number, args))
                or (base is not None and is_unfinished_number(base))
            )
    return True


def _is_plain(node: Node) -> bool:
    return (
        isinstance(node, Num)
        or (isinstance(node, Neg) and _is_plain(node.arg))
        or (isinstance(node, Quotient) and _is_plain(node.above) and _is_plain(node.below))
        or (isinstance(node, Power) and _is_plain(node.base) and _is_plain(node.exponent))
    )


def arithmetic_left(node: Node) -> int:
    """How many operations on plain numbers a formula leaves undone: ``\\sqrt{25+9}`` one, ``2 \\cdot 3x`` one."""
    count = 0
    match node:
        case Sum(terms):
            count += max(0, sum(map(_is_plain, terms)) - 1)
        case Product(factors):
            plain = [f for f in factors if _is_plain(f)]
            powers = [f for f in plain if isinstance(f, Power)]
            count += max(0, len(plain) - 1 - (len(powers) > 0))
        case Applied(name, args, _):
            closed = all(map(_is_plain, args))
            count += closed and name in ("abs", "floor", "ceil", "exp", "gcd")
    for child in children(node):
        count += arithmetic_left(child)
    return count


def terms_left(node: Node) -> int:
    """How many like terms, and powers of one letter, a formula leaves to be put together: ``2x+3x``, ``x^2 x^3``."""
    count = 0
    match node:
        case Sum(terms):
            kinds = [kind for term in terms if (kind := _letters_of(term)) is not None]
            count = len(kinds) - len(set(kinds))
        case Product(factors):
            bases = [base for f in factors if isinstance(base := f.base if isinstance(f, Power) else f, Sym)]
            count = len(bases) - len(set(bases))
    return count + sum(map(terms_left, children(node)))


def _letters_of(term: Node) -> Node | None:
    """What a term is but for its number; None of a number, or of what is not plain."""
    while isinstance(term, Neg):
        term = term.arg
    parts = [part for part in (term.factors if isinstance(term, Product) else (term,)) if not _is_plain(part)]
    if not parts or not all(isinstance(p.base if isinstance(p, Power) else p, Sym) for p in parts):
        return None
    return normal(Product(tuple(parts)))


def products_of_sums(node: Node) -> int:
    """How many products and whole powers of sums with letters a formula leaves to be multiplied out."""

    def is_bracket(one: Node) -> bool:
        return isinstance(one, Sum) and has_letters(one)

    match node:
        case Product(factors):
            count = int(any(map(is_bracket, factors)))
        case Power(base, exponent):
            count = int(is_bracket(base) and whole_value(exponent) is not None)
        case _:
            count = 0
    return count + sum(map(products_of_sums, children(node)))


def is_scientific(node: Node) -> bool:
    """``3.2 \\cdot 10^4``."""
    if isinstance(node, Neg):
        node = node.arg
    match node:
        case Product((Num(value=size), Power(Num(value=ten), _))):
            return ten == 10 and 1 <= abs(size) < 10
    return False


def functions_left(node: Node) -> frozenset[str]:
    """Functions of numbers, which may have a plainer value: ``\\arctan 1``, ``\\sin 30^\\circ``, ``\\log_2 8``."""
    found: set[str] = set()
    if (
        isinstance(node, Applied)
        and node.name not in WORKED_OUT
        and node.name not in ("abs", "apply")
        and not has_letters(node)
    ):
        found.add(node.name)
    for child in children(node):
        found |= functions_left(child)
    return frozenset(found)


def complex_work_left(node: Node) -> bool:
    """Whether products, powers or quotients of complex numbers are left to be worked out."""

    def has_i(one: Node) -> bool:
        return one == Sym("i") or any(map(has_i, children(one)))

    match node:
        case Product(factors):
            if sum(isinstance(f, Sum) and has_i(f) for f in factors) >= 1 and len(factors) > 1:
                return True
        case Power(base, _):
            if has_i(base):
                return True
        case Quotient(_, below):
            if has_i(below):
                return True
    return any(map(complex_work_left, children(node)))


def is_sum(node: Node) -> bool:
    inner = normal(node)
    return isinstance(inner, Sum) or (isinstance(inner, Neg) and isinstance(inner.arg, Sum))


def factors_with_letters(node: Node) -> int:
    """How many factors that hold a letter a product has, powers counted by their exponent."""
    inner = normal(node)
    if isinstance(inner, Neg):
        inner = inner.arg
    if isinstance(inner, Quotient):
        inner = inner.above
    parts = inner.factors if isinstance(inner, Product) else (inner,)
    count = 0
    for part in parts:
        if has_letters(part):
            exponent = rational(part.exponent) if isinstance(part, Power) else None
            whole = exponent is not None and exponent.denominator == 1 and 0 < exponent < 50
            count += int(exponent or 1) if whole else 1
    return count


def kin_of_functions(gold: Node) -> frozenset[str]:
    """Functions that say the same as those of the gold: ln and log; sine for a gold with one."""
    found = functions_left(gold)
    made: set[str] = set()
    if found & {"ln", "log", "lg"}:
        made |= {"ln", "log", "lg"}
    if found & {"sin", "cos", "tan", "cot", "sec", "csc"}:
        made |= {"sin", "cos", "tan", "cot", "sec", "csc"}
    if any(name.startswith("arc") for name in found):
        made |= {"arcsin", "arccos", "arctan", "arccot"}
    if "exp" in found or "'e'" in repr(gold):
        made |= {"exp"}
        if "'i'" in repr(gold):  # polar form
            made |= {"cis", "sin", "cos"}
    if found & {"sinh", "cosh", "tanh"}:
        made |= {"sinh", "cosh", "tanh", "exp"}
    return frozenset(made)


def is_decimal_multiple(node: Node) -> bool:
    """``0.3333\\pi``: a decimal of at least four significant digits times a formula without one."""
    if isinstance(node, Neg):
        node = node.arg
    match node:
        case Product((Num(decimals=int()) as size, *rest)):
            return significant_digits(size) >= 4 and all(fewest_decimals(one) is None for one in rest)
    return False
