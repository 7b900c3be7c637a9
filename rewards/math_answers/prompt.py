r"""What a prompt says that matters for its answers: its words, its formulas, and what it asks to be done with them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from synthetic1.rewards.math_answers.grammar.statements import parse
from synthetic1.rewards.math_answers.grammar.tokens import Unreadable
from synthetic1.rewards.math_answers.grammar.tree import Node, Relation
from synthetic1.rewards.math_answers.structure import normal

READ = 20_000  # characters at the end of a prompt
MOST_FORMULAS = 60
_WORK = re.compile(
    r"\b(?:comput|evaluat|simplif|expand|factor|lowest|rationali[sz]|calculat|reduc|express|work out|multiply|what is"
    r"|what are|find the value|convert|change|rewrite|write)",
    re.IGNORECASE,
)
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
    work: bool = False
    """It asks to compute, simplify, expand, factor …: the question itself is not an answer."""
    formulas: frozenset[Node] = field(default=frozenset(), hash=False)
    """Its formulas and their sides, normal."""

    @property
    def terms(self) -> frozenset[str]:
        """Words of four letters or more: in an answer, such letters are that word and not a product."""
        return frozenset(word for word in self.words if len(word) > 3)


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
    return Asked(
        frozenset(re.findall(r"[a-z]+", text.lower())),
        percent=bool(re.search(r"percent|%|per cent", text, re.IGNORECASE)),
        exact=bool(re.search(r"\bexact\b|common fraction", text, re.IGNORECASE)),
        lowest=bool(re.search(r"lowest terms|simplest form|reduced? fraction", text, re.IGNORECASE)),
        factor=bool(re.search(r"\bfactor(?:i[sz]e|ed|i[sz]ation)?\b", text, re.IGNORECASE)),
        work=bool(_WORK.search(text)),
        formulas=frozenset(formulas),
    )
