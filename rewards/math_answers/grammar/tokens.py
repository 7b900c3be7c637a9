r"""A mathematical text as canonical tokens: one spelling for what people write in many.

This is the only place that knows of spellings. What comes out is read (``grammar.py``) and never rewritten as text.
"""

from __future__ import annotations

import re
import unicodedata

from synthetic1.rewards.math_answers.grammar.numerals import (
    EXPONENT,
    GROUPED,
    LONE_POINT,
    MOST_DIGITS,
    NUMBER,
    NUMBER_BEGINS,
    REPEATING,
    THOUSANDS,
)
from synthetic1.rewards.math_answers.grammar.spelling import (
    BLACKBOARD,
    DROPPED_WITH_ARGUMENT,
    FRACTIONS,
    FUNCTIONS,
    INVISIBLE,
    KNOWN_WORDS,
    NOTHING,
    ON_THE_LINE,
    SAME_COMMAND,
    SIGNS,
    SPACING,
    SPELLED,
    SUBSCRIPTS,
    SUPERSCRIPTS,
    SYMBOLS,
    TEXT,
    TRANSPARENT,
    UNIT_LETTERS,
)
from synthetic1.rewards.math_answers.grammar.token import Kind, Token, Unreadable, with_degrees

WORDS = re.compile(r"and|or|if|for|when|where|mod|of|the|is|are", re.IGNORECASE)

_COMMAND = re.compile(r"\\(?:[A-Za-z]+\*?|.)", re.DOTALL)
_ARGUMENT = re.compile(r"\s*(?:\\[A-Za-z]+\s*)*[\w({\[\\]")  # of a function
_LETTERS = re.compile(r"[A-Za-z]+")
_TAG, _VECTOR = re.compile(r"\*|\(?(?:\d{1,3}|[A-Za-z*])\)?"), re.compile(r"\s*\\(?:vec|overrightarrow)(?![A-Za-z])")
OPEN, CLOSE = {"(", "[", r"\{", r"\langle", r"\lfloor", r"\lceil"}, {")", "]", r"\}", r"\rangle", r"\rfloor", r"\rceil"}


def tokenize(text: str, *, is_word: frozenset[str] | None = None) -> list[Token]:
    r"""The tokens of ``text``.

    Args:
        is_word: runs of letters outside of ``\text`` that are words, in lower case; others are products of letters.

    Raises:
        Unreadable: braces that do not match, or a character that is not mathematics.
    """
    return _Tokens(text, is_word or frozenset()).all()


