r"""LaTeX as text: one spelling for each way to write a formula, where brackets close, and how to cut outside them."""

from __future__ import annotations

import re
import unicodedata

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿⁱ", "0123456789+-()ni")
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉₊₋₍₎", "0123456789+-()")
_SYMBOLS = {
    "−": "-", "–": "-", "—": "-", "﹣": "-", "‐": "-", "‑": "-", "×": r"\times ", "·": r"\cdot ", "⋅": r"\cdot ",
    "∗": "*", "÷": r"\div ", "∕": "/", "⁄": "/", "π": r"\pi ", "Π": r"\Pi ", "∞": r"\infty ", "≤": r"\le ",
    "⩽": r"\le ", "≥": r"\ge ", "⩾": r"\ge ", "≠": r"\ne ", "≈": r"\approx ", "≃": r"\approx ", "∪": r"\cup ",
    "∩": r"\cap ", "∅": r"\emptyset ", "⌀": r"\emptyset ", "Ø": r"\emptyset ", "∈": r"\in ", "±": r"\pm ",
    "∓": r"\mp ", "°": r"^\circ ", "º": r"^\circ ", "θ": r"\theta ", "α": r"\alpha ", "β": r"\beta ",
    "γ": r"\gamma ", "λ": r"\lambda ", "μ": r"\mu ", "σ": r"\sigma ", "φ": r"\phi ", "ω": r"\omega ",
    "Δ": r"\Delta ", "∆": r"\Delta ", "ℝ": r"\mathbb{R}", "ℤ": r"\mathbb{Z}", "ℕ": r"\mathbb{N}", "ℚ": r"\mathbb{Q}",
    "ℂ": r"\mathbb{C}", "⟨": r"\langle ", "⟩": r"\rangle ", "〈": r"\langle ", "〉": r"\rangle ", "∣": "|",
    "→": r"\to ", "∧": r"\wedge ", "∨": r"\vee ", "¬": r"\neg ", "％": "%", "…": r"\ldots ", "⋯": r"\ldots ",
    "′": "'", "’": "'",
    "∖": r"\setminus ", "∑": r"\sum ", "∏": r"\prod ", "∫": r"\int ", "¼": r"\frac{1}{4}", "½": r"\frac{1}{2}",
    "¾": r"\frac{3}{4}", "⅓": r"\frac{1}{3}", "⅔": r"\frac{2}{3}", "⅕": r"\frac{1}{5}", "⅖": r"\frac{2}{5}",
    "⅗": r"\frac{3}{5}", "⅘": r"\frac{4}{5}", "⅙": r"\frac{1}{6}", "⅚": r"\frac{5}{6}", "⅛": r"\frac{1}{8}",
    "⅜": r"\frac{3}{8}", "⅝": r"\frac{5}{8}", "⅞": r"\frac{7}{8}",
}  # fmt: skip
_SYMBOL = re.compile("|".join(map(re.escape, _SYMBOLS)))
_RAISED = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿⁱ]+")
_LOWERED = re.compile("[₀₁₂₃₄₅₆₇₈₉₊₋₍₎]+")
_ROOT = re.compile(r"√\s*(?:\(([^()]{1,200})\)|([0-9]+|[A-Za-z]))|([∛])\s*([0-9]+)")
_INVISIBLE = re.compile(
    "[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]"
)

_NAMES = {
    "dbinom": "binom", "tbinom": "binom",
    "dfrac": "frac", "tfrac": "frac", "cfrac": "frac", "leq": "le", "leqslant": "le", "geq": "ge", "geqslant": "ge",
    "neq": "ne", "varnothing": "emptyset", "degree": "^\\circ", "lbrace": "\\{", "rbrace": "\\}", "lbrack": "[",
    "rbrack": "]", "lvert": "|", "rvert": "|", "vert": "|", "mid": "|", "colon": ":", "land": "wedge", "lor": "vee",
    "lt": "<", "gt": ">", "dots": "ldots", "cdots": "ldots", "textpi": "pi", "ast": "*", "mathrm{e}": "e",
    "infin": "infty", "union": "cup", "simeq": "approx", "rightarrow": "to", "bmod": "mod", "exponentialE": "e",
}  # fmt: skip
_COMMAND = re.compile(r"\\([A-Za-z]+)")
_SPACING = re.compile(
    r"\\(?:[,;:!> ]|quad|qquad|enspace|thinspace|displaystyle|textstyle|limits|nolimits|left|right|bigl|bigr|Bigl|Bigr|"
    r"biggl|biggr|Big|big|Bigg|bigg|hspace\{[^{}]*\}|phantom\{[^{}]*\})(?![A-Za-z])\.?|~"
)
_TEXT = re.compile(r"\\(?:text|mbox|textbf|textit|textrm|textnormal|mathrm|mathbf|mathit|mathsf|operatorname\*?|rm|bf|"
                   r"boldsymbol|bm|emph|underline|mathcal|overline(?=\{\\text))\s*\{([^{}]*)\}")  # fmt: skip
