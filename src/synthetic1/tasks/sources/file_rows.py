"""Rows of JSON Lines (also gzipped) and Parquet files, one after another, each with where it stands.

For files that are read once, in order. ``jsonl.py`` and ``parquet.py`` beside it are for sources of tasks.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from synthetic1.tasks.sources import jsonl

SUFFIXES = (*jsonl.SUFFIXES, ".parquet")


def rows_of_file(path: Path) -> Iterator[tuple[str, Any]]:
    """(where, row) of every row.

    Raises:
        ValueError: it cannot be read; names the file and the line.
        OSError: it is not there.
    """
    return _parquet(path) if path.name.lower().endswith(".parquet") else _json_lines(path)


def _json_lines(path: Path) -> Iterator[tuple[str, Any]]:
    gzipped = path.name.lower().endswith(".gz")
    try:
        with gzip.open(path, "rt", encoding="utf-8-sig") if gzipped else path.open(encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    try:
                        row = json.loads(line)
                    except (ValueError, RecursionError) as error:
                        raise ValueError(f"{path} line {number} is not JSON: {error}") from None
                    yield f"{path} line {number}", row
    except EOFError:
        raise ValueError(f"{path} ends too early") from None
    except gzip.BadGzipFile:
        raise ValueError(f"{path} is not gzipped, or damaged") from None
    except zlib.error:
        raise ValueError(f"{path} is damaged") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not text in UTF-8") from None


def _parquet(path: Path) -> Iterator[tuple[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as parquet

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