class _Tokens:
    def __init__(self, text: str, words: frozenset[str]) -> None:
        self.text, self.words = text, words
        self.at = 0
        self.depth = 0
        self.spaced = False
        self.out: list[Token] = []

    def put(self, kind: Kind, text: str) -> None:
        self.out.append(Token(kind, text, self.spaced))
        self.spaced = False

    def all(self) -> list[Token]:
        while self.at < len(self.text):
            self.step()
        return with_degrees(self.out)

    def step(self) -> None:
        text, char = self.text, self.text[self.at]
        if char.isspace() or char == "~" or char in INVISIBLE:
            self.at += 1
            self.spaced = self.spaced or char not in INVISIBLE
        elif char == "$":
            self.at += 1
        elif char == "\\":
            self.command()
        elif NUMBER_BEGINS.match(text, self.at):
            self.number()
        elif char.isascii() and char.isalpha():
            self.letters()
        elif char in "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿⁱˣ":
            self.script("^", SUPERSCRIPTS)
        elif char in "₀₁₂₃₄₅₆₇₈₉₊₋ₙᵢₓ":
            self.script("_", SUBSCRIPTS)
        elif char in FRACTIONS:
            numerator, denominator = FRACTIONS[char].split("/")
            self.put("command", r"\frac")
            for part in (numerator, denominator):
                self.put("mark", "{")
                self.put("number", part)
                self.put("mark", "}")
            self.at += 1
        elif char in SYMBOLS:
            self.at += 1
            for one in SYMBOLS[char] if not SYMBOLS[char].startswith("\\") else [SYMBOLS[char]]:
                self.canonical(one)
        elif char in "*":
            self.at += 2 if text.startswith("**", self.at) else 1
            if text[self.at - 2 : self.at] == "**":
                self.put("mark", "^")
            else:
                self.put("command", r"\cdot")
        elif (two := SIGNS.get(text[self.at : self.at + 2])) is not None:
            self.at += 2
            self.canonical(two)
        elif char in "+-/^_=<>()[]{}|!',;:%.&?":
            self.at += 1
            self.canonical(char)
        elif char in '"`@#':
            raise Unreadable(f"`{char}` is not mathematics")
        else:
            self.other(char)

    def other(self, char: str) -> None:
        plain = unicodedata.normalize("NFKC", char)
        styled = unicodedata.east_asian_width(char) == "F" or "\U0001d400" <= char <= "\U0001d7ff"
        if styled and len(plain) == 1 and plain != char:  # but not a circled or a Roman numeral
            self.text = self.text[: self.at] + plain + self.text[self.at + 1 :]
            return
        if char.isalpha():
            end = self.at
            while end < len(self.text) and self.text[end].isalpha():
                end += 1
            self.put("text", self.text[self.at : end])
            self.at = end
            return
        raise Unreadable(f"`{char}` is not mathematics")

    def canonical(self, text: str) -> None:
        if text in OPEN:
            self.depth += 1
        elif text in CLOSE:
            self.depth = max(0, self.depth - 1)
        self.put("command" if text.startswith("\\") and text not in (r"\{", r"\}") else "mark", text)

    def script(self, mark: str, among: str) -> None:
        end = self.at
        while end < len(self.text) and self.text[end] in among:
            end += 1
        self.put("mark", mark)
        self.put("mark", "{")
        for token in tokenize(self.text[self.at : end].translate(str.maketrans(among, ON_THE_LINE))):
            self.out.append(token)
        self.put("mark", "}")
        self.at = end

    def number(self) -> None:
        if repeating := REPEATING.match(self.text, self.at):
            self.at = repeating.end()
            whole, fixed = (repeating[1] or repeating[6] or 0), (repeating[2] or repeating[7] or "")
            period = next(filter(None, (repeating[number] for number in (3, 4, 5, 8, 9))))
            self.put("number", f"{whole}.{fixed}({period})")
            return
        found = GROUPED.match(self.text, self.at) or (None if self.depth else THOUSANDS.match(self.text, self.at))
        digits = re.sub(r"[^\d.]", "", found[0]) if found else ""
        if not found:
            found = NUMBER.match(self.text, self.at)
            assert found is not None
            digits = found[0]
        self.at = found.end()
        if len(digits) > MOST_DIGITS:
            raise Unreadable(f"a number of more than {MOST_DIGITS} digits")
        self.put("number", digits)
        if "." not in digits and (lone := LONE_POINT.match(self.text, self.at)):
            self.at = lone.end()
        exponent = EXPONENT.match(self.text, self.at)  # 1.5e-3
        if exponent and not digits.startswith("0x") and (exponent[1] or "." in digits or len(exponent[2]) > 0):
            self.at = exponent.end()
            for kind, text in (("command", r"\cdot"), ("number", "10"), ("mark", "^"), ("mark", "{")):
                self.put(kind, text)  # type: ignore[arg-type]
            if exponent[1] in "-−" and exponent[1]:
                self.put("mark", "-")
            self.put("number", exponent[2])
            self.put("mark", "}")

    def letters(self) -> None:
        found = _LETTERS.match(self.text, self.at)
        assert found is not None
        run = found[0]
        self.at = found.end()
        lower = run.lower()
        if len(run) > 1 and run in SPELLED:
            self.put("command", SPELLED[run])
        elif run in FUNCTIONS:
            self.function(run)
        elif len(run) > 1 and (
            lower in self.words or lower in KNOWN_WORDS or run in ("AM", "PM") or WORDS.fullmatch(run)
        ):
            self.put("text", run)
        else:
            if run[:-1] in FUNCTIONS:  # sinx
                self.put("command", "\\" + run[:-1])
                run = run[-1]
            if len(run) > 2 and run.endswith("pi"):
                for letter in run[:-2]:
                    self.put("letter", letter)
                self.put("command", r"\pi")
                return
            for letter in run:
                self.put("letter", letter)

    def function(self, name: str) -> None:
        """A function's name; after a number and with nothing to apply to, ``min`` and ``sec`` are units."""
        before = self.out[-1] if self.out else None
        counted = before is not None and (before.kind in ("number", "text") or before.text in ("}", ")", "/", r"\pi"))
        if name in ("min", "sec", "deg") and counted and not _ARGUMENT.match(self.text, self.at):
            self.put("text", name)
        else:
            self.put("command", "\\" + name)

    def command(self) -> None:
        found = _COMMAND.match(self.text, self.at)
        if found is None:
            self.at += 1
            return
        name = found[0]
        self.at = found.end()
        if name == "\\\\" or name == r"\newline" or name == r"\cr":
            while (
                self.text.startswith("[", self.at)
                and (close := self.text.find("]", self.at)) > 0
                and close - self.at < 8
            ):
                self.at = close + 1
            self.put("mark", r"\\")
        elif name in SPACING or name.isspace() or (len(name) == 2 and name[1].isspace()):
            self.spaced = True
        elif name == r"\not":
            while self.text[self.at : self.at + 1].isspace():
                self.at += 1
            if self.text[self.at : self.at + 1] == "=":
                self.at += 1
                self.put("command", r"\ne")
            elif self.text.startswith(r"\in", self.at):
                self.at += 3
                self.put("command", r"\notin")
            else:
                raise Unreadable("a negated sign")
        elif name in NOTHING or name in (r"\[", r"\]"):
            if name in (r"\left", r"\right", r"\middle") and self.text[self.at : self.at + 1] == ".":
                self.at += 1
        elif name in DROPPED_WITH_ARGUMENT:
            if name == r"\tag" and not _TAG.fullmatch(self.argument()):
                raise Unreadable("a tag that says something")
            if name != r"\tag":
                self.argument()
        elif name in (r"\top", r"\intercal"):  # of a matrix, transposed
            self.put("letter", "T")
        elif name in TRANSPARENT:
            pass
        elif name == r"\times" and _VECTOR.match(self.text, self.at):
            raise Unreadable("a vector product")  # which has an order
        elif name in (r"\mathbb", r"\Bbb"):
            inside = self.argument().strip()
            self.canonical(BLACKBOARD.get(inside, r"\Set" + inside))
        elif name in TEXT:
            self.words_of(self.argument(), roman=name in (r"\mathrm", r"\operatorname", r"\operatorname*"))
        elif name in (r"\begin", r"\end"):
            environment = self.argument().strip().rstrip("*")
            self.put("command", f"{name}{{{environment}}}")
            if environment in ("array", "tabular") and name == r"\begin":
                self.argument()
        else:
            self.canonical(SAME_COMMAND.get(name, name))

    def argument(self) -> str:
        """The text of a command's argument, in braces or one character."""
        while self.text[self.at : self.at + 1].isspace():
            self.at += 1
        if self.text[self.at : self.at + 1] != "{":
            self.at += 1
            return self.text[self.at - 1 : self.at]
        depth, start = 0, self.at + 1
        while self.at < len(self.text):
            char = self.text[self.at]
            depth += (char == "{") - (char == "}")
            self.at += 2 if char == "\\" else 1
            if depth == 0:
                return self.text[start : self.at - 1]
        raise Unreadable("braces do not match")

    def words_of(self, inside: str, *, roman: bool) -> None:
        stripped = " ".join(re.sub(r"\\[,;:! ]|~", " ", inside).split())
        spaced = inside[:1].isspace() or inside[:1] == "~"
        self.spaced = self.spaced or spaced
        if not stripped:
            self.spaced = True
        elif stripped in (r"\%", "%", ":") or (stripped == "to" and self.out and self.out[-1].kind == "number"):
            self.canonical("%" if "%" in stripped else ":")
        elif stripped[-1] == ":" and stripped[:-1].replace(" ", "").isalpha():  # a label
            self.put("text", stripped[:-1])
            self.canonical(":")
        elif stripped in FUNCTIONS:
            self.function(stripped)
        elif len(stripped) > 1 and "\\" + stripped in SAME_COMMAND:  # tg
            self.canonical(SAME_COMMAND["\\" + stripped])
        elif re.fullmatch(r"[\d.,\s+\-*/=()^$\\{}]*[\d)][\d.,\s+\-*/=()^$\\{}%]*", stripped):
            self.out += tokenize(stripped)
        elif found := re.fullmatch(r"(\d[\d.,]*)\s+([A-Za-z][A-Za-z .]*)", stripped):  # 72 clips
            self.out += tokenize(found[1])
            self.spaced = True
            self.put("text", found[2])
        elif found := re.fullmatch(r"(?:(and|or) )?(.*?)(?: (and|or))?", stripped) if " " in stripped else None:
            for part in filter(None, found.groups()):
                self.put("text", part)
        elif stripped in SPELLED or stripped == "constant":
            self.put("command", SPELLED[stripped]) if stripped in SPELLED else self.put("letter", "C")
        elif stripped in ("e", "i"):
            self.put("letter", stripped)
        elif roman and len(stripped) == 1 and not (spaced and stripped in UNIT_LETTERS):
            self.canonical(stripped) if not stripped.isalpha() else self.put("letter", stripped)
        else:
            self.put("text", stripped)
        self.spaced = inside[-1:].isspace()
