r"""Final answers of mathematics: where the rules' "no" is certain, and where it only says that they cannot tell.

A judge may be asked about the second kind, and about nothing else: what the rules decide, no judge can overturn. So a
model that learns to fool the judge gains nothing where the gold is a number and the answer is another one.
"""

from __future__ import annotations

import re
from fractions import Fraction

from synthetic1.rewards.judging.gate import refuse
from synthetic1.rewards.judging.undecided import ENDS_IN_THE_GOLD, SETS, WITH_A_NOUN, nodes, undecided
from synthetic1.rewards.math_answers.exact import rational
from synthetic1.rewards.math_answers.forms import has_letters, is_infinite, value_of
from synthetic1.rewards.math_answers.grammar.tree import (
    Bracketed,
    Combined,
    Expression,
    Items,
    Matrix,
    Measured,
    Node,
    Raw,
    Relation,
    SetBuilder,
    Sym,
    Text,
)
from synthetic1.rewards.math_answers.prompt import Asked
from synthetic1.rewards.math_answers.reading import Said
from synthetic1.rewards.math_answers.structure import normal
from synthetic1.rewards.quantities.units import is_unit

LONGEST = 200  # characters of an answer, or twice the gold: a final answer is short
MOST_WORDS = 12  # of three letters or more: beyond, an answer explains instead of saying
SHORTEST_COPY = 6  # characters: shorter formulas stand in a prompt by chance

