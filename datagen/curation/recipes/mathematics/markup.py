r"""What sites leave in a statement besides its words: entities of HTML, tags of forums, line ends of Windows."""

from __future__ import annotations

import html
import re

_entity = re.compile(
    r"&(?:lt|gt|amp|quot|apos|nbsp|le|ge|ne|times|divide|deg|pi|minus|ndash|mdash|hellip|[lr][sd]quo|sup[123]|frac\d\d"
    r"|#\d{2,6}|#x[0-9a-f]{2,5});",
    re.IGNORECASE,
)
_credit = re.compile(
    r"\s*\[(?P<tag>i|b|size=\d+|right)\]\s*\(?(?:(?:problem )?"
    r"(?:proposed|submitted|suggested|written|created|communicated)\s+by|author|source|(?:mock\s+)?[A-Z]{2,8}\s+\d{4})\b[^\[\]]*\[/(?:i|b|size|right)\]\s*\Z",
    re.IGNORECASE,
)
_pair = re.compile(
    r"\[(?P<tag>b|i|u|center|quote|size|color|url)(?:=[^\]\n]{0,80})?\](?P<inner>.*?)\[/(?P=tag)\]", re.DOTALL
)
_SIGNS = {"b": "**", "i": "*"}


def plain_statement(text: str) -> str:
    """The statement with one kind of line end, characters for entities and Markdown for the tags of forums."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "&" in text and ";" in text:
        text = _entity.sub(lambda found: html.unescape(found[0]).replace("\u00a0", " "), text)
    if "[/" in text:
        text = _credit.sub("", text)
        text = _pair.sub(_as_markdown, text)
    return text


def _as_markdown(found: re.Match[str]) -> str:
    inner, sign = found["inner"], _SIGNS.get(found["tag"], "")
    bare = inner.strip()
    if not bare or "\n\n" in bare:
        return inner
    return inner.replace(bare, f"{sign}{bare}{sign}", 1)
