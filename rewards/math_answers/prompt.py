r"""What a prompt says that matters for its answers: its words, its formulas, and what it asks to be done with them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from synthetic1.rewards.math_answers.grammar.spelling import JOINED, KNOWN_WORDS
from synthetic1.rewards.math_answers.grammar.statements import parse
from synthetic1.rewards.math_answers.grammar.token import Unreadable
from synthetic1.rewards.math_answers.grammar.tree import (
    Applied,
    Combined,
    Expression,
    Multiple,
    Node,
    Num,
    Raw,
    Relation,
    Sym,
)
from synthetic1.rewards.math_answers.structure import children, normal

READ = 20_000  # characters at the end of a prompt
MOST_FORMULAS = 60
_WORK = re.compile(
    r"\b(?:comput|evaluat|simplif|expand|factor|lowest|rationali[sz]|calculat|reduc|express|work out|multiply|what is"
    r"|what are|find the value|convert|change|rewrite|write)",
    re.IGNORECASE,
)
_TARGET = re.compile(  # up to eight words between the verb and what is asked for
    r"\b(?:find|determine|solve for|solve|what is|what are|compute|calculate|evaluate|give)(?: [A-Za-z'-]+){0,8}?"
    r" *[,:]? *"
    r"(?:\$\$?([^$]{1,200})\$|\\\((.{1,200}?)\\\)|\\\[(.{1,200}?)\\\])(?: *(?:,|and|or|, and) *\$([^$]{1,100})\$)?",
    re.IGNORECASE,
)
_ASKED_FOR = re.compile(
    r"\b(?:find|determine|what is|what are|compute|calculate|evaluate|give|how (?:many|much|long|far|old))"
    r"(?: [A-Za-z'-]+){1,10}",
    re.IGNORECASE,
)
_UNIT_ASKED = re.compile(
    r"\b(?:in|how many|number of) ((?:square |cubic )?[a-z]+(?: per [a-z]+|/[a-z]+)?)\b(?! *(?:of|that|which)\b)",
    re.IGNORECASE,
)
_OPTION = re.compile(
    r"(?:\\(?:text|textbf|mathrm|textrm)\s*\{\s*)?\(([A-J])\)\s*\}?[\s~:$\\]*([^()\n]{1,80}?)"
    r"(?=[\s$\\,;]*(?:\\(?:q?quad|text|textbf|mathrm|textrm)\b[\s{~\\a-z]*)*\(?[A-J]\)|\s*\n|\s*$)"
)
_SETS = "real reals integer integers rational rationals natural naturals complex whole"
_NUMBERS = frozenset(_SETS.split())
_NO_UNITS = """
    day second square cubic unit units even odd true false none hundred thousand million billion trillion m s g h L
    foot ft