_COMMAND = re.compile(r"\\(?:begin|end)\s*\{[A-Za-z*]*\}|\\[A-Za-z]+")
_WORD = re.compile(r"[^\W\d_]{2,}")
_SPELLED = re.compile(
    r"(?:arc|a)?(?:sin|cos|tan|cot|sec|csc)h?|ln|log|lg|exp|sqrt|frac|pi|cdot|times|inf|infty|le|ge|ne|[ckm]m|kg",
    re.IGNORECASE,
)
"""Runs of letters that are mathematics although no backslash says so."""
_WORK = re.compile(
    r"\\(?:int|iint|oint|sum|prod|lim|max|min|sup|inf|gcd|lcm|det|bmod|pmod|mod|partial|nabla|operatorname)(?![A-Za-z])"
    r"|[∫∑∏∂]|\\frac\s*\{\s*d\s*(?:\^\s*\d\s*)?\}|\\begin\s*\{[vV]matrix\}"
    r"|(?<![A-Za-z\\])(?:int|sum|lim|max|min|gcd|lcm|det|mod|solve|compute|evaluate|integral|derivative|limit|sum|product"
    r"|remainder|root|solution|value|result|number|answer)s?(?:\s+of\b|\s*[_(])",
    re.IGNORECASE,
)
"""What asks for work instead of saying its result."""
_TEXT = re.compile(r"\\(?:text|textbf|textit|textrm|mathrm|mathbf|mbox|operatorname|emph)\s*\{([^{}]*)\}")
_HEDGE = re.compile(
    r"(?<![a-z])(?:or|either|maybe|perhaps|possibly|probably|not|no|never|but|except|nothing|neither|nor|could|might"
    r"|cannot|depends|unless|any|anything|whatever|fake|unlike|wrong|false"
    r"|incorrect|opposite)(?![a-z])|\\(?:ne|neq|not)(?![a-z])|≠"
)
_GRADING = re.compile(
    r"correct|verdict|\bscor|\bgrad(?:e[ds]?|ing)\b|instruct|\bjudg|rubric|reference|\baccept|\bignor|\bdisregard|verified"
    r"|\bwrong\b|approved|\bsame as\b|\bidentical\b|\bequivalent\b|\bgold\b|candidate|\bexpert|\bmarks?\b|\bpoints?\s*:"
    r"|right answer|expected answer|answer key|\bsystem\b|\bassistant\b|正确|判定|满分|正解|정답",
    re.IGNORECASE,
)
"""Words about answers, which no answer needs unless the question or the gold has them."""
_NUMERAL = re.compile(
    r"\d|[π∞½⅓⅔¼¾零一二三四五六七八九十百千万]|\\(?:pi|infty|frac|sqrt|e)(?![A-Za-z])|(?<![A-Za-z])(?:zero|one|two|three|four|five|six"
    r"|seven|eight|nine|ten|eleven|twelve|thir|four|fif|six|seven|eigh|nine|twent|fort|hundred|thousand|million|billion"
    r"|dozen|half|third|quarter|once|twice|thrice|double|triple|pair|couple|score|gross|googol|none|no|infinit)",
    re.IGNORECASE,
)
"""What an answer in words has to hold if it says a number."""
_COUNTED = re.compile(
    r"[^\w−-]*([-−]?\d[\d,]*(?:\.\d+)?)(?![\d.])"
    r"((?:\s|~|\\[,;: ]|\\(?:text|mathrm|mbox|textrm)\s*\{|[A-Za-z.,()'’-]|\})*)"
)
"""A number and words after it."""
_UNEQUAL = re.compile(r"[<>≤≥≠]|\\(?:le|leq|leqslant|ge|geq|geqslant|lt|gt|ne|neq)(?![A-Za-z])")
_SIGNS = re.compile(r"\\(?:mapsto|checkmark|blacksquare|square|bigstar|Box|qed|to)(?![A-Za-z])|[↦✓✔■□]")
"""Signs that are read as letters, and are none."""
_JOINS = frozenset(("and", "or", "for", "all", "where", "percent"))
_FAMILY = re.compile(r"(?:\\in(?![A-Za-z])|∈)\s*(?:\\mathbb\s*\{?|\\mathbf\s*\{?|\\)?\s*[ZNℤℕ]")
"""What makes a letter stand for all whole numbers: ``k \\in \\mathbb{Z}``."""
_CARDINALS = re.compile(
    r"(?:(?:and|zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen"
    r"|(?:twen|thir|for|fif|six|seven|eigh|nine)ty)[\s,-]*)+",
    re.IGNORECASE,
)
"""Words for numbers, side by side."""
_OPERATES = re.compile(
    r"(?<![A-Za-z])(?:squared|cubed|factorial|plus|minus|choose|divided|multiplied|over|halves|thirds|quarters|percent|per"
    r"|to|through|until|up|upwards?|downwards?|onwards?|above|below|under|beyond|more|less|fewer|least|most)(?![A-Za-z])",
    re.IGNORECASE,
)
"""Words that make another number, or a range, of the one beside them: work left, or something else."""
_SCALE = re.compile(
    r"(?<![A-Za-z])(?:dozens?|gross|score|hundred|thousand|million|billion|pairs?)(?![A-Za-z])", re.IGNORECASE
)
"""Words that multiply the number before them."""
_GLUED = re.compile(r"(?<=[\d}])[A-Za-z]{2,}")
"""Letters right behind a number: a product, unless they are a unit."""
_OPTION = r"(?:\(\s*{0}\s*\)|\\(?:text|textbf|mathrm)\s*\{{\s*\(?\s*{0}|(?:^|[\s$*])\s*{0}\s*[.):])"


