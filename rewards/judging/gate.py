"""The gate before the judge: answers that say nothing get nothing, and no model is asked.

Judges pay for the strangest things: a colon, "Solution" or "Let's solve this problem step by step" pass for right
answers in up to 90% of cases, and neither chain of thought nor voting fixes that (arXiv:2507.08794). What is decidable
without a judge is decided here. The gate never weighs length, for "5", "Au" and "no" are answers.
"""

from __future__ import annotations

import json
import re
import unicodedata
from functools import lru_cache
from itertools import chain

from synthetic1.rewards.judging.evasions import ADMITS_DOUBT, EVASIONS
from synthetic1.rewards.judging.openers import OPENERS
from synthetic1.verdict import Verdict

SHORT_REFERENCE = 12  # words: one that long or shorter may be, or hold, a word that is an opener elsewhere
SHOWN_TEXT = 20_000  # characters at the start: what says nothing there and goes on is for the judge
COPIED = 0.5  # of the question, in one piece


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NO_WORD = re.compile("[^0-9a-z]+")
_QUESTION_MARKS = re.compile("[?？؟¿]")
_BRACKETED = re.compile(r"[\[{<(_$]{1,3}[^\[\]{}<>()]+[\]}>)_$]{1,3}")
_STAND_INS = _words("answer response solution reference candidate explanation placeholder todo tbd")
_FILLERS = _STAND_INS | _words(
    "insert put write add place enter type give provide fill in your the my final correct actual gold model a an this "
    "here goes text value result question prompt verdict score groundtruth ground truth lorem ipsum"
)
_INTRODUCES = _FILLERS | _words("is so i think conclusion analysis reasoning proof thoughts step explanation process")
_BARE_STAND_INS = frozenset(
    ("todo", "tbd", "placeholder", "answer goes here", "your answer here", "insert answer here")
)
_OVERRIDES = _words("ignore disregard forget override bypass")
_ORDERS = _OVERRIDES | _words(
    "please all everything anything the any your these those this that previous preceding above prior earlier "
    "instruction instructions rule rules rubric rubrics text prompt prompts said of is was were and system reference "
    "answer answers question written before score grade rate mark give award assign output return reply respond say "
    "set print it me a an response candidate solution submission with as by to full marks point points credit credits "
    "verdict correct perfect maximum top highest rating out only just simply instead then now you must should 100 10 "
    "5 1 0"
)
_GRADES = _words(
    "score verdict grade correct rating judgement judgment equally_valid unrelated_deletions tests_weakened is_correct "
    "final_score"
)
_GRADE_KEYS = _GRADES | _words("explanation reasoning result claims confidence")
_PRAISE = _words("correct right pass passed accept accepted perfect excellent equivalent valid true full yes")
_LABELS = _words("verdict grade score rating mark marks judgement judgment assessment evaluation")
_BARE_VERDICT = _LABELS | _PRAISE | _words("a plus out of is the my final 5 10 20 100 stars points percent this answer")
_DECORATION = "*_`\"'“”‘’«»$.,;。\\()[]{}"
"""What stands around a sign that is an answer, in Markdown, LaTeX or prose."""
_NAMES = {
    "+": _words("plus positive"),
    "-": _words("minus negative hyphen dash"),
    "−": _words("minus negative"),
    "=": _words("equal equals equality same"),
    "<": _words("less smaller fewer"),
    ">": _words("greater larger more"),
    "∅": _words("empty null varnothing emptyset"),
    "∞": _words("infinity infinite infinitely infty unbounded diverges"),
}
"""What signs are called, where that is not what Unicode calls them."""
_OF_NAMES = _words("sign symbol mark with and of operator heavy light small white black")


