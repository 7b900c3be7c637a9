"""An independent word on gold and answer: do they have the same value? Labels the cases of mathematics.

Two readers that share nothing with the verifier. The quick one reads strictly and evaluates at seeded points. The
patient one is latex2sympy2_extended with sympy, in a process that is killed when it takes too long; it reads more, and
guesses where notation is ambiguous, so it is heard about mutants only.
"""

from __future__ import annotations

from functools import lru_cache

from synthetic1.evaluation.auditing.case import OracleAnswer
from synthetic1.evaluation.auditing.notation.evaluating import compare_formulas, ratio_sign
from synthetic1.evaluation.auditing.notation.formula import (
    Node,
    OperationNode,
    SymbolNode,
    UnreadableFormula,
    plain,
    read_formula,
)
from synthetic1.evaluation.auditing.notation.shapes import (
    TURNED,
    ChainShape,
    CollectionShape,
    FormulaShape,
    Shape,
    UnionShape,
    as_interval,
    is_letter,
    shape_of,
    without_unit,
)

MAX_PARTS = 24
_INFINITE = {r"\infty": "+", r"+\infty": "+", r"-\infty": "-"}


def ask_quickly(gold: str, answer: str) -> OracleAnswer:
    """What the quick reader says of two answers, without their boxes and dollar signs."""
    gold, answer = plain(gold), plain(answer)
    if "".join(gold.split()) == "".join(answer.split()):
        return OracleAnswer.EQUAL
    (gold, gold_unit), (answer, answer_unit) = without_unit(gold), without_unit(answer)
    if gold_unit != answer_unit:
        return OracleAnswer.UNREAD
    return _compare(shape_of(gold), shape_of(answer))


def _compare(gold: Shape, answer: Shape) -> OracleAnswer:
    if isinstance(gold, FormulaShape) and isinstance(answer, FormulaShape):
        return _formulas(gold.text, answer.text)
    if isinstance(gold, CollectionShape) and isinstance(answer, CollectionShape):
        return _collections(gold, answer)
    if isinstance(gold, UnionShape) and isinstance(answer, UnionShape):
        return _unordered(gold.parts, answer.parts)
    if isinstance(gold, ChainShape) and isinstance(answer, ChainShape):
        return _chains(gold, answer)
    if isinstance(gold, ChainShape):
        return _chain_and_other(gold, answer)
    if isinstance(answer, ChainShape):
        return _chain_and_other(answer, gold)
    return _unlike(gold, answer)


def _texts(gold: str, answer: str) -> OracleAnswer:
    return _compare(shape_of(gold), shape_of(answer))


def _formulas(gold: str, answer: str) -> OracleAnswer:
    if gold in _INFINITE or answer in _INFINITE:
        if gold in _INFINITE and answer in _INFINITE:
            return OracleAnswer.EQUAL if _INFINITE[gold] == _INFINITE[answer] else OracleAnswer.DIFFERENT
        return OracleAnswer.UNREAD if _tree(answer if gold in _INFINITE else gold) is None else OracleAnswer.DIFFERENT
    left, right = _tree(gold), _tree(answer)
    if left is None or right is None:
        return OracleAnswer.UNREAD
    return compare_formulas(left, right)


@lru_cache(maxsize=4096)
def _tree(text: str) -> Node | None:
    try:
        return read_formula(text)
    except UnreadableFormula:
        return None


def _collections(gold: CollectionShape, answer: CollectionShape) -> OracleAnswer:
    if max(len(gold.parts), len(answer.parts)) > MAX_PARTS:
        return OracleAnswer.UNREAD
    if (gold.opening, gold.closing) != (answer.opening, answer.closing):
        return _brackets_differ(gold, answer)
    return (_in_order if gold.in_order else _unordered)(gold.parts, answer.parts)


def _brackets_differ(gold: CollectionShape, answer: CollectionShape) -> OracleAnswer:
    """An end of an interval opened or closed; a set against a list of its elements is nobody's to say."""
    if gold.in_order and answer.in_order and len(gold.parts) == len(answer.parts) == 2:
        return OracleAnswer.DIFFERENT
    ordered = gold.in_order or answer.in_order
    return OracleAnswer.DIFFERENT if ordered and len(gold.parts) != len(answer.parts) else OracleAnswer.UNREAD


