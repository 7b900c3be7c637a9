r"""What a direct question made of a multiple choice has to be: a question of the same numbers that gives nothing away.

By rule, since a model that rewrites leaks in ways that a model that checks does not see.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from synthetic1.datagen.curation.recipes.mathematics.choices import PrintedOptions, find_choices
from synthetic1.datagen.curation.recipes.mathematics.sameness import canonical, formula_marks
from synthetic1.datagen.curation.recipes.mathematics.statements import asks, why_not

REASONS = {
    "options_left": "options, or words about them, remain",
    "answer_given_away": "the answer stands in the question, or is said to",
    "numbers_changed": "other numbers than in the original",
    "formula_changed": "other signs or commands than in the original",
    "rewrite_strays": "hardly a word of the original is left",
    "not_a_question": "nothing is asked any more",
}
LEFT = 0.5
"""The share of the original's words that has to be left; those of a question's form may go."""
_FORM = frozenset({
    *("which", "what", "of", "the", "following", "is", "are", "was", "were", "equal", "equals", "to", "value", "then"),
    *("find", "its", "be", "an", "it", "that", "let"),
})  # fmt: skip
_word = re.compile(r"[^\W\d_]{2,}")
_options = re.compile(
    r"\b(?:which|one|any|each|all|none|either|among|from|of) (?:one )?(?:of )?(?:the )?(?:following|these|options"
    r"|choices|below)\b"
    r"|\b(?:answer |multiple[- ])?(?:choices?|options?)\b(?! (?:of|to|for|is|are|but)\b)|\bthe following (?:values"
    r"|numbers|options|answers|choices|expressions)"
    r"|\bcorrect (?:letter|option|choice)|\b(?:letter|option) of the\b|\bselect (?:the|one|from)\b|\bchoose (?:the"
    r"|one|from|between)\b"
    r"|[(\[]\s*[A-H]\s*[)\]]\s*\S+[^()]*[(\[]\s*[B-H]\s*[)\]]|\\q?quad\s*\(?[A-H]\b|\\text(?:bf)?\{\s*\(?[A-H]\)",
    re.IGNORECASE,
)
_said = re.compile(
    r"\b(?:the |whose |its )?(?:correct |right |final )?(?:answer|solution|result)\b\s*(?:is|was|should be|equals|="
    r"|:)\s*(?!in\b|to\b|a\b|an\b)"
    r"|\b(?:note|given|knowing|recall|hint|observe|verify|show|check|confirm|prove"
    r"|explain why)\b[^.?]{0,40}\b(?:answer|it is|equals|is correct)\b"
    r"|\bhint\s*:",
    re.IGNORECASE,
)
_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
)
_NAMES = {str(value): name for value, name in enumerate(f"{_ONES} eighteen nineteen twenty".split())}
_NAMES |= {
    "30": "thirty",
    "40": "forty",
    "50": "fifty",
    "60": "sixty",
    "100": "hundred",
    "1/2": "half",
    "1000": "thousand",
}
_counted = re.compile(
    rf"\b(?:{'|'.join(name for name in _NAMES.values() if name not in ('zero', 'one'))}|twice|double|triple)\b"
)
_command = re.compile(r"\\(?:frac|sqrt|sin|cos|tan|log|ln|pi|sum|int|binom|le|ge|ne|pm|times|div|theta|alpha|beta)")
_number = re.compile(r"\d")
_to_complete = re.compile(r"(?:=|\\ldots|\.{3}|_|\\_)?[\s$_\\.]*(?:[(（](?:\s|\\q?quad|_)*[)）])?[\s$_.?:]*\Z")


def what_is_wrong(question: str, choices: PrintedOptions, value: str, longest: int) -> tuple[str, str] | None:
    """The reason why ``question`` is not the direct form of the statement, and what shows it; ``None`` if it may be."""
    if (left := _options_left(question, choices, value)) is not None:
        return "options_left", left
    asked, stem = canonical(question), canonical(choices.stem)
    if (found := _said.search(question)) and not _said.search(choices.stem):
        return "answer_given_away", found[0]
    before, after = _marks(choices.stem), _marks(question)
    if (given := _given_away(asked, stem, value, after - before)) is not None:
        return "answer_given_away", given
    if (other := _difference(_only_numbers(before), _only_numbers(after))) or (
        other := _difference(Counter(_counted.findall(stem)), Counter(_counted.findall(asked)))
    ):
        return "numbers_changed", other
    if other := _difference(_without_numbers(before), _without_numbers(after)):
        return "formula_changed", other
    words = set(_word.findall(stem)) - _FORM
    if len(words) > 3 and len(words & set(_word.findall(asked))) < LEFT * len(words):
        return "rewrite_strays", ""
    if not asks(question):
        return "not_a_question", ""
    return why_not(question, longest)


def _options_left(question: str, choices: PrintedOptions, value: str) -> str | None:
    if find_choices(question, "A") or find_choices(question, "a"):
        return "they are marked"
    if (found := _options.search(question)) and found[0].lower() not in choices.stem.lower():
        return found[0]
    asked, stem = canonical(question), canonical(choices.stem)
    texts = [canonical(text) for text in choices.options.values()]
    there = [text for text in texts if text and _stands_in(text, asked) > _stands_in(text, stem)]
    if len(there) > 1 or (there and canonical(value) not in there):
        return f"{there[0]} is one"
    return None


def _given_away(asked: str, stem: str, value: str, added: Counter[str]) -> str | None:
    said = canonical(value)
    forms = [said, *([_NAMES[said]] if said in _NAMES else []), *([said.replace("/", " over ")] if "/" in said else [])]
    for form in forms:
        if not (len(form) == 1 and form.isalpha()) and form and _stands_in(form, asked) > _stands_in(form, stem):
            return form
    numbers = re.findall(r"\d+(?:\.\d+)?", said)
    if numbers and all(added[number] for number in numbers):
        return " ".join(numbers)
    return None


def _stands_in(text: str, where: str) -> int:
    """How often a text stands in another one by itself: ``5`` does not stand in ``15`` or ``5.2``."""
    before = r"(?<![\w.])" if text[:1].isalnum() else ""
    behind = r"(?![\w]|\.\d)" if text[-1:].isalnum() else ""
    return len(re.findall(before + re.escape(text) + behind, where))


def _marks(text: str) -> Counter[str]:
    """Numbers, signs and commands; without what a sentence to complete ends in: ``Then x =``."""
    return Counter(formula_marks(_to_complete.sub("", text)))


def _only_numbers(marks: Mapping[str, int]) -> Counter[str]:
    return Counter({mark: many for mark, many in marks.items() if _number.match(mark)})


def _without_numbers(marks: Mapping[str, int]) -> Counter[str]:
    told = {mark: many for mark, many in marks.items() if not _number.match(mark)}
    return Counter({mark: many for mark, many in told.items() if not mark.startswith("\\") or _command.fullmatch(mark)})


def _difference(before: Counter[str], after: Counter[str]) -> str:
    gone, new = before - after, after - before
    said = [f"without {mark}" for mark in sorted(gone)] + [f"with {mark}" for mark in sorted(new)]
    return ", ".join(said[:4])