_THOUSANDS = re.compile(r"(?<![\d.])\d{1,3}(?:(?:,|\{,\})\d{3})+(?![\d])")
_SPACED_THOUSANDS = re.compile(r"(?<![\d.])\d{1,3}(?: \d{3})+(?![\d.])")
_BRACELESS_FRACTION = re.compile(r"\\frac\s*(?:(\d)\s*(\d)|(\d)\s*(\{)|(\{[^{}]*\})\s*(\d|[A-Za-z]))")
_BRACELESS_ROOT = re.compile(r"\\sqrt\s*(\d|[A-Za-z](?![A-Za-z]))")
_STYLED_NUMBER = re.compile(r"\\(?:text|textbf|textrm|mathbf|mathrm|mathit|boldsymbol|bm)\s*\{\s*([-+]?[\d.,]*\d)\s*\}")
_COLOR = re.compile(r"\\(?:text)?color\s*\{[A-Za-z!0-9]{1,30}\}")
_CONSTANT_E = re.compile(r"\\mathrm\{e\}")


def cleaned(text: str) -> str:
    """Unicode made plain: compatibility forms, invisible characters, symbols as LaTeX commands."""
    if not text.isascii():
        text = _INVISIBLE.sub("", text)
        text = _RAISED.sub(lambda match: "^{" + match[0].translate(_SUPERSCRIPTS) + "}", text)
        text = _LOWERED.sub(lambda match: "_{" + match[0].translate(_SUBSCRIPTS) + "}", text)
        text = re.sub(r"(?<=\d)([¼½¾⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞])", r" \1", text)
        text = _ROOT.sub(_rooted, text)
        text = _SYMBOL.sub(lambda match: _SYMBOLS[match[0]], text)
        text = unicodedata.normalize("NFKC", text)
        text = _SYMBOL.sub(lambda match: _SYMBOLS[match[0]], text)
    else:
        text = _INVISIBLE.sub("", text)
    return text


def _rooted(match: re.Match[str]) -> str:
    if match[3]:
        return rf"\sqrt[3]{{{match[4]}}}"
    return rf"\sqrt{{{match[1] or match[2]}}}"


def canonical(text: str) -> str:
    r"""A spelling of ``text`` under which trivially equal formulas are equal strings.

    Words stay, in ``\text{…}`` or bare; what they mean is for ``values``. Linear in the text.
    """
    text = cleaned(text).strip()
    text = text.replace("\\\\", "\x01")  # a row's end in a matrix, no escape
    text = text.replace("\\$", "\x02").replace("$", "").replace("\x02", "\\$")
    for opening, closing in ((r"\(", r"\)"), (r"\[", r"\]")):
        if text.startswith(opening) and text.endswith(closing):
            text = text[2:-2]
    text = _CONSTANT_E.sub("e", text)
    text = _COLOR.sub("", text)
    text = _STYLED_NUMBER.sub(r"\1", text)
    text = re.sub(r"(?<=\d),\\!\s*(?=\d)", ",", text)
    text = _SPACING.sub(" ", text)
    text = _COMMAND.sub(lambda match: _renamed(match[1]), text)
    text = _BRACELESS_FRACTION.sub(_braced_fraction, text)
    text = _BRACELESS_FRACTION.sub(_braced_fraction, text)
    text = _BRACELESS_ROOT.sub(r"\\sqrt{\1}", text)
    text = re.sub(r"\^\s*\{\s*\\circ\s*\}|\^\s*\\circ(?![A-Za-z])|(?<=\d)\s*\\circ(?![A-Za-z])", r"^\\circ ", text)
    text = re.sub(r"\\%", "%", text)
    text = _THOUSANDS.sub(lambda match: match[0].replace("{,}", "").replace(",", ""), text)
    text = _SPACED_THOUSANDS.sub(lambda match: match[0].replace(" ", ""), text)
    text = re.sub(r"\{,\}", ",", text)
    text = re.sub(r"(?<![\w^_}\]])\{\}|(?<=\d)\{\}$", "", text)  # of no effect before a formula and after a number
    text = re.sub(r"(?<![\d.])\.(\d)", r"0.\1", text)
    text = text.replace("\x01", "\\\\")
    text = re.sub(r"\s+", " ", text).strip()
    return text[:-1].rstrip() if text.endswith(".") and not text.endswith("ldots.") else text


