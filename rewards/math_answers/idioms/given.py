r"""Letters of a prompt that stand for something else than what is asked for."""

from __future__ import annotations

import re
from functools import lru_cache

from synthetic1.rewards.math_answers.grammar.spelling import KNOWN_WORDS, MEASURES

_END = r"(?:[.?!](?=\s|$)|\n\n|$)"
_ASKING = re.compile(
    r"\b(?:find|determine|solve|what|compute|calculate|evaluate|give|express"
    r"|how (?:many|much|long|far|old|tall|wide|big|fast|high|deep)"
    rf"|(?:for|to|at|in) (?:what|which|how many)|which (?:values?|numbers?|integers?|of))\b(?P<said>.*?){_END}",
    re.IGNORECASE | re.DOTALL,
)
_FORMULA = re.compile(r"\$\$?([^$]+)\$|\\\((.+?)\\\)|\\\[(.+?)\\\]", re.DOTALL)
_MADE = re.compile(
    r"\b(?:(?:sum|product|difference|remainder|digits?|average|mean|square|cube|reciprocal|logarithm|parity)"
    r"(?:\s+(?:of|when|if|that|upon)\b|$)|divided by)",
    re.IGNORECASE,
)
_NO_MEASURES = frozenset({"any", "even", "odd", "false", "true", "none", "yes", "integer", "integers", "unit", "units"})
_MEASURED = "|".join(sorted((KNOWN_WORDS | MEASURES) - _NO_MEASURES))
_COUNTED = re.compile(
    rf"\b(?:how many|number of)\b(?! (?:(?:square|cubic|total) )?(?:{_MEASURED})\b)",
    re.IGNORECASE,
)
"""But how many degrees an angle has is no count."""
_IS = re.compile(r"\b(?:is|be|are|equals?|denotes?|as)\b", re.IGNORECASE)
_SUCH = re.compile(
    r"^[^$]{0,4}\$?\s*(?:\\in|\\le|\\ge|<|>|=|(?:,\s*)?"
    r"(?:such|with|for which|satisfy|satisfies|satisfying|less|between|that|where|does|do|is|are|in|from|have|has|make)"
    r"\b)",
    re.IGNORECASE,
)
_SOLVES = re.compile(
    r"\b(?:solv\w*|solutions?|roots?|unknowns?|variables?|values?|answers?|equations?|it|true)\b", re.IGNORECASE
)
_SAYS_NOTHING = """
    a an the of is are be was were its his her their this that these those number total and or to in on at for with let
    denote denotes denoted by represent represents stand stands value unknown positive real integer integers whole given
    there how many much what find determine does do did has have had as it where which when if then each all any one
    formula equation function expression variable letter constant parameter point line circle triangle graph
    years inches feet cm meters units degrees
"""
_SILENT = frozenset(_SAYS_NOTHING.split())


def _math(letter: str) -> str:
    """That letter, alone or first in a formula."""
    return rf"(?:\$|\\\()\s*{re.escape(letter)}(?![A-Za-z_'^(])"


@lru_cache(maxsize=4096)
def names_another(letter: str, prompt: str) -> bool:
    """Whether, in a prompt that has this letter, ``letter = 5`` gives another thing than what is asked for.

    It does not where the question names the letter; it does where the question is about what is made of it (the sum of
    all ``x``, the remainder of ``N``, how many ``n``), or is in words that are not those that the letter stands for.
    """
    letters = _letters(prompt)
    if letter not in letters:
        return False
    asking = list(_ASKING.finditer(prompt))
    if not asking:
        return False
    inside = re.compile(rf"(?<![A-Za-z\\]){re.escape(letter)}(?![A-Za-z])")
    made = False
    for clause in asking:
        for formula in _FORMULA.finditer(clause[0]):
            if inside.search(next(filter(None, formula.groups()))) is None:
                continue
            before = clause[0][: formula.start()]
            alone = re.match(_math(letter), formula[0]) is not None
            if _is_made_of(before, clause[0][formula.end() :] if alone else ""):
                made = True
            elif alone or not _COUNTED.search(before):
                return False
            else:
                made = True
    if made:
        return True
    asked = {word for clause in asking for word in _words(clause[0])}
    role = _role(letter, prompt)
    if role:
        return not role <= asked
    if letter.lower() in {word[0] for word in asked if word}:  # V for the volume
        return False
    in_words = " ".join(re.sub(r"\$[^$]*\$", " ", clause[0]) for clause in asking)
    return len(letters) > 1 and _SOLVES.search(in_words) is None and not _told_apart(letter, prompt)


def _letters(prompt: str) -> frozenset[str]:
    """Those in its formulas."""
    found: set[str] = set()
    for formula in _FORMULA.finditer(prompt):
        plain = re.sub(r"\\\\(?:text|mathrm|operatorname)\\s*\\{[^{}]*\\}|\\\\[A-Za-z]+", " ", formula[0])
        found.update(re.findall(r"[A-Za-z]", plain))
    return frozenset(found)


def _is_made_of(before: str, behind: str) -> bool:
    last = max((found.end() for found in _MADE.finditer(before)), default=-1)
    if last >= 0 and not _IS.search(before, last):
        return True
    counted = max((found.end() for found in _COUNTED.finditer(before)), default=-1)
    return counted >= 0 and not _IS.search(before, counted) and _SUCH.match(behind) is not None


def _told_apart(letter: str, prompt: str) -> bool:
    """Whether the prompt never says the letter alone, only within formulas."""
    return re.search(_math(letter), prompt) is None


def _words(text: str) -> frozenset[str]:
    plain = re.sub(r"\$[^$]*\$", " ", text)
    return frozenset(word.rstrip("s") for word in re.findall(r"[a-z]+", plain.lower()) if word not in _SILENT)


def _role(letter: str, prompt: str) -> frozenset[str]:
    """The words that say what a letter is: ``red balls`` of "let $n$ be the number of red balls"."""
    this = _math(letter) + r"[^$]*?\$"
    for pattern in (
        rf"{this}\s*(?:be|is|denotes?|represents?|stands? for)\s+(?:the|its|his|her|their)\s+([^.,;:$]+)",
        rf"\b([A-Za-z']+(?: [A-Za-z']+){{0,2}}) (?:is|was|are|be|has|of length|of size) {this}",
        rf"\b([A-Za-z]+) {this}",
    ):
        if (found := re.search(pattern, prompt)) is not None and (words := _words(found[1])):
            return words
    return frozenset()
