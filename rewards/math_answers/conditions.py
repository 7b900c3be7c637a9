r"""Conditions on letters: which numbers they are, and remarks that say nothing of the value."""

from __future__ import annotations

import re

from synthetic1.rewards.math_answers.grammar.tree import Items, Node, Raw, Relation, Sym, Text
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


def other_domain(gold: Node, answer: Node) -> bool:
    """Whether both say what numbers a letter is of, but not the same: ``k \\in \\mathbb{R}`` for ``\\mathbb{Z}``."""
    one, other = domains(gold), domains(answer)
    return any(one[letter] != other[letter] for letter in one.keys() & other.keys())


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
