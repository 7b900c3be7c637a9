"""Rows, files and an isolated cache for the tests of task sources."""

from __future__ import annotations

import json
import os
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
def forked() -> Callable[[Callable[[], bool]], int]:
    """``forked(check)``: the pid of a fork that ends with 0 if ``check()`` holds, 1 if not, and 2 if it raises."""

    def fork(check: Callable[[], bool]) -> int:
        child = os.fork()
        if child == 0:  # no pytest machinery may run in the child, whatever happens
            code = 2
            try:
                code = 0 if check() else 1
            finally:
                os._exit(code)
        return child

    return fork


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
    monkeypatch.setattr("synthetic1.tasks.sources.index.KEEP_FROM_BYTES", 0)
