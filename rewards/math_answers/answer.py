"""Where the answer stands in a response: boxes first, then what a style allows."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from typing import Literal, get_args

from synthetic1.rewards.math_answers.idioms.bounds import bound_of

AnswerStyle = Literal["boxed", "boxed_or_final_line", "any"]
STYLES: tuple[str, ...] = get_args(AnswerStyle)

MAX_ANSWER = 1000  # characters; the longest gold of MATH has 159
SEARCHED = 200_000  # characters at the end of a response

_BOX = re.compile(r"\\(?:boxed|fbox)\s*\{")
_BRACELESS = re.compile(r"\\f?box(?:ed)?(?:\s+|(?=\\|\d))(\d+(?:[.,]\d+)*|[A-Za-z](?![A-Za-z])|\\[A-Za-z]+)")
"""A box around one token, as TeX has it."""
_BRACE = re.compile(r"(?:\\.)+|[{}]", re.DOTALL)
# Boxes that stand side by side are offered together, as one answer or as several guesses; unless what stands between
# them begins anew, or is long.
_ASIDE = 60  # characters between two boxes that are one answer
_BEGINS_ANEW = re.compile(
    r"\b(?:wait|no|not|now|so|hence|thus|actually|instead|hmm|correct|correction|check|again|therefore|wrong|incorrect|sorry"
    r"|oops|final|finally|because|since|giving|gives|which|means|implies|we get|we have|the answer|that is|hold on)\b"
    r"|\\(?:implies|Rightarrow|Longrightarrow|therefore|to)(?![A-Za-z])|[⇒→∴]|[.!?]\s+(?:the|this|that|it)\b",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"(?:\b(?:not|never|isn't|isnt|wasn't|cannot be|can't be|don't (?:answer|say|write|put)|wrong(?: answer)?"
    r"|incorrect(?: answer)?|rather than|instead of|except)"
    r"(?:\s+(?:answer|be|equal(?: to)?|equals|is|the (?:right |correct |final )?answer|simply|just|with|say|write))*"
    r"|\\ne(?:q)?|≠|\\not\s*=)[\s:$=\\(\[]*$",
    re.IGNORECASE,
)
_TAKEN_BACK = re.compile(
    r"[\s$)\]}*\\,.]{0,12}(?:(?:is|was) (?:wrong|incorrect|false|not\b)|but (?:the|it|that)\b|\?\s*no\b)", re.IGNORECASE
)
_GLUED_BEFORE = re.compile(  # a minus sign with white space before the box begins an item of a list, but in a formula
    r"(?:(?:(?<=[=$([{])\s*[-−]|(?<=\\\()\s*[-−]|\\pm|\\cdot|\\times|\d|/|\^\{?|\\sqrt\{|\\frac\{|\}\{"
    r"|\\(?:ln|log|sin|cos|tan|exp)(?![a-z]))\s*|(?:^|(?<=[^\w\s)}\]]))[-−])(?:\\,|\\left)?\(?$"
)
_GLUED_BEHIND = re.compile(
    r"\s*(?:\^|_|!(?=\s*(?:\$|\\[)\]]))|/|\\pi|\\sqrt|\\cdot|\\times|\.\d|\{,\}|:\d|[+-]\s*[\d\w]"
    r"|[a-z](?![A-Za-z ])(?=[\s$^\\)]))"
)
_RELATION = r"(?:approx|le|leq|ge|geq|in|to|implies|Rightarrow|quad|qquad|therefore)(?![A-Za-z])"
_SIDE_BEFORE = re.compile(
    rf"(?:^|[=$<>,:&\n]|\\{_RELATION}|\\[(\[\\])((?:[^=$<>,:&\n\\]|\\(?!{_RELATION})[A-Za-z,;!])*)$"
)
_SIDE_BEHIND = re.compile(
    rf"((?:[^=$<>&\n\\]|\\(?!{_RELATION})[A-Za-z,;!%])*?)(?:\s*(?=(=|\\approx|<|>|\\le|\\ge|\$|\n|\\[)\]\\]|\.?$)|\.?\s*$))"
)
_SCALE_BEHIND = re.compile(r"\s*(?:\\times|\\cdot|×|·)\s*10\s*\^\s*(?:\{[^{}]{1,6}\}|-?\d)|\\?%")
_NAME_BEFORE = re.compile(
    r"(?<![A-Za-z])(\\?[A-Za-z]{1,8}(?:_(?:\w|\{\w{1,3}\}))?(?:\(\w{1,3}\))?\s*=)\s*(?:\$|\\\(|\\\[)?\s*$"
)
_FINAL = re.compile(
    r"(?:^|(?<=[.:;,!?]))[ \t>*#_]*(?:therefore,?\s+|thus,?\s+|so,?\s+|hence,?\s+)?"
    r"(?:the\s+)?(?:correct\s+|final\s+)?answer(?:\s+is\b|\s*[:=])[ \t*_]*[:=]?[ \t]*(.+)$|^####[ \t]*(.+)$",
    re.IGNORECASE | re.MULTILINE,
)
_HOPE = re.compile(r"\.?\s*I hope (?:it|this) is correct\b.*$|\s*<\|.*$|\s*</?s>.*$", re.IGNORECASE)
_TEXT = re.compile(
    r"\\(?:text|mbox|mathrm|textrm)\s*\{[^{}]*\}|\\[A-Za-z]+|(?<![A-Za-z])(?:or|and|pi|sqrt)(?![A-Za-z])"
)
_PREFIX = re.compile(
    r"^(?:\\(?:text|mbox|textrm)\s*\{\s*(?:the\s+)?(?:final\s+)?answer(?:\s+is\b|\s*[:=])\s*\}"
    r"|(?:the\s+)?(?:final\s+)?answer(?:\s+is\b|\s*[:=]))\s*",
    re.IGNORECASE,
)
_DISPLAY = re.compile(  # nothing that opens stands inside, so that each character is read but a few times
    r"(?<!\\)\$\$([^$]{1,1000})\$\$|(?<!\\)\$((?:[^$]|\\\$){1,1000}?)(?<!\\)\$"
    r"|\\\[((?:[^\\]|\\[^\[]){1,1000}?)\\\]|\\\(((?:[^\\]|\\[^(]){1,1000}?)\\\)",
    re.DOTALL,
)
_NUMBER = re.compile(
    r"(?:(?<![A-Za-z0-9_.,)\]}])[-−])?\\[dtc]?frac\s*\{[^{}]{1,40}\}\s*\{[^{}]{1,40}\}"
    r"|(?<![A-Za-z0-9_.,])[-−]?(?:\d{1,3}(?:,\d{3})+(?![\d,])|\d{1,3}(?: \d{3})+(?!\d)|\d+)?"
    r"(?:[.,]\d+)?(?:/\d+)?%?(?!\d)(?![A-Za-z]{3})"
)
_WHENS = r"because|since|when|attained|achieved|obtained|for \$?[a-z]\$?\s*="
_WHEN = re.compile(rf",?\s+(?:{_WHENS})(?![A-Za-z])", re.IGNORECASE)
_REASON = re.compile(
    rf",?\s+(?:{_WHENS}|which (?:is|means|gives|equals)|as (?:claimed|desired|required))(?![A-Za-z])", re.IGNORECASE
)
_WORD = re.compile(r"(?:(?i:yes|no|true|false|even|odd)|[A-Z][a-z]{2,14})[.!]?")
_STATED = re.compile(r"(?<![A-Za-z])(?:is|are|was|were|equals?|be)(?: equal to| exactly| just)?[ \t:]+")
_SO = re.compile(r"^(?:∴|so|thus|hence|therefore|then)[,:]?\s+", re.IGNORECASE)
_AT_LEAST = re.compile(
    r"(?:at least|at most|more than|less than|greater than|fewer than|over|under|about)\s*\$?$", re.IGNORECASE
)
_COPULA = re.compile(_STATED.pattern + r"|[=:]\s*")
_PROSE_WORD = re.compile(r"(?<![\\A-Za-z{])(?:[A-Za-z]{2,}|[^\W\d_A-Za-zͰ-Ͽ])")
_SENTENCE = re.compile(r"(?<![\\A-Za-z{])[A-Za-z]{4,}\s")
_ANY_LANGUAGE = r"(?:answer|option|choice|réponse|respuesta|resposta|risposta|antwort|ответ|答案|答え|정답)"
_LETTER_IS = re.compile(
    r"(?<![A-Za-z])([A-H])[)*_.]* is (?:the )?(?:correct|right)\b"
    r"|(?:choose|option|answer(?: must be| is)?) \(?([A-H])\)? since\b"
)
_LETTER = re.compile(  # of a multiple choice; nothing of a formula, and none of several
    r"(?:故选[:：]?\s*|(?:" + _ANY_LANGUAGE + r"\s*(?:is|es|est|ist|è|é|是|:|：|=)?|\bit'?s|\bit is|\bchoose)[\s:：]*"
    r"(?:(?:for sure|definitely|clearly|probably|option|choice)\s+)*|^\s*)[*_(]*(?<![A-Za-z])([A-J])[)*_]*"
    r"(?:(?<=[)*_])|(?=[.:,;。，!?]|\s*$|\s+(?:non|not|because|since|as|and not)\b|[^\x00-\x7f]))"
    r"(?!\s*(?:,|/|&|;|\.)?\s*(?:or|and|o|ou|oder)?\s*[(*]*[A-J](?![A-Za-z'’]))(?!\s*[=+*/^_<>(\[-])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a response says, as it stands there."""

    text: str
    found: Literal["box", "boxes", "final_line", "formula", "number"]
    bound: str = ""
    """What words beside the box make of it: ``least`` of "at least", and so on (``idioms.bounds``)."""


