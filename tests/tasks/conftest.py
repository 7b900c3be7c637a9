"""Rows, files and an isolated cache for the tests of task sources."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Row = dict[str, Any]


def _row(number: int, **fields: Any) -> Row:
    return {
        "problem_id": f"p{number}",
        "task_type": "code_output_prediction",
        "prompt": f"What is {number}?",
        "verification_info": json.dumps({"ground_truth": str(number)}),
        **fields,
    }


@pytest.fixture
def row() -> Callable[..., Row]:
    """``row(number, **fields)``: a task row as SYNTHETIC-1 publishes them."""
    return _row


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """``write(rows, name)``: rows (or lines as bytes) as a JSON Lines file."""

    def written(rows: list[Row | bytes], name: str = "tasks.jsonl") -> Path:
        path = tmp_path / name
        path.write_bytes(b"".join(r if isinstance(r, bytes) else json.dumps(r).encode() + b"\n" for r in rows))
        return path

    return written


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's cache folder, for this test only."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder


@pytest.fixture
def keep(monkeypatch: pytest.MonkeyPatch) -> None:
    """Indexes are kept on disk however small the file."""
    monkeypatch.setattr("synthetic1.tasks.index.KEEP_FROM_BYTES", 0)
