"""Rows of JSON Lines (also packed) and Parquet files, one after another, each with where it stands.

For files that are read once, in order. ``jsonl.py`` and ``parquet.py`` beside it are for sources of tasks.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from synthetic1.extras import missing
from synthetic1.tasks.sources.kinds import DAMAGE, LINE_SUFFIXES, PACKINGS, FileKind, is_damage, kind_of, open_unpacked

SUFFIXES = (*LINE_SUFFIXES, ".parquet")


def rows_of_file(path: Path) -> Iterator[tuple[str, Any]]:
    """(where, row) of every row.

    Raises:
        ValueError: it cannot be read; names the file and the line.
        OSError: it is not there.
    """
    return _parquet(path) if path.name.lower().endswith(".parquet") else _json_lines(path)


def _json_lines(path: Path) -> Iterator[tuple[str, Any]]:
    packing = (kind_of(path.name) or FileKind("lines")).packing
    try:
        with io.TextIOWrapper(open_unpacked(path, packing), encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    try:
                        row = json.loads(line)
                    except (ValueError, RecursionError) as error:
                        raise ValueError(f"{path} line {number} is not JSON: {error}") from None
                    yield f"{path} line {number}", row
    except DAMAGE as error:
        if not is_damage(error):
            raise
        if isinstance(error, EOFError):
            raise ValueError(f"{path} ends too early") from None
        raise ValueError(f"{path} is not {PACKINGS.get(packing, 'a whole file')}, or damaged: {error}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not text in UTF-8") from None


def _parquet(path: Path) -> Iterator[tuple[str, Any]]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as parquet
    except ModuleNotFoundError as error:
        raise missing(error, "data") from None

    number = 0
    try:
        for batch in parquet.ParquetFile(path).iter_batches(batch_size=1_000):
            for row in batch.to_pylist():
                number += 1
                yield f"{path} row {number}", row
    except (FileNotFoundError, PermissionError):
        raise
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:  # damaged pages, dates beyond Python's
        raise ValueError(f"{path} cannot be read: {error}") from None