def find_answer(response: str, style: AnswerStyle = "boxed") -> Answer | None:
    r"""The answer in ``response``, which is what follows the thought; ``None`` if there is none.

    ======================= ============================================================================================
    ``boxed``               The last ``\boxed{…}`` (or ``\fbox``) whose braces balance. Boxes with nothing between them
                            but commas, "and" or "or" are one answer: a list. ``\boxed{4} and \boxed{5}`` says 4 and 5;
                            ``\boxed{4}. Wait, \boxed{5}`` says 5.
    ``boxed_or_final_line`` Without a box: what the last ``The answer is …``, ``Final answer: …`` or ``#### …`` says,
                            at the start of a line or sentence, up to the line's end.
    ``any``                 Without either: the last formula in dollars or brackets, or the last number after it; a
                            response that is nothing but mathematics is the answer itself.
    ======================= ============================================================================================

    A box that never closes, or is empty, is not an answer, and then neither are the boxes before it: what the model
    said last counts. Time is linear in the response; only its last 200,000 characters are searched.
    """
    text = response[-SEARCHED:]
    if "box" in text and not _BOX.search(text):
        text = _BRACELESS.sub(r"\\boxed{\1}", text)
    boxed = _last_boxes(text)
    line = None if style == "boxed" else _last_match(_FINAL, text)
    if style == "any" and boxed is not None and line is not None and "box" not in line[0]:
        boxed = boxed if line.start() < max(match.start() for match in _BOX.finditer(text)) else None
    if boxed is not None:
        contents = list(dict.fromkeys(content.strip() for content in boxed.contents))  # the same answer twice is one
        if not all(contents):
            return None
        if len(contents) == 1:
            start, end = boxed.span
            return Answer(contents[0], "box", bound_of(text[max(0, start - 40) : start], text[end : end + 40]))
        return Answer(", ".join(contents), "boxes")
    if style == "boxed" or (style != "any" and _BOX.search(text)):
        return None
    if style == "any" and line is not None and (letter := _letter(line[0])):
        return letter
    if line is not None:
        said = _concluded(
            _HOPE.sub("", (line[1] or line[2])).strip().strip('"“”*`').removesuffix("\\").removeprefix('\\"')
        )
        if said.strip("*_ .$"):
            return Answer(said.strip("*_ "), "final_line")
    if style == "boxed_or_final_line":
        return None
    whole = text.strip().strip("*_` ")
    return _last_said(text) or _letter(text) or (Answer(whole, "final_line") if _WORD.fullmatch(whole) else None)