def why_open(gold: Said, answer: Said, asked: Asked, prompt: str) -> str | None:
    r"""Why the rules' "no" to ``answer`` is not certain, in a few words; ``None`` where it is.

    It is certain, and nobody is asked, where

    * both are numbers, or both are formulas that identity testing tells apart at a point; so with collections of these,
      part by part, and with sets of real numbers;
    * the rules know the value and refuse the form: work left undone (also ``\int``, ``\sum``, ``\max(…)`` that the gold
      does not have), a formula of the prompt, a unit that is another one, too few digits;
    * one thing is asked for and several are offered, or a hedge or a denial ("or", "either", "not", an inequality);
    * the answer is not one: longer than 200 characters and than twice the gold, more than twelve words, brackets that
      do not match;
    * the gold is a number, and the answer is in words that name none, a number with a noun, and the number differs, or
      the gold's with words that make another of it ("5 dozen", "5 squared", "5 and more").

    It is not certain where one of both was read in part or is in words, where a formula cannot be evaluated, where a
    number has a noun that nobody knows, where an equation ends in the gold and begins with a formula of the prompt that
    the rules take for no name, where relations, families of solutions or sets are written in two ways that the rules
    cannot compare, and where one is the letter of an option and the other its value.
    """
    if gold.option is not None and gold.option.value is not None:
        gold = gold.option.value
    if answer.option is not None and answer.option.value is not None and gold.option is None:
        answer = answer.option.value
    if not _is_well_formed(gold, answer):
        return None
    if _leaves_work(gold, answer) or _hedges(gold, answer):
        return None
    if (letters := _letters(gold, answer, prompt)) is not None:
        return letters or None
    if _is_copied(gold, answer, asked, prompt):
        return None
    if _is_mathematics(gold) and _is_mathematics(answer):
        families = [_FAMILY.search(said.text) is not None for said in (gold, answer)]
        if any(families):
            return "families of solutions" if all(families) else None
        why = undecided(gold.node, answer.node)
        if why == ENDS_IN_THE_GOLD and not _stands_in(answer.text.partition("=")[0], prompt):
            return None
        return None if why == WITH_A_NOUN and (_OPERATES.search(answer.text) or _SCALE.search(answer.text)) else why
    if _says_another_number(gold, answer):
        return None
    return "in words" if gold.words and answer.words else "not read as a whole"


def why_refused(gold: Said, answer: Said, prompt: str) -> str | None:
    """Why an answer deserves nothing whatever a judge may say of it: the gate's reasons, and words about grading that
    neither gold nor prompt has; ``None`` where a judge has to look."""
    known = f"{gold.text} {prompt}".lower()
    if any(found[0].lower() not in known for found in _GRADING.finditer(answer.text)):
        return "the answer speaks of its grading"
    return refuse(_TEXT.sub(r" \1 ", answer.text), prompt, _TEXT.sub(r" \1 ", gold.text))


def _is_well_formed(gold: Said, answer: Said) -> bool:
    text = answer.text
    if not text.strip() or len(text) > max(LONGEST, 2 * len(gold.text)) or "\n\n" in text:
        return False
    if sum(len(word) > 2 for word in _words(text)) > max(MOST_WORDS, 2 * len(_words(gold.text))):
        return False
    bare = re.sub(r"\\\\", "", text)
    braces = re.sub(r"\\[{}]", "", bare)
    pairs = braces.count("{") == braces.count("}") and bare.count(r"\{") == bare.count(r"\}")
    return pairs and bare.count(r"\left") == bare.count(r"\right") and bare.count("$") % 2 == 0


def _words(text: str) -> list[str]:
    """Its words: runs of letters but for commands and the names of functions."""
    return [word for word in _WORD.findall(_COMMAND.sub(" ", text)) if not _SPELLED.fullmatch(word)]


def _letters(gold: Said, answer: Said, prompt: str) -> str | None:
    """Why the letter of an option and a value are for the judge, ``""`` where they are not; ``None`` without one."""
    one = gold.option is not None
    other = answer.option is not None and answer.option.value is None
    if not one and not other:
        return None
    letter = gold.option.letter if gold.option is not None else answer.option.letter if answer.option else ""
    listed = all(re.search(_OPTION.format(name), prompt, re.MULTILINE) for name in {letter, "A", "B"})
    if other and not listed and not one:
        return None  # a letter that is a formula
    return "the letter of an option, or its value" if one != other and listed else ""


