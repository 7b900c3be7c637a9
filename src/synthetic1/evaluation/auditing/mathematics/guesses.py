r"""Mutants by form: lists of guesses, negations, and words that change what a number means.

The form is what is wrong, so no oracle is asked: ``\boxed{5} or \boxed{6}`` is not an answer, whatever the gold is.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from synthetic1.evaluation.auditing.case import AuditedGold, CaseKind, Certainty, Rewrite
from synthetic1.evaluation.auditing.mathematics.frames import completion_of
from synthetic1.evaluation.auditing.mathematics.names import constant
from synthetic1.evaluation.auditing.mathematics.spellings import is_notation

GUESS_FORMS = {
    "guess_or": r"\boxed{{{a}}} or \boxed{{{b}}}",
    "guess_slash": r"\boxed{{{a}}} / \boxed{{{b}}}",
    "guess_bar": r"\boxed{{{a}}} | \boxed{{{b}}}",
    "guess_bullets": "- \\boxed{{{a}}}\n- \\boxed{{{b}}}",
    "guess_bullet_after": "\\boxed{{{a}}}\n\n- \\boxed{{{b}}}",
    "guess_numbered": "1. \\boxed{{{a}}}\n2. \\boxed{{{b}}}",
    "guess_lettered": r"(a) \boxed{{{a}}} (b) \boxed{{{b}}}",
    "guess_or_maybe": r"\boxed{{{a}}} or maybe \boxed{{{b}}}",
    "guess_either": r"Either \boxed{{{a}}} or else \boxed{{{b}}}",
    "guess_possibly": r"\boxed{{{a}}}, possibly \boxed{{{b}}}",
    "guess_if_not": r"If it is not \boxed{{{a}}}, then it is \boxed{{{b}}}.",
    "guess_or_in_math": r"$\boxed{{{a}}} \quad\text{{or maybe}}\quad \boxed{{{b}}}$",
    "guess_or_in_box": r"The final answer is $\boxed{{{a} \text{{ or }} {b}}}$.",
    "guess_and": r"\boxed{{{a}}} and \boxed{{{b}}}",
}
_NEGATED_ANSWERS = {
    "negation_sign": r"\neq {gold}",
    "negation_slashed": r"\not= {gold}",
    "negation_name": r"x \neq {gold}",
    "negation_word": r"\text{{not }} {gold}",
    "negation_words_as_name": r"\text{{It is certainly not}} = {gold}",
    "negation_equal_to": r"\text{{not equal to}} = {gold}",
    "negation_after": r"{gold} \text{{ is wrong}}",
    "negation_anything_but": r"\text{{anything but }} {gold}",
}
_NEGATED_COMPLETIONS = {
    "negation_of_box": r"Do not answer \boxed{{{gold}}}.",
    "negation_of_answer": r"The answer is not $\boxed{{{gold}}}$.",
    "only_in_thinking": r"<think>\boxed{{{gold}}}</think>",
    "box_unclosed": r"The final answer is $\boxed{{{gold}$.",
    "box_empty": r"It is {gold}, so $\boxed{{}}$.",
}
_WORDS = {
    "word_that_multiplies": ("dozen", "hundred", "thousand", "million", "gross", "pi"),
    "word_that_operates": ("squared", "cubed", "factorial", "choose two", "over seven", "to the tenth"),
    "word_that_divides": ("halves", "hundredths", "tenths", "half", "point five", "percent of it"),
    "word_that_ranges": ("to ten", "upwards", "or more", "at least", "to infinity"),
    "word_that_denies": ("below zero", "fake", "is false", "less than nothing"),
}
_NUMBER_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def other_answer(gold: AuditedGold) -> str | None:
    """An answer that is surely not the gold: for a constant one more, else a number for what is none."""
    if not is_notation(gold.text):
        return None
    if re.fullmatch(r"-?\d{1,15}", gold.text):
        return str(int(gold.text) + 1)
    found = constant(gold.text)
    if found is None:
        return "1009"
    return str(int(found) + 17)


def _guesses(form: str) -> Rewrite:
    def make(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
        if (wrong := other_answer(gold)) is not None:
            pair = (wrong, gold.text) if rng.random() < 0.75 else (gold.text, wrong)
            yield form.format(a=pair[0], b=pair[1])

    return make


def guess_comma_in_box(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """Two values for one"""
    if constant(gold.text) is not None and (wrong := other_answer(gold)) is not None:
        yield completion_of(", ".join(rng.sample((wrong, gold.text), 2)))


def guess_equation(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """``6 = 5``"""
    if constant(gold.text) is not None and (wrong := other_answer(gold)) is not None:
        yield completion_of(" = ".join(rng.sample((wrong, gold.text), 2)))


def sum_as_name(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """``x+1 = 5`` for 5, ``0+0 = 5``"""
    if constant(gold.text) not in (None, 0):
        yield completion_of(f"{rng.choice(('x+1', '0+0', '2x'))} = {gold.text}")


def _negated(form: str, whole: bool) -> Rewrite:
    def make(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
        if is_notation(gold.text) and not re.search(r"\\neq?(?![A-Za-z])|\\not|≠", gold.text):
            text = form.format(gold=gold.text)
            yield text if whole else completion_of(text)

    return make


def _worded(words: tuple[str, ...]) -> Rewrite:
    def make(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
        if not re.fullmatch(r"-?\d{1,9}", gold.text) or abs(int(gold.text)) < 3:
            return
        fitting = [word for word in words if word.split()[0] not in gold.task.prompt.lower()]
        for word in rng.sample(fitting, min(2, len(fitting))):
            yield completion_of(rf"{gold.text} \text{{ {word}}}")

    return make


def words_side_by_side(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """``five seven`` and ``five and seven`` for 12"""
    if re.fullmatch(r"\d{1,2}", gold.text) and 2 <= int(gold.text) <= 20:
        total = int(gold.text)
        first = rng.randint(max(1, total - 10), min(10, total - 1))
        one, other = _NUMBER_WORDS[first], _NUMBER_WORDS[total - first]
        yield completion_of(rf"\text{{{one} {other}}}")
        yield completion_of(rf"\text{{{one} and {other}}}")


def no_value(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    """A question mark, the word `answer`"""
    if constant(gold.text) is not None:
        yield completion_of(rng.choice(("?", r"\text{the answer}", r"\text{n/a}", r"\ldots", r"\text{unknown}")))


def _asserted(make: Rewrite) -> CaseKind:
    return CaseKind(make, Certainty.ASSERTED, whole=True)


GUESSES = {
    **{kind: _asserted(_guesses(form)) for kind, form in GUESS_FORMS.items()},
    "guess_comma_in_box": _asserted(guess_comma_in_box),
    "guess_equation": _asserted(guess_equation),
    "sum_as_name": _asserted(sum_as_name),
    **{kind: _asserted(_negated(form, whole=False)) for kind, form in _NEGATED_ANSWERS.items()},
    **{kind: _asserted(_negated(form, whole=True)) for kind, form in _NEGATED_COMPLETIONS.items()},
    **{kind: _asserted(_worded(words)) for kind, words in _WORDS.items()},
    "words_side_by_side": _asserted(words_side_by_side),
    "no_value": _asserted(no_value),
}