def _concluded(line: str) -> str:
    """What ``The answer is …`` offers: a formula at its beginning, or what its own words say it is.

    ``The largest $n$ is 34.`` says 34. Where a number stands before the verb, too, more than one thing is offered, and
    the whole line is the answer: ``5, or it is 6``.
    """
    line = _REASON.split(line, maxsplit=1)[0]
    if (formula := _DISPLAY.match(line)) and re.match(r"[*_\s]*(?:[.;!]|$)", line[formula.end() :]):
        return str(next(filter(None, formula.groups())))
    if len(_PROSE_WORD.findall(_DISPLAY.sub(" ", line))) < 3:
        return line
    numbers = _numbers(_DISPLAY.sub(lambda found: " x " if re.search("[A-Za-z]", found[0]) else found[0], line))
    if len(numbers) == 1 and numbers[0].rstrip("%") in line:
        verb = deque(_COPULA.finditer(line), maxlen=1)
        rest = line[verb[0].end() :].strip(" .*_") if verb else ""
        return rest if numbers[0] in rest and len(_PROSE_WORD.findall(rest)) < 3 else numbers[0]
    return line


def _last_said(text: str) -> Answer | None:
    """The last formula in dollars or brackets, or the last number, whichever comes later."""
    whole = _SO.sub("", _HOPE.sub("", text.strip()).strip().strip("*_`").strip())
    line = _WHEN.split(whole.rstrip().rpartition("\n")[2], maxsplit=1)[0]
    if (stated := _stated(line)) is not None:
        return Answer(stated, "formula")
    if len(whole) <= 200 and "\n" not in whole and "$" not in whole and not _PROSE_WORD.search(_TEXT.sub("", whole)):
        return Answer(whole, "formula") if whole else None
    formulas = (found for found in _DISPLAY.finditer(text) if not _SENTENCE.search(_TEXT.sub("", found[0])))
    last = next(iter(deque(formulas, maxlen=1)), None)
    after = 0 if last is None else last.end()
    tail = text[max(after, len(text) - 20_000) :]
    if numbers := [match for match in _NUMBER.finditer(tail) if any(char.isdigit() for char in match[0])]:
        said = numbers[-1]
        if _AT_LEAST.search(tail, max(0, said.start() - 30), said.start()):
            return None
        if _DENIED.search(tail, max(0, said.start() - 80), said.start()) or _TAKEN_BACK.match(tail, said.end()):
            return None
        if len(numbers) > 1 and re.fullmatch(r",?\s*(?:or|and)\s+", tail[numbers[-2].end() : said.start()]):
            return Answer(f"{numbers[-2][0]}, {said[0]}", "number")  # either of them, or both
        return Answer(said[0], "number")
    return None if last is None else Answer(next(filter(None, last.groups())).strip(), "formula")


