r"""What a prompt says that matters for its answers: its words, its formulas, and what it asks to be done with them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from synthetic1.rewards.math_answers.grammar.spelling import JOINED, KNOWN_WORDS
from synthetic1.rewards.math_answers.grammar.statements import parse
from synthetic1.rewards.math_answers.grammar.token import Unreadable
from synthetic1.rewards.math_answers.grammar.tree import Node, Relation, Sym
from synthetic1.rewards.math_answers.structure import children, normal

READ = 20_000  # characters at the end of a prompt
MOST_FORMULAS = 60
_WORK = re.compile(
    r"\b(?:comput|evaluat|simplif|expand|factor|lowest|rationali[sz]|calculat|reduc|express|work out|multiply|what is"
    r"|what are|find the value|convert|change|rewrite|write)",
    re.IGNORECASE,
)
_LETTER = re.compile(
    r"\b(?:find|determine|solve for|what is|compute|calculate|evaluate)(?: (?:the|all|exact|largest|smallest|greatest"
    r"|least|positive|negative|real|integer|possible|values?|of))* \$([A-Za-z])\$"
    r"(?! *(?:[+,-]|and\b|or\b|in terms|such that \$[a-z]\$))",
    re.IGNORECASE,
)
_NO_UNITS = """
    day second square cubic unit units even odd true false none hundred thousand million billion trillion m s g h L
    foot ft
"""
_UNITS = (KNOWN_WORDS | JOINED) - frozenset(_NO_UNITS.split())
"""Of the words of a prompt, those that measure: no "second" that is the one after the first."""
_FORMULA = re.compile(r"\$\$([^$]{1,500})\$\$|\$([^$]{1,500})\$|\\\[(.{1,500}?)\\\]|\\\((.{1,500}?)\\\)", re.DOTALL)
_BARE = re.compile(
    r"(?:find|what is|what are|comput\w*|evaluat\w*|simplif\w*|expand|factor|calculat\w*)\s+([^?$\n]{1,80}?)"
    r"(?:[?\n]|\.(?:\s|$)|$)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Asked:
    """What the prompt says that matters."""

    words: frozenset[str] = frozenset()
    """All of its words, in lower case."""
    percent: bool = False
    """It speaks of percent."""
    exact: bool = False
    """It asks for an exact value, or a fraction."""
    lowest: bool = False
    """It asks for a fraction in lowest terms."""
    factor: bool = False
    """It asks for factors."""
    expand: bool = False
    """It asks for a product to be multiplied out."""
    square: bool = False
    """It asks for the square to be completed."""
    scientific: bool = False
    """It asks for scientific notation."""
    chance: bool = False
    """It speaks of a probability, which may be said in percent."""
    ratio: bool = False
    """It speaks of a ratio, which may be said as a quotient."""
    any_form: bool = False
    """Nobody asks for a form: work left undone, and the last side of a chain, are answers, too."""
    derivative: bool = False
    """It speaks of derivatives."""
    work: bool = False
    """It asks to compute, simplify, expand, factor …: the question itself is not an answer."""
    formulas: frozenset[Node] = field(default=frozenset(), hash=False)
    """Its formulas and their sides, normal."""

    letter: str | None = None
    """The one letter that is to be found, if it is one: ``Find $x$``."""
    symbols: frozenset[str] = frozenset()
    """The letters of its formulas."""

    @property
    def units(self) -> frozenset[str]:
        """Its words that are units whatever they stand beside."""
        return self.words & _UNITS

    @property
    def terms(self) -> frozenset[str]:
        """Words of four letters or more: in an answer, such letters are that word and not a product."""
        return frozenset(word for word in self.words if len(word) > 3)


def letters_of(node: Node) -> frozenset[str]:
    """The names in a formula."""
    if isinstance(node, Sym):
        return frozenset({node.name})
    return frozenset().union(*map(letters_of, children(node)))


@lru_cache(maxsize=4096)
def what_is_asked(prompt: str) -> Asked:
    """What ``prompt`` says that matters."""
    text = prompt[-READ:]
    formulas: set[Node] = set()
    found = [next(part for part in match.groups() if part is not None) for match in _FORMULA.finditer(text)]
    found += [match[1] for match in _BARE.finditer(text)]
    for one in found[-MOST_FORMULAS:]:
        try:
            node = parse(one)
        except (Unreadable, RecursionError):
            continue
        formulas.add(normal(node))
        if isinstance(node, Relation):
            formulas.update(map(normal, node.sides))
    letters = {match[1] for match in _LETTER.finditer(text)}
    return Asked(
        frozenset(re.findall(r"[a-z]+", text.lower())),
        percent=bool(re.search(r"percent|%|per cent", text, re.IGNORECASE)),
        exact=bool(re.search(r"\bexact\b|common fraction", text, re.IGNORECASE)),
        lowest=bool(re.search(r"lowest terms|simplest form|reduced? fraction", text, re.IGNORECASE)),
        factor=bool(re.search(r"\bfactor(?:i[sz]e|ed|i[sz]ation)?\b", text, re.IGNORECASE)),
        expand=bool(re.search(r"\b(?:expand|multiply out)\b", text, re.IGNORECASE)),
        square=bool(re.search(r"complet\w+ the square|vertex form", text, re.IGNORECASE)),
        scientific="scientific notation" in text.lower(),
        chance=bool(re.search(r"\b(?:probabilit|chance|likelihood)", text, re.IGNORECASE)),
        ratio=bool(re.search(r"\bratios?\b", text, re.IGNORECASE)),
        derivative=bool(re.search(r"deriv|differentia|slope|tangent|rate|velocit|\\frac\{d|'", text, re.IGNORECASE)),
        letter=letters.pop() if len(letters) == 1 else None,
        symbols=frozenset(letter for formula in formulas for letter in letters_of(formula)),
        work=bool(_WORK.search(text)),
        formulas=frozenset(formulas),
    )
