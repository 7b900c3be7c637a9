"""Equivalents by what stands around an answer and its box, and the completion that an answer is scored in."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from synthetic1.evaluation.auditing.case import AuditedGold, CaseKind, Rewrite
from synthetic1.evaluation.auditing.mathematics.spellings import NUMBER, is_notation
from synthetic1.evaluation.auditing.notation.tex import is_formula

SENTENCE = r"The final answer is $\boxed{{{answer}}}$."
FRAME_TEXTS = {
    "box_bare": r"\boxed{{{answer}}}",
    "box_padded": r"So it is $\boxed{{ {answer} }}$.",
    "box_displayed": "Therefore\n\n$$\n\\boxed{{{answer}}}\n$$",
    "box_in_brackets": "Hence\n\\[\n\\boxed{{{answer}}}.\n\\]",
    "box_after_heading": "**Final Answer**\n\n\\boxed{{{answer}}}",
    "box_with_sentence_after": "The answer is $\\boxed{{{answer}}}$.\n\nI hope it is correct.",
    "box_twice": "So the answer is $\\boxed{{{answer}}}$.\n\n**Final answer:** $\\boxed{{{answer}}}$",
    "box_after_thinking": "<think>Perhaps \\boxed{{0}}? No.</think>\n\nThe answer is $\\boxed{{{answer}}}$.",
    "box_in_bold": "**The answer is $\\boxed{{{answer}}}$.**",
}


def completion_of(answer: str) -> str:
    """A completion with an answer, as models write them."""
    return SENTENCE.format(answer=answer)


def _framed(frame: str) -> Rewrite:
    def make(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
        yield frame.format(answer=gold.text)

    return make


def dollars(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    if is_notation(gold.text):
        yield f"${gold.text}$"


def display_style(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    if is_formula(gold.text):
        yield rf"\displaystyle {gold.text}"


def text_wrapper(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    r"""``12`` → ``\text{12}``; words too"""
    if NUMBER.fullmatch(gold.text) or re.fullmatch(r"[A-Za-z][A-Za-z ]+", gold.text):
        yield rf"\text{{{gold.text}}}"


def roman_wrapper(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    if NUMBER.fullmatch(gold.text):
        yield rf"\mathrm{{{gold.text}}}"


def bold_wrapper(gold: AuditedGold, rng: random.Random) -> Iterator[str]:
    if NUMBER.fullmatch(gold.text):
        yield rf"\mathbf{{{gold.text}}}"


FRAMES = {
    "dollars": CaseKind(dollars),
    "display_style": CaseKind(display_style),
    "text_wrapper": CaseKind(text_wrapper),
    "roman_wrapper": CaseKind(roman_wrapper),
    "bold_wrapper": CaseKind(bold_wrapper),
    **{kind: CaseKind(_framed(frame), whole=True) for kind, frame in FRAME_TEXTS.items()},
}