def _leaves_work(gold: Said, answer: Said) -> bool:
    known = {found[0].lower().strip() for found in _WORK.finditer(gold.text)}
    return any(found[0].lower().strip() not in known for found in _WORK.finditer(answer.text))


def _hedges(gold: Said, answer: Said) -> bool:
    several = isinstance(gold.node, Items | Bracketed | Combined | SetBuilder | Matrix)
    found = {match[0] for match in _HEDGE.finditer(answer.text.lower())}
    found -= {match[0] for match in _HEDGE.finditer(gold.text.lower())}
    if gold.node == Sym(r"\emptyset"):
        found -= {"no", "not", "never", "nothing", "neither", "nor", "cannot", "any"}  # that is what it says
    if not several and not isinstance(gold.node, Relation) and _UNEQUAL.search(answer.text):
        return True
    return bool(found - {"or", "either", "any"} if several else found)


def _is_copied(gold: Said, answer: Said, asked: Asked, prompt: str) -> bool:
    """Whether the answer, not in words, stands in the prompt; the gold may stand there as well."""
    if answer.node is not None and normal(answer.node) in asked.formulas:
        return True
    said, given = _bare(answer.text), _bare(gold.text)
    return len(said) >= SHORTEST_COPY and not _words(answer.text) and said in _bare(prompt) and said != given


def _stands_in(formula: str, prompt: str) -> bool:
    """Whether a formula stands in the prompt, spaced anyhow, and not as a part of a longer one."""
    letters = r"\s*".join(map(re.escape, _bare(formula)))
    return re.search(rf"(?<![\w^+*/=-]){letters}(?![\w^])(?!\s*[+*/-])", prompt) is not None if letters else False


def _bare(text: str) -> str:
    return re.sub(r"\s|\\[,;:! ]|\\left|\\right|\$", "", text)


def _says_another_number(gold: Said, answer: Said) -> bool:
    """Whether the gold is a number, and what an answer that is not read as a whole says can only be another one."""
    known = gold.number if gold.number is not None else _exact(gold.node)
    constant = known is not None or (_is_mathematics(gold) and _is_constant(gold.node))
    glued = [word for word in _GLUED.findall(_COMMAND.sub(" ", answer.text)) if not is_unit(word)]
    if constant and (glued or not _NUMERAL.search(answer.text)):
        return True
    if known is None:
        return False
    if (read := _exact(answer.node)) is not None:
        return read != known
    operates = {found[0].lower() for found in _OPERATES.finditer(answer.text)}
    operates -= {found[0].lower() for found in _OPERATES.finditer(gold.text)}
    if _CARDINALS.fullmatch(_TEXT.sub(r"\1", answer.text).strip(" .")):
        return True  # one number in words would have been read
    counted = _COUNTED.fullmatch(answer.text)
    if counted is None:
        return False
    same = Fraction(counted[1].replace("−", "-").replace(",", "")) == known
    if _SCALE.search(counted[2]):
        return same and known != 0
    return bool(operates) or (not same and not _NUMERAL.search(counted[2]))


def _exact(node: Node | None) -> Fraction | None:
    return None if node is None else rational(value_of(node))


def _is_constant(node: Node | None) -> bool:
    node = None if node is None else value_of(node)
    return isinstance(node, Expression) and node not in SETS and not is_infinite(node) and not has_letters(node)


def _is_mathematics(said: Said) -> bool:
    """Whether a text was read as a whole, and as mathematics: no words, but for units that are known."""
    if said.node is None or said.number is not None:
        return said.number is not None
    if any(isinstance(node, Text | Raw) for node in nodes(said.node)) or _SIGNS.search(said.text):
        return False
    measured = [node.unit for node in nodes(said.node) if isinstance(node, Measured)]
    known = {word for unit in measured if is_unit(unit) for word in _words(unit)} | _JOINS
    letters = {word for word in _words(said.text) if len(word) > 2 and not word.isupper()} - known
    return all(map(is_unit, letters)) or said.node in SETS