def _renamed(name: str) -> str:
    new = _NAMES.get(name)
    if new is None:
        return "\\" + name
    return "\\" + new if new[0].isalpha() else new


def _braced_fraction(match: re.Match[str]) -> str:
    if match[1]:
        return rf"\frac{{{match[1]}}}{{{match[2]}}}"
    if match[3]:
        return rf"\frac{{{match[3]}}}{{"
    return rf"\frac{match[5]}{{{match[6]}}}"


def without_text(text: str) -> str:
    r"""``text`` with ``\text{…}`` and its kind replaced by what they hold."""
    for _ in range(4):
        text, replaced = _TEXT.subn(r" \1 ", text)
        if not replaced:
            break
    return re.sub(r"\s+", " ", text).strip()


def squeezed(text: str) -> str:
    r"""``text`` without the spaces that mean nothing in a formula, and without braces around one character.

    ``x ^ {2}`` and ``x^2`` give the same; ``1 1/2`` keeps its space, as ``1\frac{1}{2}`` would be another number.
    """
    text = re.sub(r"(?<![\dA-Za-z])\s+|\s+(?![\dA-Za-z])", "", text)
    text = re.sub(r"(\\[A-Za-z]+) (?![A-Za-z])", r"\1", text)
    return re.sub(r"([\^_])\{([A-Za-z0-9])\}", r"\1\2", text)


# Brackets -------------------------------------------------------------------------------------------------------------

_OPENING, _CLOSING = "([{", ")]}"


def split(text: str, separator: str) -> list[str]:
    """``text`` cut at every match of ``separator`` outside all brackets; brackets need not pair, as in ``]0, 1[``."""
    parts, depth, start, at = [], 0, 0, 0
    pattern = re.compile(separator)
    while at < len(text):
        char = text[at]
        if depth == 0 and (match := pattern.match(text, at)) and match.end() > at:
            parts.append(text[start:at])
            start = at = match.end()
            continue
        if char == "\\":
            if text.startswith("\\begin", at):
                depth += 1
            elif text.startswith("\\end", at):
                depth -= 1
            elif text.startswith("\\langle", at):
                depth += 1
            elif text.startswith("\\rangle", at):
                depth -= 1
            elif text[at + 1 : at + 2] in ("{", "}"):
                depth += 1 if text[at + 1] == "{" else -1
                at += 1
            at += 1
            continue
        if char in "({":
            depth += 1
        elif char in ")}":
            depth -= 1
        elif char == "[":
            depth += 1 if _opens(text, at) else -1
        elif char == "]":
            depth += 1 if depth == 0 else -1
        at += 1
    parts.append(text[start:])
    return [part.strip() for part in parts]


def _opens(text: str, at: int) -> bool:
    """Whether ``[`` opens: it does, but at the end of ``]a, b[``."""
    rest = text[at + 1 :].lstrip()
    return not (rest == "" or rest.startswith("\\cup"))


def brackets_pair(text: str) -> bool:
    """Whether round and curly brackets pair inside ``text``, so that what was around it belonged together."""
    depth = 0
    for char in text.replace("\\{", "{").replace("\\}", "}"):
        depth += (char in "({") - (char in ")}")
        if depth < 0:
            return False
    return depth == 0


def closing(text: str, start: int) -> int:
    """Where the bracket at ``start`` closes; -1 if it does not."""
    depth = 0
    for index in range(start, len(text)):
        if text[index] in _OPENING:
            depth += 1
        elif text[index] in _CLOSING:
            depth -= 1
            if depth == 0:
                return index
    return -1
