"""Decontamination: does a prompt share a run of words with a benchmark?

The rule of s1 (Muennighoff et al. 2025, arXiv:2501.19393) and open-r1: lower case, words, any shared 8-gram. A
benchmark text of fewer words than that counts as a whole.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

WORD = re.compile(r"\w+")
FIELDS = ("prompt", "problem", "question", "text", "content", "instruction", "input", "code")
"""What the asking part of a benchmark's row is called; where none of these is there, all its strings are taken."""


class NGrams:
    """The n-grams of benchmark texts, as 8-byte hashes: 10 million of them take under a gigabyte."""

    def __init__(self, texts: Iterable[str], n: int = 8) -> None:
        self.n = n
        self._grams: set[int] = set()
        self._short: dict[int, set[int]] = {}
        self.texts = 0
        for text in texts:
            words = _words(text)
            if not words:
                continue
            self.texts += 1
            if len(words) < n:
                self._short.setdefault(len(words), set()).add(_hash(words))
            else:
                self._grams.update(_grams(words, n))

    def shares(self, prompt: str) -> bool:
        """Whether ``prompt`` has an n-gram of a benchmark, or is all of a short benchmark text."""
        words = _words(prompt)
        if any(gram in self._grams for gram in _grams(words, self.n)):
            return True
        return _hash(words) in self._short.get(len(words), ())


def benchmark_texts(path: Path) -> Iterator[str]:
    """The asking texts of a benchmark file: JSON Lines, JSON, Parquet, or plain text (a paragraph each).

    Raises:
        ValueError: it cannot be read; names the line.
    """
    if path.suffix == ".parquet":
        import pyarrow.parquet as parquet

        for batch in parquet.ParquetFile(path).iter_batches(batch_size=1_000):
            for row in batch.to_pylist():
                yield from _of_row(row)
        return
    if path.suffix == ".jsonl":
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    try:
                        row = json.loads(line)
                    except ValueError as error:
                        raise ValueError(f"{path} line {number} is no JSON: {error}") from None
                    yield from _of_row(row)
        return
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        try:
            value = json.loads(text)
        except ValueError as error:
            raise ValueError(f"{path} is no JSON: {error}") from None
        for row in value if isinstance(value, list) else [value]:
            yield from _of_row(row)
        return
    yield from (part for part in re.split(r"\n\s*\n", text) if part.strip())


def _of_row(row: Any) -> Iterator[str]:
    if isinstance(row, dict):
        named = [row[name] for name in FIELDS if isinstance(row.get(name), str)]
        yield from named or (value for value in row.values() if isinstance(value, str))
    elif isinstance(row, str):
        yield row


def _words(text: str) -> list[str]:
    return WORD.findall(text.lower())


def _grams(words: Sequence[str], n: int) -> Iterator[int]:
    return (_hash(words[i : i + n]) for i in range(len(words) - n + 1))


def _hash(words: Sequence[str]) -> int:
    return int.from_bytes(hashlib.blake2b(" ".join(words).encode("utf-8", "surrogatepass"), digest_size=8).digest())