"""
_UNITS = (KNOWN_WORDS | JOINED) - frozenset(_NO_UNITS.split())
"""Of the words of a prompt, those that measure: no "second" that is the one after the first."""
_FORMULA = re.compile(r"\$\$([^$]{1,500})\$\$|\$([^$]{1,500})\$|\\\[(.{1,500}?)\\\]|\\\((.{1,500}?)\\\)", re.DOTALL)
_ORDERED = re.compile(
    r"\b(?:list|give|write|enter|arrange|order|rank|sort|put|place|state|report|answers?|separated)\b[^.?!]{0,80}?"
    r"\b(?:in (?:\w+ )?(?:increasing|decreasing|ascending|descending|alphabetical|chronological|numerical|correct"
    r"|right) order|from (?:least|smallest|lowest|shortest|greatest|largest|highest|longest) to|order in which)"
    r"|\bin (?:what|which) order\b",
    re.IGNORECASE,
)
_BARE = re.compile(
    r"(?:find|what is|what are|comput\w*|evaluat\w*|simplif\w*|expand|factor|calculat\w*)\s+([^?$\n]{1,80}?)"
    r"(?:[?\n]|\.(?:\s|$)|$)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Asked:
    """What the prompt says that matters."""

    text: str = field(default="", repr=False)
    """All of it."""
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

    base: int | None = None
    """The base of the numbers that it asks for: ``in base 5``."""
    modulus: bool = False
    """It speaks of remainders."""
    ordered: bool = False
    """It asks for a list in some order."""
    point: bool = False
    """It asks for a point or pair."""
    interval: bool = False
    """It asks for a set of numbers, such as an interval."""
    targets: frozenset[Node] = field(default=frozenset(), hash=False)
    """What is to be found, where formulas say it: ``Find $x+y$``."""
    parts: frozenset[Node] = field(default=frozenset(), hash=False)
    """Names and formulas within its formulas, normal."""
    wholes: frozenset[Node] = field(default=frozenset(), hash=False)
    """Its formulas, normal, without their sides."""
    asked_words: frozenset[str] = frozenset()
    """The words between "find" and what is to be found."""
    asked_units: frozenset[str] = frozenset()
    """Units that it asks for: ``in metres``, ``how many cents``."""
    sets: frozenset[str] = frozenset()
    """The sets of numbers in it, by letter: ``\\mathbb{Z}``."""
    options: Mapping[str, str] = field(default_factory=dict, hash=False)
    """The options of a multiple choice, by letter."""

    @property
    def speaks_of_numbers(self) -> bool:
        """It says which numbers its letters are."""
        return bool(self.sets) or not self.words.isdisjoint(_NUMBERS)

    @property
    def letter(self) -> str | None:
        """The one letter that is to be found, if it is one."""
        names = [node.name for node in self.targets if isinstance(node, Sym)]
        return names[0] if len(names) == len(self.targets) == 1 else None

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
def _formula(text: str) -> Node | None:
    """What a formula of a prompt says, read once though it is both one of its formulas and what is asked for."""
    try:
        return parse(text)
    except (Unreadable, RecursionError):
        return None


def _parts(node: Node) -> Iterator[Node]:
    if not isinstance(node, Num):
        yield node
    for child in children(node):
        yield from _parts(child)


def _targets(text: str) -> tuple[frozenset[Node], frozenset[str]]:
    """What the prompt asks for in formulas, and the words before it."""
    found: set[Node] = set()
    words: set[str] = set()
    for match in _TARGET.finditer(text):
        formulas = [part for part in match.groups() if part]
        for formula in formulas:
            node = _formula(formula)
            if isinstance(node, Relation):
                found.update(side for side in node.sides if isinstance(side, Sym | Applied))
            elif isinstance(node, Raw | Combined | Multiple) or (isinstance(node, Expression) and letters_of(node)):
                found.add(node)
        words.update(re.findall(r"[a-z]+", text[match.start() : match.start(match.lastindex or 0)].lower()))
    for match in _ASKED_FOR.finditer(text):
        words.update(match[0].lower().split())
    return frozenset(found), frozenset(words)


def _options(text: str) -> dict[str, str]:
    """``(A) 5 (B) 6``: at least two, from A on, each once."""
    found = [(match[1], match[2].strip(" $.,;{}")) for match in _OPTION.finditer(text[-2_000:])]
    letters = [letter for letter, _ in found]
    regular = len(found) > 1 and letters == [chr(ord("A") + place) for place in range(len(found))]
    return dict(found) if regular and all(said for _, said in found) else {}


@lru_cache(maxsize=4096)
def what_is_asked(prompt: str) -> Asked:
    """What ``prompt`` says that matters."""
    text = prompt[-READ:]
    formulas: set[Node] = set()
    wholes: set[Node] = set()
    found = [next(part for part in match.groups() if part is not None) for match in _FORMULA.finditer(text)]
    found += [match[1] for match in _BARE.finditer(text)]
    for one in found[-MOST_FORMULAS:]:
        if (node := _formula(one)) is None:
            continue
        formulas.add(normal(node))
        wholes.add(normal(node))
        if isinstance(node, Relation):
            formulas.update(map(normal, node.sides))
    targets, asked_words = _targets(text)
    return Asked(
        text,
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
        base=int(bases[-1]) if (bases := re.findall(r"\b(?:in|to|into) base[ -]?\$?(\d{1,2})\b", text)) else None,
        modulus=bool(re.search(r"\bmod|remainder|congruen|residue|inverse|divided by", text, re.IGNORECASE)),
        ordered=bool(_ORDERED.search(text)),
        point=bool(re.search(r"\bpoint|coordinates|ordered (?:pair|triple)|vertex|\bvector", text, re.IGNORECASE)),
        interval=bool(re.search(r"inequalit|interval|\bdomain|\brange\b|increasing|decreasing", text, re.IGNORECASE)),
        targets=targets,
        parts=frozenset(part for formula in wholes for part in _parts(formula)),
        wholes=frozenset(wholes),
        asked_words=asked_words,
        asked_units=frozenset(match[1].lower() for match in _UNIT_ASKED.finditer(text)) - {"a", "the"},
        sets=frozenset(re.findall(r"\\(?:mathbb|mathbf|Bbb)\s*\{?([ZNQRC])", text)),
        options=_options(text),
        work=bool(_WORK.search(text)),
        formulas=frozenset(formulas),
    )


def stands_in(word: str, words: frozenset[str]) -> bool:
    """Whether a word, or its singular or plural, is among others."""
    return bool(
        {
            word,
            word + "s",
            word.rstrip("s"),
            word + "es",
            re.sub(r"ies$", "y", word),
            re.sub(r"y$", "ies", word),
            re.sub(r"es$", "", word),
        }
        & words
    )