def _stated(line: str) -> str | None:
    """What a sentence says that something is: ``The solutions are $x=1$ and $x=2$.``"""
    verbs = list(_STATED.finditer(line[-300:]))
    if not verbs:
        return None
    said = line[-300:][verbs[-1].end() :].strip().rstrip(".").strip("*_` ")
    plain = said.replace("$", " ").replace("\\(", " ").replace("\\)", " ").strip()
    if (
        not plain
        or "|" in plain
        or re.match(r"not\b|no\b|never\b", plain)
        or len(_PROSE_WORD.findall(_TEXT.sub(" ", plain))) > 1
    ):
        return None
    if not re.fullmatch(r"[\x00-\x7f≤≥≠√π×·−°∞]+", plain):
        return None
    return plain if re.search(r"\d|\\[a-z]+|[=<>≤≥√π]", plain) else None


def _letter(text: str) -> Answer | None:
    """The letter that is said to be the answer."""
    if (found := _last_match(_LETTER_IS, text[-2_000:])) is not None:
        return Answer(found[1] or found[2], "final_line")
    last = _last_match(_LETTER, text[-2_000:].strip("*_` \n"))
    return Answer(last[1], "final_line") if last is not None and last[1].isupper() else None


def _numbers(text: str) -> list[str]:
    return [match[0] for match in _NUMBER.finditer(text) if any(char.isdigit() for char in match[0])]


