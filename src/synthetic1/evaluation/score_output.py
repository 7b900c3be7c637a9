"""The file that `synthetic1 score` writes: rows with their verdicts, to go on with after a stop."""

from __future__ import annotations

import json
import os
from array import array
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import numpy as np

from synthetic1.evaluation.completion_rows import CompletionRow
from synthetic1.jobs.program import ProgramError
from synthetic1.reports.storage import explained, plain
from synthetic1.verdict import Verdict

VERDICT = "verdict"
"""What is added to a row: an object with ``score``, ``reason``, ``answer``, ``details``, ``task_type``, ``verifier``,
``verifier_key`` and ``key``."""
KEY_DIGITS = 16  # of a key that are held in memory for each row: a file may have a hundred million


class ScoredRows:
    """An output file that is being written, one row a line.

    A row that is there with a score is not scored again; one that could not be scored is dropped and tried anew, and
    so is a last line that was torn. A context manager.

    Args:
        on_kept: called with the ``verdict`` of every row that stays.
        current: (task type, verifier key) → whether that is the verifier of today.

    Raises:
        ProgramError: the file holds something else, or rows that another verifier scored.
        RunFolderError: it cannot be read or written.
    """

    def __init__(
        self,
        path: Path,
        *,
        on_kept: Callable[[Mapping[str, Any]], None],
        current: Callable[[str, str], bool],
    ) -> None:
        self.path = path
        self._left = _Counts(array("Q"))
        with explained(path):
            if path.exists() and path.stat().st_size:
                self._left = _Counts(self._read(on_kept, current))
            self._file: BinaryIO = path.open("ab")

    def has(self, row: CompletionRow) -> bool:
        """Whether the file has this row; each time it is asked, one of those with its key is taken."""
        return self._left.take(_short(row.key))

    def add(self, row: CompletionRow, verdict: Verdict, verifier: str, verifier_key: str) -> None:
        """Write a row; it has reached the file at the next ``flush``."""
        said = {
            **verdict.to_dict(),
            "task_type": row.task.task_type,
            "verifier": verifier,
            "verifier_key": verifier_key,
            "key": row.key,
        }
        with explained(self.path):
            self._file.write(_line({**row.fields, VERDICT: said}))

    def flush(self) -> None:
        with explained(self.path):
            self._file.flush()

    def __enter__(self) -> ScoredRows:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with explained(self.path):
            self._file.close()

    def _read(self, on_kept: Callable[[Mapping[str, Any]], None], current: Callable[[str, str], bool]) -> array[int]:
        """The keys of the rows that stay; the others are cut out of the file."""
        keys, dropped = array("Q"), 0
        with self.path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                said = _verdict_of(line) if line.endswith(b"\n") else {"score": None}  # torn by a kill
                if said is None:
                    raise ProgramError(
                        f"--output: {self.path} line {number} is not a row that `synthetic1 score` wrote; name another "
                        "file, or add --overwrite"
                    )
                if said["score"] is None:
                    dropped += 1
                    continue
                if not current(str(said["task_type"]), str(said["verifier_key"])):
                    raise ProgramError(
                        f"--output: {self.path} line {number} was scored by another verifier ({said['verifier']}) or "
                        "with other settings; name another file, or add --overwrite"
                    )
                keys.append(_short(str(said["key"])))
                on_kept(said)
        if dropped:
            self._cut_out()
        return keys

    def _cut_out(self) -> None:
        """Leave out the rows without a score; a reader sees the old file or the new one, never a part."""
        copy = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        try:
            with self.path.open("rb") as lines, copy.open("wb") as kept:
                for line in lines:
                    said = _verdict_of(line) if line.endswith(b"\n") else None
                    if said is not None and said["score"] is not None:
                        kept.write(line)
            os.replace(copy, self.path)
        finally:
            copy.unlink(missing_ok=True)


class _Counts:
    """How often each of many numbers is left, in a few bytes each."""

    def __init__(self, numbers: array[int]) -> None:
        self._known, counts = np.unique(np.array(numbers, np.uint64), return_counts=True)
        self._left = counts.astype(np.int64)

    def take(self, number: int) -> bool:
        place = int(np.searchsorted(self._known, np.uint64(number)))
        if place >= len(self._known) or int(self._known[place]) != number or not self._left[place]:
            return False
        self._left[place] -= 1
        return True


def _line(row: Mapping[str, Any]) -> bytes:
    """As JSON that everybody reads: dates and bytes of Parquet as texts, NaN as null."""
    try:
        text = json.dumps(row, allow_nan=False, default=str)
    except ValueError:
        text = json.dumps(plain(json.loads(json.dumps(row, default=str))), allow_nan=False)
    return text.encode("ascii") + b"\n"


def _short(key: str) -> int:
    return int(key[:KEY_DIGITS], 16)


def _verdict_of(line: bytes) -> Mapping[str, Any] | None:
    try:
        said = json.loads(line)[VERDICT]
    except (ValueError, RecursionError, TypeError, KeyError):
        return None
    needed = {"score", "task_type", "verifier", "verifier_key", "key", "reason"}
    return said if isinstance(said, dict) and needed <= said.keys() else None
