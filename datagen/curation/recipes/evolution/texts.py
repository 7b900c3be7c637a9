"""Any text as rows: plain text and Markdown in passages, JSON Lines and Parquet by their text column."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from synthetic1.datagen.curation.raw_rows import RawRow, UnreadableRow, input_files, names_apart, raw_rows
from synthetic1.jobs.program import ProgramError
from synthetic1.tasks.sources.kinds import files_with_rows, is_hidden

SUFFIXES = (".txt", ".md", ".markdown", ".text")
COLUMNS = ("text", "content", "article", "body", "prompt")
"""Where the text of a row is looked for, in this order, where the settings do not say."""
PASSAGE = 400
"""Characters from which paragraphs of a text file are a passage of their own."""
LONGEST = 5_000
"""Characters from which a passage ends with its line: files with an article a line have no paragraphs."""


def text_rows(inputs: Sequence[str]) -> Iterator[RawRow | UnreadableRow]:
    """Every passage of every text file and every row of every other one, in the order of ``inputs``.

    Raises:
        ProgramError: there is no such file, or nothing in it that text is read from.
    """
    for spec in inputs:
        files = _text_files(spec)
        for path, name in files:
            yield from _passages(path, name)
        if not files or _has_rows(spec):
            yield from raw_rows([spec])


def input_texts(inputs: Sequence[str]) -> list[tuple[Path, str]]:
    """Every file that ``text_rows`` reads, and what to call it; raises as it does."""
    found = []
    for spec in inputs:
        files = _text_files(spec)
        found += files
        if not files or _has_rows(spec):
            found += input_files([spec])
    return names_apart(found)


def _text_files(spec: str) -> list[tuple[Path, str]]:
    path = Path(os.path.expanduser(spec))
    if path.is_dir():
        found = [f for f in sorted(path.rglob("*")) if _is_text(f) and not is_hidden(f, path)]
        return [(file, str(file.relative_to(path.parent))) for file in found]
    found = [path] if path.is_file() else [Path(name) for name in sorted(glob.glob(str(path), recursive=True))]
    return names_apart([(file, file.name) for file in found if _is_text(file)])


def _is_text(file: Path) -> bool:
    return file.suffix.lower() in SUFFIXES and file.is_file()


def _has_rows(spec: str) -> bool:
    """Whether there is more than text files."""
    path = Path(os.path.expanduser(spec))
    if path.is_dir():
        return bool(files_with_rows(path))
    return not path.is_file() and any(not _is_text(Path(f)) for f in glob.glob(str(path), recursive=True))


def _passages(path: Path, name: str) -> Iterator[RawRow | UnreadableRow]:
    """Paragraphs, short ones together; a paragraph that is not UTF-8 is a bad row."""
    number, held = 0, b""
    try:
        with path.open("rb") as file:
            for line in file:
                if len(held) < PASSAGE or (line.strip() and len(held) < LONGEST):
                    held += line
                    continue
                number += 1
                yield _passage(held, name, number)
                held = b""
    except OSError as error:
        raise ProgramError(f"input: {path} cannot be read: {error.strerror or error}") from error
    if held.strip():
        yield _passage(held, name, number + 1)


def _passage(held: bytes, name: str, number: int) -> RawRow | UnreadableRow:
    where = f"{name}, passage {number}"
    try:
        text = held.removeprefix(b"\xef\xbb\xbf").decode("utf-8").strip()
    except UnicodeDecodeError as error:
        return UnreadableRow(where, "not_utf8", str(error), held.decode("utf-8", "backslashreplace").strip())
    return RawRow(where, {"text": text}, name, number)


def text_of(fields: Mapping[str, Any], column: str | None) -> str | None:
    """The text of a row: of ``column``, or of the first of ``COLUMNS`` that holds one; None where there is none.

    Messages count as the text of all of them.
    """
    by_name = {name.lower(): name for name in fields}
    for wanted in [column] if column is not None else COLUMNS:
        value = fields.get(wanted, fields.get(by_name.get(wanted.lower(), wanted)))
        if isinstance(value, list):
            said = [one.get("content") for one in value if isinstance(one, Mapping)]
            value = "\n".join(one for one in said if isinstance(one, str))
        if isinstance(value, str):
            return value
    return None