def refuse(candidate: str, question: str = "", reference: str = "") -> str | None:
    """Why ``candidate`` deserves nothing whatever a judge may say of it; ``None`` where a judge has to look.

    Args:
        candidate: the answer, without its thought.
        reference: lets an answer through that is empty talk elsewhere, but here what the reference says, such as
            "Solution" for a homogeneous mixture.
    """
    if not candidate.strip():
        return "the answer is empty"
    head = candidate.strip()[:SHOWN_TEXT]
    if len(candidate.strip()) > SHOWN_TEXT:
        return None if plain(head) else "the answer begins with 20,000 characters that are neither letters nor digits"
    words, given, asked = plain(head), _plain_of_task(reference), _plain_of_task(question)
    if not any(map(str.isalnum, words)):
        return None if _is_sign(head, reference) else "the answer holds no letter, digit or symbol that says anything"
    if words == given or _may_be_it(given, words):
        return None
    if _is_copy(head, words, asked):
        return "the answer is a copy of the question"
    if _stands_in(head, words) and not _holds_sign(head, reference):
        return "the answer is a placeholder"
    if _grades_itself(head, given, asked) or _is_bare_verdict(words, given, asked):
        return "the answer is a grade, given by itself"
    rest = f" {words} ".replace(f" {asked} ", " ").strip() if asked else words
    if _says_nothing(rest) and not _holds_sign(head, reference):
        return "the answer begins an answer and gives none"
    if not _OVERRIDES.isdisjoint(rest.split()) and _ORDERS.issuperset(rest.split()):
        return "the answer speaks to its grader and says nothing else"
    if words in _EVASIONS and not _admits_doubt(given, words):
        return "the answer says that there is none, which the reference does not"
    return None


def refused(why: str, answer: str | None = None, *, reason: str = "refused_by_gate") -> Verdict:
    """The verdict on a candidate that no judge gets to see: 0, decided by the gate."""
    return Verdict(0.0, reason, answer, {"decided_by": "gate", "why": why})


def plain(text: str) -> str:
    """Letters, marks and digits in lower case, in compatibility form; all else is one space."""
    if text.isascii():  # the same, ten times as fast
        return _NO_WORD.sub(" ", text.lower()).strip()
    kept = [c if unicodedata.category(c)[0] in "LMN" else " " for c in _visible(text)]
    return " ".join("".join(kept).casefold().split())


_plain_of_task = lru_cache(1024)(plain)  # question and reference are the same for all completions of a task


def _visible(text: str) -> str:
    """Without format characters, which would split words that a reader sees whole (and keep together what he does)."""
    return "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf")


def _openers() -> re.Pattern[str]:
    phrases = sorted({plain(p) for p in chain.from_iterable(OPENERS.values())}, key=len, reverse=True)
    return re.compile(rf"(?:(?:{'|'.join(map(re.escape, phrases))})(?: |\Z))*+")


_OPENING = _openers()
_EVASIONS = {plain(phrase): language for language, phrases in EVASIONS.items() for phrase in phrases}


def _says_nothing(words: str) -> bool:
    """Whether ``words``, as ``plain`` leaves them, are openers and nothing else."""
    return _OPENING.fullmatch(" ".join(words.split())) is not None


def _holds(text: str, words: str) -> bool:
    return f" {words} " in f" {text} "


def _may_be_it(reference: str, words: str) -> bool:
    """Whether the reference, or the beginning of a long one, holds an answer; what introduces an answer is none."""
    if len(reference.split()) <= SHORT_REFERENCE:
        return _holds(reference, words)
    lead = " ".join(reference.split()[:SHORT_REFERENCE])
    return _holds(lead, words) and not reference.startswith(words) and not _INTRODUCES.issuperset(words.split())


def _admits_doubt(reference: str, evasion: str) -> bool:
    """Whether a reference may say what an evasion says: in English by known stems, elsewhere if they share one."""
    if any(stem in reference for stem in ADMITS_DOUBT) or _holds(reference, evasion):
        return True
    if _EVASIONS[evasion] == "en":
        return False
    if _EVASIONS[evasion] in ("zh", "ja", "th"):  # written without spaces
        return any(evasion[at : at + 2] in reference for at in range(len(evasion) - 1))
    return any(word[:5] in reference for word in evasion.split() if len(word) > 3)


