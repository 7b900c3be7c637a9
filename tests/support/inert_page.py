"""A page of ours, taken apart; and what must be true of it, whatever a model wrote into it."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

VOID = {"meta", "br", "input", "circle", "line", "polyline", "polygon", "rect", "path"}


class Page(HTMLParser):
    """The elements, scripts and text of a page; fails on tags that do not match."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.styles: list[str] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        kept = {"script": self.scripts, "style": self.styles}.get(self.open[-1] if self.open else "", self.texts)
        kept.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def titles(self) -> list[str]:
        return re.findall(r"<h3>(.*?)</h3>", self.rawdata)


def check_inert(page: str) -> Page:
    """One script, our own, allowed by its hash; nothing that loads, links or handles events."""
    parsed = Page(page)
    assert sum(tag == "script" for tag, _ in parsed.tags) == 1
    digest = base64.b64encode(hashlib.sha256("".join(parsed.scripts).encode()).digest()).decode()
    policies = [a["content"] for tag, a in parsed.tags if a.get("http-equiv") == "Content-Security-Policy"]
    assert policies == [f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"]
    loading = {"src", "href", "srcset", "xlink:href", "action", "formaction", "data", "poster", "background", "style"}
    for tag, attributes in parsed.tags:
        assert tag not in {"link", "img", "iframe", "object", "embed", "base", "form", "image", "use"}, tag
        assert not [name for name in attributes if name in loading or name.startswith("on")], (tag, attributes)
    assert "url(" not in "".join(parsed.styles)
    assert "@import" not in "".join(parsed.styles)
    assert not re.search(r"https?:|fetch|XMLHttp|import\(", "".join(parsed.scripts))
    return parsed
