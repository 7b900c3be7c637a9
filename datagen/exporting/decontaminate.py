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

from synthetic1.tasks.sources.file_rows import SUFFIXES, rows_of_file

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
    """The asking texts of a benchmark file: JSON Lines (also gzipped), JSON, Parquet, or plain text (a paragraph each).

    Raises:
        ValueError: it cannot be read, or has a row without any text, which would protect nothing; names the line.
        OSError: it is not there.
    """
    found = 0
    try:
        for where, row in _rows(path):
            texts = list(_of_row(row))
            if not texts:
                raise ValueError(f"{where} has no text")
            found += len(texts)
            yield from texts
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not text in UTF-8; .jsonl, .jsonl.gz, .json, .parquet and .txt are read") from None
    if not found:
        raise ValueError(f"{path} holds nothing")


def _rows(path: Path) -> Iterator[tuple[str, Any]]:
    """(where, row) of a file."""
    name = path.name.lower()
    if name.endswith(SUFFIXES):
        yield from rows_of_file(path)
    elif name.endswith(".json"):
        try:
            value = json.loads(path.read_text(encoding="utf-8"))
        except json.JSONDecodeError as error:
            raise ValueError(f"{path} is not JSON: {error}") from None
        for number, row in enumerate(value if isinstance(value, list) else [value], 1):
            yield f"{path} row {number}", row
    else:
        for part in re.split(r"\n\s*\n", path.read_text(encoding="utf-8")):
            if part.strip():
                yield str(path), part


def _of_row(row: Any) -> Iterator[str]:
    """The texts of the fields that ask; where none bears such a name, all texts, however deep."""
    if isinstance(row, dict):
        asking = [text for name in FIELDS for text in _texts(row.get(name))]
        yield from asking or _texts(row)
    else:
        yield from _texts(row)


def _texts(value: Any) -> Iterator[str]:
    """A text; the texts inside of a value. Of messages, their contents: a role is not text."""
    if isinstance(value, str):
        if value.strip():
            yield value
    elif isinstance(value, dict):
        yield from (text for name, inner in value.items() if name != "role" for text in _texts(inner))
    elif isinstance(value, list):
        yield from (text for inner in value for text in _texts(inner))


def _words(text: str) -> list[str]:
    return WORD.findall(text.lower())


def _grams(words: Sequence[str], n: int) -> Iterator[int]:
    return (_hash(words[i : i + n]) for i in range(len(words) - n + 1))


def _hash(words: Sequence[str]) -> int:
    return int.from_bytes(hashlib.blake2b(" ".join(words).encode("utf-8", "surrogatepass"), digest_size=8).digest())
