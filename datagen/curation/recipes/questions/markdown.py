r"""HTML of posts as Markdown, formulas untouched.

markdownify turns the tags. What it would change is taken out before and put back behind it: formulas (``$…$``,
``$$…$$``, ``\(…\)``, ``\[…\]``, ``\begin…\end``) come back byte for byte, blocks of code behind a fence that is longer
than all in them. Links become their text; signs are not escaped, for who reads is a model, not a browser.
"""

from __future__ import annotations

import re
from typing import Any

MATH = re.compile(
    r"""(?xs)
    (?<!\\)\$\$(?:(?!\$\$|\n[ \t]*\n).){1,4000}?\$\$
    |\\\((?:(?!\\\)|\n[ \t]*\n).){1,4000}?\\\)
    |\\\[(?:(?!\\\]|\n[ \t]*\n).){1,4000}?\\\]
    |\\begin\{(?P<name>[A-Za-z]+\*?)\}.{0,8000}?\\end\{(?P=name)\}
    |(?<![\\$\w])\$(?![\s$])(?:\\.|[^$\\]){0,2000}?(?<![\s\\])\$(?![\d$])     # $5 and $10 is money
    |(?<![\\$\w])\$(?=[^$]{0,2000}?[\\^_={}])(?:\\.|(?!\n[ \t]*\n)[^$\\]){1,2000}?\$(?![\d$])
    """
)
"""Formulas as MathJax finds them in text; a lone dollar is money."""
_TAG = re.compile(
    r"</?(?:p|div|br|code|pre|em|strong|b|i|a|ul|ol|li|blockquote|h[1-6]|img|hr|sub|sup|span|table)\b[^<>]*>", re.I
)
_BREAKS = re.compile(
    r"(\$\$|\\begin\{[A-Za-z]+\*?\}|\\\[)((?:(?!\$\$|</p>).){0,4000}?)(\$\$|\\end\{[A-Za-z]+\*?\}|\\\])", re.DOTALL
)
_BREAK = re.compile(r"\s*<br\s*/?>\s*", re.I)
_FENCE = re.compile(r"^\s*(`{3,})", re.MULTILINE)
_ABOVE = dict(zip("0123456789+-−=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿⁱ", strict=True))
_BELOW = dict(zip("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎", strict=True))
_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n){2,}")


def is_html(text: str) -> bool:
    return _TAG.search(text) is not None


def formulas(text: str) -> list[str]:
    """The formulas of a text without tags, in order."""
    return [found[0] for found in MATH.finditer(text)]


def to_markdown(html: str) -> str:
    """The Markdown of a post; see the module."""
    from bs4 import BeautifulSoup
    from bs4.element import NavigableString
    from markdownify import MarkdownConverter

    html = re.sub(r"&nbsp;|&#160;|&#xa0;|\u00a0", " ", html, flags=re.IGNORECASE)
    html = _BREAKS.sub(lambda found: found[1] + _BREAK.sub("\n", found[2]) + found[3], html)
    soup = BeautifulSoup(html, "html.parser")
    sign = _unused(html)
    kept: list[tuple[bool, str]] = []

    def keep(text: str, *, block: bool) -> str:
        kept.append((block, text))
        return f"{sign}{len(kept) - 1}x"

    for block in soup.find_all("pre"):
        code = block.get_text().strip("\n")
        longest = max((len(found[1]) for found in _FENCE.finditer(code)), default=2)
        fence = "`" * max(3, longest + 1)
        place = soup.new_tag("p")
        place.string = keep(f"{fence}{_label(block)}\n{code}\n{fence}", block=True)
        block.replace_with(place)
    for raised in soup.find_all(["sup", "sub"]):
        raised.replace_with(NavigableString(_raised(raised.get_text().strip(), raised.name)))
    soup.smooth()
    for node in list(soup.find_all(string=True)):
        if type(node) is NavigableString and node.find_parent("code") is None:
            text = MATH.sub(lambda found: keep(found[0], block=False), str(node))
            if text != str(node):
                node.replace_with(NavigableString(text))
    converter = MarkdownConverter(
        heading_style="ATX", bullets="-", strip=["a", "img"], escape_asterisks=False, escape_underscores=False,
        escape_misc=False, sub_symbol="", sup_symbol="",
    )  # fmt: skip
    return _restored(_BLANK_LINES.sub("\n\n", str(converter.convert_soup(soup))).strip(), sign, kept)


def _raised(text: str, tag: str) -> str:
    """What stands above or below the line, so that ``10<sup>5</sup>`` does not become 105; ``1st`` is a word."""
    if not text or text.lower() in ("st", "nd", "rd", "th", "tm", "®", "©"):
        return text
    table = _ABOVE if tag == "sup" else _BELOW
    if all(char in table for char in text):
        return "".join(table[char] for char in text)
    sign = "^" if tag == "sup" else "_"
    return f"{sign}{text}" if len(text) == 1 else f"{sign}{{{text}}}"


def _restored(text: str, sign: str, kept: list[tuple[bool, str]]) -> str:
    """The text with what was taken out; a block's lines begin as the line does in which it stands."""

    def block(found: re.Match[str]) -> str:
        is_block, said = kept[int(found[2])]
        if not is_block:
            return found[0]
        margin = re.sub(r"(?:[-*+]|\d+\.)(?=[ \t])", lambda mark: " " * len(mark[0]), found[1])
        first, *rest = said.split("\n")
        return "\n".join([found[1] + first, *(f"{margin}{line}".rstrip() for line in rest)])

    text = re.sub(rf"^([ \t>]*(?:(?:[-*+]|\d+\.)[ \t]+)*){sign}(\d+)x", block, text, flags=re.MULTILINE)
    return re.sub(rf"{sign}(\d+)x", lambda found: kept[int(found[1])][1], text)


def _unused(text: str) -> str:
    """Letters that do not stand in ``text``."""
    sign = "Qkept"
    while sign in text:
        sign += "q"
    return sign


def _label(block: Any) -> str:
    """The language that a block of code names in its class: ``lang-py``, ``language-python``."""
    code = block.find("code")
    names = [*block.get("class", []), *(code.get("class", []) if code is not None else [])]
    found = next((re.fullmatch(r"lang(?:uage)?-([\w+#-]+)", name) for name in names if name.startswith("lang")), None)
    return found[1] if found is not None and found[1] not in ("none", "default") else ""
