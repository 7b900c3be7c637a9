r"""Conditions on letters: which numbers they are, and remarks that say nothing of the value."""

from __future__ import annotations

import re

from synthetic1.rewards.math_answers.grammar.tree import Items, Node, Num, Raw, Relation, Sym, Text
from synthetic1.rewards.math_answers.structure import children

FOR_ALL = re.compile(
    r"^(?:for|where|with|when|if) (?!some\b)(?:all|any|every|each)?|^\\forall"
    r"|^(?:for |where |and |with )?(?:[kmn] (?:is )?)?(?:any |all |an |every )?integers?(?: [kmn])?$"
)
NUMBER_SETS = frozenset("ZNQRC")
_BY_NAME = {r"\Integers": "Z", r"\Naturals": "N", r"\Rationals": "Q", r"\Reals": "R", r"\Complexes": "C"}
_DOMAIN = re.compile(r"\\(?:Integers|Naturals|Rationals|Reals|Complexes)")
_MARKED = re.compile(r"[ZNQRC]\s*[\^_].*")


def domain(node: Node) -> tuple[str, str] | None:
    """The letter and the set of numbers of ``k \\in \\mathbb{Z}``; ``None`` of anything else."""
    match node:
        case Relation((Sym(letter), Sym(said) | Raw(said)), (r"\in",)) if (
            said in NUMBER_SETS or _DOMAIN.match(said) or _MARKED.fullmatch(said)
        ):
            return letter, _DOMAIN.sub(lambda found: _BY_NAME[found[0]], said).replace(" ", "")
    return None


_NAMED = {"Z": "integer", "N": "natural", "Q": "rational"}


def other_domain(gold: Node, answer: Node, words: frozenset[str], sets: frozenset[str]) -> bool:
    """Whether an answer says of a letter that it is of numbers that neither the gold nor the prompt speaks of.

    ``k \\in \\mathbb{R}`` for ``\\mathbb{Z}``; ``x \\in \\mathbb{Q}`` where nobody asks for rational numbers. What
    counts (``k``, ``m``, ``n``) is an integer anyway.

    Args:
        words: those of the prompt. sets: the sets of numbers in it, by letter.
    """
    one, other = domains(gold), domains(answer)
    if any(one[letter] != other[letter] for letter in one.keys() & other.keys()):
        return True
    among_reals = {one[letter] for letter in one.keys() - other.keys()} & {"R", "C"}
    for letter in other.keys() - one.keys():
        if among_reals and other[letter][0] in "ZNQ" and len(one) == len(other):
            return True  # its name for a real number, of which it says that it is an integer
        among = other[letter][0]
        word = _NAMED.get(among)
        free = letter not in "kmnKMNij" and not (set(one.values()) & {other[letter]})
        if free and word is not None and among not in sets and not words & {word, word + "s", "positive", "whole"}:
            return True
    return False


def domains(node: Node) -> dict[str, str]:
    """Letter → the set of numbers that it is said to be one of."""
    if (found := domain(node)) is not None:
        return dict([found])
    return {letter: among for child in children(node) for letter, among in domains(child).items()}


def is_condition(node: Node) -> bool:
    """A remark on which values a letter takes: ``k \\in \\mathbb{Z}``, ``for all x``."""
    if domain(node) is not None:
        return True
    if isinstance(node, Text) and FOR_ALL.match(node.words):
        return True
    return isinstance(node, Raw) and bool(FOR_ALL.match(node.text.strip()))


def without_remarks(node: Items) -> list[Node]:
    """What is left without remarks; but ``or x \\in \\mathbb{R}`` is another answer."""
    joints = ("comma", *node.joints, *("comma",) * len(node.items))
    return [item for item, joint in zip(node.items, joints, strict=False) if joint == "or" or not is_condition(item)]


_RESTRICTS = {
    "Z": re.compile(r"\\Integers|\bintegers?\b|mathbb\{?Z"),
    "N": re.compile(r"\\Naturals|\b(?:naturals?|whole)\b|mathbb\{?N"),
    "Q": re.compile(r"\\Rationals|\brationals?\b|mathbb\{?Q"),
    "+": re.compile(r">|\\ge|positive|nonnegative|non-negative"),
    "-": re.compile(r"<|\\le|negative"),
    "but": re.compile(r"except|but|other than|\\ne|unless"),
    "some": re.compile(r"\\\{"),
}
"""What a remark may restrict a letter to, and how that is written."""


def restricts(remark: str, prompt: str) -> bool:
    """Whether ``for all …`` leaves out numbers that the prompt does not leave out; ``n \\ge 1`` leaves out none."""
    plain = re.sub(r"[nk] ?\\ge ?[01](?!\d)", "", remark)
    return any(said.search(plain) and not said.search(prompt) for said in _RESTRICTS.values())


def remarks(node: Node) -> list[str]:
    """What is said ``for all …``."""
    if isinstance(node, Raw | Text):
        text = node.text if isinstance(node, Raw) else node.words
        return [text] if FOR_ALL.match(text.strip()) else []
    return [text for child in children(node) for text in remarks(child)]


def is_bound_of_index(item: Node, gold: Node | None) -> bool:
    """``n \\ge 1``, behind a sequence's formula."""
    match item:
        case Relation((Sym(letter), Num()), (r"\ge" | ">",)):
            name = gold.sides[0] if isinstance(gold, Relation) else None
            return isinstance(name, Sym) and name.name.endswith(f"_{{{letter}}}")
    return False


def bounds_what_is_listed(condition: Node, node: Items) -> bool:
    """``1 \\le x < 3, x \\in \\mathbb{Z}``: a condition on what is bounded is not a remark."""
    match condition:
        case Relation((Sym() as letter, Sym(r"\Integers" | r"\Naturals" | r"\Rationals" | "Z" | "N")), (r"\in",)):
            return any(isinstance(one, Relation) and letter in one.sides and one is not condition for one in node.items)
    return False
