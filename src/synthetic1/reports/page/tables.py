"""Text and tables on the page: all that a run wrote is escaped here."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from synthetic1.reports.readable import cut, visible

TEXT_LIMIT = 20_000  # characters of a prompt or completion on the page; samples.jsonl holds the rest


def facts_table(rows: Sequence[tuple[str, str]]) -> str:
    """(name, value) pairs as an HTML table; empty without any."""
    drawn = "".join(
        f"<tr><td>{text(name, 80)}</td><td><code>{text(value, 400)}</code></td></tr>" for name, value in rows
    )
    return f'<div class="card scroll"><table class="facts">{drawn}</table></div>' if drawn else ""


def text(value: Any, limit: int = TEXT_LIMIT) -> str:
    """``value`` visible, cut and escaped, for element content and quoted attributes alike."""
    string = str(value)
    shown = escape(visible(cut(string, limit)))
    dropped = len(string) - limit
    return shown if dropped <= 0 else f"{shown}\n({dropped:,} characters left out)"
