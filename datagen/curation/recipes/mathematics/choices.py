r"""Multiple choice: where the options of a statement stand, which of them an answer names, and what it says.

Options are marked ``\textbf{(A)}``, ``(A)``, ``A)`` or ``A.``; small letters count only where the answer is one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MOST = 8  # options
_FONT = r"\\(?:textbf|text|textrm|textsf|textit|mathrm|mathbf|mathsf|mbox|bf|rm|bold)"
_MARKS = (
    re.compile(
        rf"(?:\$\s?)?(?:\(\s?)?{_FONT}\s?\{{\s?\(?\s?([A-H])\s?[).:]?\s?\)?(?:\\?[ ~]){{0,4}}"
        r"(?:\}\s?[).:]?|(?<=\)\s)(?=\w[^{}]*\}))"  # the option may stand inside of the braces, too
    ),
    re.compile(rf"\$?\{{\s?{_FONT}\s?\(?\s?([A-H])\s?[).:]?\s?\)?\s?\}}\s?[).:]?"),
    re.compile(r"(?<![\w)\\{])\(\s*([A-H])\s*\)|(?<=quad)\s*\(([A-H])\)|(?<=\\ )\(([A-H])\)"),
    re.compile(r"(?:(?<=\s)|(?<=\A)|(?<=[$;,?:.。？]))(?:\*\*)?([A-H])\s?[).．、:：](?!\s*[A-H][).]?(?:\s|$))"),
    re.compile(r"(?:(?<=\s)|(?<=\A)|(?<=quad))\(([a-h])\)"),
    re.compile(r"(?:(?<=\s)|(?<=\A))([a-h])[).](?=\s)"),
)
_SMALL = 4  # from here on, marks of small letters
_blank = re.compile(r"\$\s*(?:\\q?quad\s*)+\$")
_trim = re.compile(
    r"(?:\\q?quad(?![A-Za-z])|\\hspace\{[^{}]*\}|\\[ ,;:!~]|\\\\|\\newline|~|\s|[;,]|\*\*|\\par(?![A-Za-z]))+"
)
_LETTER = re.compile(
    r"\$?\s*(?:(?i:(?:the )?(?:correct )?(?:answer|option|choice)(?: is)?):?\s*)?\(?"
    rf"(?:{_FONT}\s*\{{\s*)?[(\[]?\s*([A-Ha-h])\s*(?:[)\].:]|\}}|(?=\s*(?:\}}|\$|$)))[)\].:\s}}$]*(.*)",
    re.DOTALL,
)
_SEVERAL = re.compile(r"[\s$(]*[A-H](?:\s*(?:,|;|、|and|&|or)?\s*[A-H])+[\s$).]*")
_ABOUT_OPTIONS = re.compile(
    r"\b(?:none|all|both|neither|any|more than one|two|some)\b[^$]{0,20}\b(?:of (?:the |these|those|them)|above"
    r"|others?)\b|\bnone\b\s*$"
    r"|\b(?:cannot|can't|can not|could not|not) be (?:determined|found|solved|calculated|uniquely)"
    r"|\bnot enough information|\bimpossible to (?:determine|tell|say|answer)|\banother (?:answer|value|number)\b"
    r"|\bboth \(?[A-H]\)? and"
    r"|^(?:only )?(?:[IVX]+|\(?[①-⑨]\)?|\(\d\))(?:(?:,| and| or|，|、)\s*(?:[IVX]+|[①-⑨]|\(\d\)))*(?: only)?\.?$|①|②"
    r"|^\(?[A-H]\)?(?:,? (?:and|or) \(?[A-H]\)?)+$|\bnot given\b|\bno correct\b|\bdepends on\b",
    re.IGNORECASE,
)
CHOICES_ARE_THE_QUESTION = re.compile(
    r"\bwhich (?:one |two |ones )?(?:of (?:the )?(?:following|these|options|choices|above|statements)|statements?"
    r"|option|conclusion"
    r"|answer choice)\b[^?.]{0,60}?\b(?:statements?|conclusions?|is (?:always |necessarily |definitely )?(?:true"
    r"|false|correct|incorrect|not|an?)"
    r"|are (?:always |necessarily )?(?:true|false|correct|not)|could|can|cannot|must|may|might|does not|do not"
    r"|will not|has|have|best)\b"
    r"|\b(?:the|an?) (?:in)?correct (?:statement|option|conclusion|one|proposition|answer)\b|\bamong the following\b"
    r"|\bwhich (?:statement|option|conclusion)s?\b|\bof the following\b[^?.]{0,30}\b(?:largest|smallest|greatest"
    r"|least|closest)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class PrintedOptions:
    """A statement taken apart."""

    stem: str
    """What stands before the options."""
    options: dict[str, str]
    """Letter, always a capital → its text."""


def find_choices(statement: str, answer: str = "") -> PrintedOptions | None:
    """The options of a statement: at least three in order from A on, or two with a letter as the answer."""
    if "B" not in statement and "b)" not in statement and "b." not in statement:
        return None
    if not ("A)" in statement or "A}" in statement or "A." in statement or "A:" in statement or "A)}" in statement
            or "A、" in statement or "A．" in statement or "A：" in statement or "a)" in statement or "a." in statement
            or "A )" in statement or "A~" in statement or "A \\" in statement):  # fmt: skip
        return None
    said = _LETTER.fullmatch(answer) if answer and len(answer) < 200 else None
    small = said is not None and said[1].islower()
    for kind, mark in enumerate(_MARKS):
        if kind >= _SMALL and not small:
            break
        found = [(next(filter(None, one.groups())).upper(), one) for one in mark.finditer(statement)]
        run = _last_run(found)
        if len(run) >= (2 if said is not None else 3):
            return _taken_apart(statement, run)
    return None


def named_letter(answer: str) -> tuple[str, str] | None:
    """The letter that an answer names, and what it says behind it; ``None`` if it names none."""
    if len(answer) > 300 or (found := _LETTER.fullmatch(answer.strip())) is None:
        return None
    if found[2] and found[1].islower():
        return None
    return found[1].upper(), cleaned(found[2])


def names_several(answer: str) -> bool:
    """Whether an answer names several letters: ``A, C``."""
    return len(answer) < 40 and _SEVERAL.fullmatch(answer) is not None


def is_about_options(option: str) -> bool:
    """Whether an option says nothing without the others: *none of these*, *I and II only*."""
    bare = re.sub(rf"{_FONT}\s*\{{([^{{}}]*)\}}", r"\1", option).strip("$ .\\")
    return _ABOUT_OPTIONS.search(bare) is not None


_no_formula = re.compile(r"^\$\s+\$|\$\s+\$$")


def cleaned(option: str) -> str:
    """An option's text without the space and the dollar signs that belong to the list."""
    text = _blank.sub(" ", option).strip()
    while text:
        before = text
        if found := _trim.match(text):
            text = text[found.end() :]
        text = _without_trailing_space(text).rstrip(".;,")
        text = _no_formula.sub("", text).strip()  # what is left where the letter stood in dollars of its own
        for opening, closing in ((r"\(", r"\)"), (r"\[", r"\]")):
            if text.endswith(closing) and text.count(closing) > text.count(opening):
                text = text.removesuffix(closing).rstrip()
        if text.endswith("$$") and not text.startswith("$$"):
            text = text[:-2]
        if _dollars(text) % 2:
            text = text.removesuffix("$") if text.endswith("$") else text.removeprefix("$")
            if _dollars(text) % 2:
                text = re.sub(r"(?<!\\)\$", "", text)
        elif len(text) > 2 and text.startswith("$") and text.endswith("$") and "$" not in text[1:-1]:
            text = text[1:-1]
        if text.endswith("}") and text.count("}") > text.count("{"):
            text = text[:-1]
        if text.endswith(("\\[", "\\(")):
            text = text[:-2]
        if text == before:
            break
    return text.removesuffix("\\")