def _in_order(gold: tuple[str, ...], answer: tuple[str, ...]) -> OracleAnswer:
    if len(gold) != len(answer):
        return OracleAnswer.DIFFERENT
    return _all([_texts(one, other) for one, other in zip(gold, answer, strict=True)])


def _all(answers: list[OracleAnswer]) -> OracleAnswer:
    for decisive in (OracleAnswer.DIFFERENT, OracleAnswer.UNREAD):
        if decisive in answers:
            return decisive
    return OracleAnswer.EQUAL


def _unordered(gold: tuple[str, ...], answer: tuple[str, ...]) -> OracleAnswer:
    """Whether each part has its equal on the other side."""
    open_parts, unread = list(answer), False
    for part in gold:
        answers = [_texts(part, other) for other in open_parts]
        if OracleAnswer.EQUAL in answers:
            open_parts.pop(answers.index(OracleAnswer.EQUAL))
        elif OracleAnswer.UNREAD in answers:
            unread = True
        else:
            return OracleAnswer.DIFFERENT
    if unread:
        return OracleAnswer.UNREAD
    return OracleAnswer.EQUAL if not open_parts else OracleAnswer.DIFFERENT


def _chains(gold: ChainShape, answer: ChainShape) -> OracleAnswer:
    if gold.signs == answer.signs and gold.sides[:-1] == answer.sides[:-1]:
        last = _texts(gold.sides[-1], answer.sides[-1])
        if last is not OracleAnswer.DIFFERENT or len(gold.sides) == 2:
            return last
    if gold.sides == answer.sides[::-1] and gold.signs == tuple(TURNED[sign] for sign in answer.signs[::-1]):
        return OracleAnswer.EQUAL
    if len(gold.signs) != len(answer.signs):
        return OracleAnswer.UNREAD
    return _all([_links(_link(gold, place), _link(answer, place)) for place in range(len(gold.signs))])


def _link(chain: ChainShape, place: int) -> tuple[str, str, str]:
    """One sign and its sides, written with the smaller side first."""
    left, sign, right = chain.sides[place], chain.signs[place], chain.sides[place + 1]
    return (right, TURNED[sign], left) if sign in (">", ">=") else (left, sign, right)


def _links(gold: tuple[str, str, str], answer: tuple[str, str, str]) -> OracleAnswer:
    trees = [_tree(side) for side in (gold[0], gold[2], answer[0], answer[2])]
    if any(tree is None for tree in trees):
        return OracleAnswer.UNREAD
    gold_left, gold_right, answer_left, answer_right = (tree for tree in trees if tree is not None)
    ratio = ratio_sign(_difference(gold_left, gold_right), _difference(answer_left, answer_right))
    if ratio is None:
        return OracleAnswer.UNREAD
    if gold[1] != answer[1]:
        return OracleAnswer.DIFFERENT
    same = ratio != 0 if gold[1] in ("=", "!=") else ratio == 1
    return OracleAnswer.EQUAL if same else OracleAnswer.DIFFERENT


def _difference(left: Node, right: Node) -> Node:
    return OperationNode("add", (left, OperationNode("neg", (right,))))


def _chain_and_other(chain: ChainShape, other: Shape) -> OracleAnswer:
    """A named value against a value, an inequality against an interval."""
    if chain.signs == ("=",):
        tree = _tree(chain.sides[0])
        is_name = tree is None or isinstance(tree, SymbolNode)
        return _compare(shape_of(chain.sides[1]), other) if is_name else OracleAnswer.UNREAD
    interval = as_interval(chain)
    if interval is not None and isinstance(other, CollectionShape):
        return _collections(interval, other)
    return OracleAnswer.UNREAD


def _unlike(gold: Shape, answer: Shape) -> OracleAnswer:
    """A value that is read is not a tuple, set or list."""
    for one, other in ((gold, answer), (answer, gold)):
        if isinstance(one, FormulaShape) and isinstance(other, CollectionShape) and not is_letter(one.text):
            several = len(other.parts) > 1 and all(_tree(part) is not None for part in other.parts)
            return OracleAnswer.DIFFERENT if several and _tree(one.text) is not None else OracleAnswer.UNREAD
    return OracleAnswer.UNREAD