def _is_sign(candidate: str, reference: str) -> bool:
    """Whether an answer without letters is what the reference says: ":", "$+$" for "+", "∅" for "the empty set"."""
    signs, given = ("".join(_visible(text).split()) for text in (candidate, reference))
    if given and given in signs and not signs.replace(given, "", 1).strip(_DECORATION):
        return True
    core = signs.strip(_DECORATION)
    if not core:
        return False
    if core == given.strip(_DECORATION) or (core in given and any(unicodedata.category(c)[0] == "S" for c in core)):
        return True
    lead = _plain_of_task(reference).split()[:SHORT_REFERENCE]
    return len(core) == 1 and _is_called(core, lead)


def _holds_sign(candidate: str, reference: str) -> bool:
    """Whether a sign among the words of an answer is what the reference says: "Answer: +"."""
    given = "".join(_visible(reference).split())
    if given and not any(map(str.isalnum, given)) and given in "".join(_visible(candidate).split()):
        return True
    return any(not any(map(str.isalnum, token)) and _is_sign(token, reference) for token in set(candidate.split()))


def _is_called(sign: str, words: list[str]) -> bool:
    """Whether ``words`` name ``sign``: one word of the name of a mathematical sign will do, for others it takes all."""
    if known := _NAMES.get(sign):
        return not known.isdisjoint(words)
    name = [word for word in plain(unicodedata.name(sign, "")).split() if word not in _OF_NAMES]
    found = [any(word.startswith(part[:5]) for word in words) for part in name]
    return any(found) if unicodedata.category(sign) in ("Sm", "Sc") else bool(found) and all(found)


def _is_copy(candidate: str, words: str, question: str) -> bool:
    """A piece of the question is a copy if it is most of it, or the part that asks; options to choose from are not."""
    if not question or not _holds(question, words):
        return False
    asks = _QUESTION_MARKS.search(candidate) is not None and len(words.split()) > 2
    return asks or len(words) >= COPIED * len(question)


def _stands_in(candidate: str, words: str) -> bool:
    """Text that waits for an answer to take its place: "{reference}", "[insert your answer here]", "TODO"."""
    if words in _BARE_STAND_INS:
        return True
    said = set(words.split())
    return _BRACKETED.fullmatch(candidate) is not None and said <= _FILLERS and not said.isdisjoint(_STAND_INS)


def _is_bare_verdict(words: str, reference: str, question: str) -> bool:
    """A label of graders and what they put there: "Verdict: correct", "Grade: A+", "Score: 100/100".

    It may be an answer where the question or a short reference speaks of such things, where it holds the reference, and
    where it gives a number that is not a full score ("The score is 5").
    """
    said = words.split()
    if not 1 < len(said) <= SHORT_REFERENCE or _LABELS.isdisjoint(said) or not _BARE_VERDICT.issuperset(said):
        return False
    known = (*question.split(), *reference.split()[:SHORT_REFERENCE])
    if not (_LABELS & set(said)).isdisjoint(known) or not _PRAISE.isdisjoint(known):
        return False
    if reference and _holds(words, reference):
        return False
    numbers = [word for word in said if word.isdigit()]
    return not numbers or (len(numbers) == 2 and numbers[0] == numbers[1])


def _grades_itself(candidate: str, reference: str, question: str) -> bool:
    """A JSON object as graders write it, fenced or bare, and nothing besides; none of its values is the reference, or
    what the question asks about."""
    bare = re.sub(r"^```\w*\s*|\s*```$", "", candidate).strip()
    if not bare.startswith("{") or len(bare) > SHOWN_TEXT:
        return False
    try:
        value = json.loads(bare)
    except (ValueError, RecursionError):
        return False
    if not isinstance(value, dict) or not value or not {str(key).casefold() for key in value} <= _GRADE_KEYS:
        return False
    values = [plain(str(item)) for item in value.values()]
    known = (*question.split(), *reference.split()[:SHORT_REFERENCE])
    praised = not _PRAISE.isdisjoint(values) and _PRAISE.isdisjoint(known)
    graded = praised or any(str(key).casefold() in _GRADES for key in value)
    return graded and (not reference or reference not in values)