def _dollars(text: str) -> int:
    return text.count("$") - text.count("\\$")


def _without_trailing_space(text: str) -> str:
    while True:
        before = text
        text = text.rstrip(" \t\n~;,")
        for tail in ("\\qquad", "\\quad", "\\\\", "\\ ", "\\,", "\\;", "\\newline", "**", "\\hspace*"):
            text = text.removesuffix(tail)
        if text.endswith("\\") and not text.endswith("\\\\"):
            text = text[:-1]
        if text == before:
            return text


def _last_run(found: list[tuple[str, re.Match[str]]]) -> list[tuple[str, re.Match[str]]]:
    """The last marks that go A, B, C …"""
    best: list[tuple[str, re.Match[str]]] = []
    for place, (letter, _) in enumerate(found):
        if letter != "A":
            continue
        run = [found[place]]
        for one in found[place + 1 :]:
            if ord(one[0]) != ord(run[-1][0]) + 1:
                break
            run.append(one)
        if len(run) >= 2:
            best = run
    return best[:MOST]


def _taken_apart(statement: str, run: list[tuple[str, re.Match[str]]]) -> PrintedOptions | None:
    ends = [after.start() for _, after in run[1:]] + [len(statement)]
    texts = [statement[mark.end() : end] for (_, mark), end in zip(run, ends, strict=True)]
    if not any("\n\n" in text.strip() for text in texts[:-1]):
        texts[-1] = texts[-1].strip().split("\n\n")[0]
    options = {letter: cleaned(text) for (letter, _), text in zip(run, texts, strict=True)}
    stem = _without_trailing_space(statement[: run[0][1].start()])
    for opening in ("\\[", "\\(", "$$", "\\begin{align*}"):
        stem = _without_trailing_space(stem.removesuffix(opening))
    if stem.count("$") % 2:
        stem = stem.rstrip().removesuffix("$").rstrip()
    return PrintedOptions(stem.strip(), options) if any(options.values()) else None
