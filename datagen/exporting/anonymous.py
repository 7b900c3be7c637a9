"""What an export may tell of where it was made: names of files and models, no folders, hosts or addresses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synthetic1.verdict import Verdict

PATHS = ("/", "~", "./", "../")
TOLD = ("hf", "embedded")
"""Schemes of addresses that are the same everywhere."""


def anonymous(value: Any) -> Any:
    """A JSON value with every path and address in it reduced: ``/data/mine/tasks.jsonl`` to ``tasks.jsonl``."""
    if isinstance(value, str):
        return _name(value)
    if isinstance(value, Mapping):
        return {_name(key): anonymous(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [anonymous(inner) for inner in value]
    return value


def told_details(verdict: Verdict) -> dict[str, Any]:
    """A verdict's details. Those of a failure of ours are the words of some machine, so they stay with the run."""
    return {} if verdict.score is None else dict(verdict.details)


def _name(text: str) -> str:
    scheme, separator, rest = text.partition("://")
    if separator and scheme not in TOLD:
        kept = rest.rstrip("/").rpartition("/")[2] if "/" in rest.rstrip("/") else ""
        return f"{scheme}://…/{kept}" if not scheme.startswith("http") else f"{scheme}://…"
    if text.startswith(PATHS):
        return text.rstrip("/").rpartition("/")[2] or text
    return text