def _last_match(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    last = deque(pattern.finditer(text), maxlen=1)
    return last[0] if last else None


def unwrapped(text: str) -> str:
    """``text`` without a box around all of it and without ``The answer is`` before it."""
    match = _BOX.match(text.strip())
    if match:
        end = _closing(text.strip(), match.end())
        if end == len(text.strip()) - 1:
            text = text.strip()[match.end() : end]
    return _PREFIX.sub("", text.strip())


@dataclass(frozen=True, slots=True)
class _Boxes:
    """The last box of a response and those that it is one answer with, and where the last one stands."""

    contents: list[str]
    span: tuple[int, int] = (0, 0)


def _last_boxes(text: str) -> _Boxes | None:
    """The contents of the last box and of those it is one answer with; ``None`` if there is no box."""
    starts = list(_BOX.finditer(text))
    if not starts:
        return None
    last_start = starts[-1].start()
    if _DENIED.search(text, max(0, last_start - 80), last_start):
        return _Boxes([""])  # what it is not
    spans: list[tuple[int, int, str]] = []  # of outermost boxes, in order
    closings = _closings(text, [match.end() for match in starts])
    covered = -1
    for match in starts:
        end = closings.get(match.end())
        if match.start() <= covered:  # a box inside a box
            continue
        if end is None:  # never closes: what follows is inside it
            spans.append((match.start(), len(text), ""))
            break
        spans.append(
            (match.start(), end + 1, _with_what_is_glued(text, match.start(), text[match.end() : end], end + 1))
        )
        covered = end
    if _TAKEN_BACK.match(text, spans[-1][1]):
        return _Boxes([""])
    last = [spans[-1][2]]
    names = [_NAME_BEFORE.search(text, max(0, spans[-1][0] - 30), spans[-1][0])]
    for before, after in zip(reversed(spans[:-1]), reversed(spans[1:]), strict=True):
        if after[0] - before[1] > _ASIDE or _BEGINS_ANEW.search(text, before[1], after[0]):
            break
        last.append(before[2])
        names.append(_NAME_BEFORE.search(text, max(0, before[0] - 30), before[0]))
        if len(last) > 100:
            break
    if len(last) > 1 and all(last):  # ``a = \boxed{1}, b = \\boxed{2}``: which is which
        found = [name[1] for name in names if name is not None]
        if len(set(found)) == len(last):
            last = [f"{name} {said}" for name, said in zip(found, last, strict=True)]
    return _Boxes(last[::-1], spans[-1][:2])


def _with_what_is_glued(text: str, start: int, content: str, end: int) -> str:
    r"""What a box says, with what an operator joins to it in its formula: ``-\boxed{5}``, ``\boxed{5}\times 10^3``.

    Not in the midst of an equation, where the box is what was left blank: ``2 + \boxed{3} = 5``.
    """
    if not content.strip():
        return content
    if (behind := _SCALE_BEHIND.match(text, end)) is not None:
        content, end = f"{content}{behind[0]}", behind.end()
    before, after = _GLUED_BEFORE.search(text, max(0, start - 60), start), _GLUED_BEHIND.match(text, end)
    if before is None and after is None:
        return content
    left = _SIDE_BEFORE.search(text, max(0, start - 200), start)
    right = _SIDE_BEHIND.match(text, end)
    if (
        left is None
        or right is None
        or "box" in left[1] + right[1]
        or right[2] in ("=", "\\approx", "<", ">", "\\le", "\\ge")
    ):
        return content
    inside = (
        content if re.fullmatch(r"[\d.]+", content) or not (left[1].strip() or right[1].strip()) else f"({content})"
    )
    return f"{left[1]}{inside}{right[1]}"


def _closings(text: str, starts: list[int]) -> dict[int, int]:
    """For each place just after an opening brace, where that brace closes; one pass over the text."""
    wanted, found, stack = set(starts), {}, []
    for token in _BRACE.finditer(text, starts[0] - 1):
        if token[0] == "{":
            stack.append(token.end())
        elif token[0] == "}" and stack:
            start = stack.pop()
            if start in wanted:
                found[start] = token.start()
    return found


def _closing(text: str, start: int) -> int | None:
    return _closings(text, [start]).get(start)
