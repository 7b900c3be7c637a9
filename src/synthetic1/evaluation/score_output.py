"""The file that `synthetic1 score` writes: rows with their verdicts, to go on with after a stop."""

from __future__ import annotations

import fcntl
import json
import os
import stat
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import numpy as np

from synthetic1.evaluation.completion_rows import CompletionRow, RowError
from synthetic1.jobs.program import ProgramError
from synthetic1.keys import content_key
from synthetic1.reports.storage import explained, plain, sync_folder
from synthetic1.verdict import Verdict

VERDICT = "verdict"
"""What is added to a row: an object with ``score``, ``reason``, ``answer``, ``details``, ``task_type``, ``verifier``,
``verifier_key`` and ``key``."""
KEY_DIGITS = 16  # of what names a row, held in memory: a file may have a hundred million


class ScoredRows:
    """An output file that is being written, one row a line, by one process at a time.

    A row that is there with a score is not scored again; one that could not be scored is dropped and tried anew, and
    so is a last line that was torn. A context manager.

    Args:
        overwrite: begin with an empty file.
        on_kept: called with the ``verdict`` of every row that stays.
        current: (task type, verifier key) → whether that is the verifier of today.

    Raises:
        ProgramError: the file holds something else, or rows that another verifier scored, or another process writes it.
        RunFolderError: it cannot be read or written.
    """

    def __init__(
        self,
        path: Path,
        *,
        overwrite: bool = False,
        on_kept: Callable[[Mapping[str, Any]], None],
        current: Callable[[str, str], bool],
    ) -> None:
        self.path = path
        self._asked = array("Q")
        """The rows of the file that is read, in its order, each as the number that ``_number`` gives it."""
        self._held = array("Q")
        """Those of this file, in its order."""
        with explained(path):
            self._is_file = path.is_file() or not path.exists()  # no pipe, which cannot be read back, nor locked
            self._file: BinaryIO = _locked(path) if self._is_file else path.open("ab")
        try:
            with explained(path):
                if self._is_file:
                    self._copy_path.unlink(missing_ok=True)  # of a call that was killed
                    if overwrite:
                        self._file.truncate(0)
                    self._read(on_kept, current)
            self._left = _Counts(self._held)
        except BaseException:
            self._file.close()
            raise

    def has(self, row: CompletionRow) -> bool:
        """Whether the file has this row; each time it is asked, one of those like it is taken. To be asked of all rows,
        in the order of the file that is read.

        Raises:
            RowError: JSON cannot hold the row.
        """
        number = _number(row.fields, row.key)
        self._asked.append(number)
        return self._left.take(number)

    def add(self, row: CompletionRow, verdict: Verdict, verifier: str, verifier_key: str) -> None:
        """Write a row; it has reached the file at the next ``flush``.

        Raises:
            RowError: JSON cannot hold the row.
        """
        said = {
            **verdict.to_dict(),
            "task_type": row.task.task_type,
            "verifier": verifier,
            "verifier_key": verifier_key,
            "key": row.key,
        }
        line, number = _line({**row.fields, VERDICT: said}), _number(row.fields, row.key)
        with explained(self.path):
            self._file.write(line)
        self._held.append(number)

    def flush(self) -> None:
        with explained(self.path):
            self._file.flush()

    def finish(self) -> None:
        """Once all rows are written: put them in the order of the file that is read, as if nothing had been stopped.

        A reader sees the old file or the new one. Rows that the file that is read does not have stay, as the last ones.
        """
        self.flush()
        if not self._is_file or self._held[: len(self._asked)] == self._asked:
            return
        order = _in_order(self._held, self._asked)
        with explained(self.path):
            starts = array("Q", [0])
            self._file.seek(0)
            for line in self._file:
                starts.append(starts[-1] + len(line))

            def lines() -> Iterator[bytes]:
                for place in order:
                    self._file.seek(starts[place])
                    yield self._file.read(starts[place + 1] - starts[place])

            self._replace(lines())

    def __enter__(self) -> ScoredRows:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with explained(self.path):
            self._file.close()

    def _read(self, on_kept: Callable[[Mapping[str, Any]], None], current: Callable[[str, str], bool]) -> None:
        """Hold the rows that stay; the others are cut out of the file."""
        dropped = False
        self._file.seek(0)
        for number, line in enumerate(self._file, 1):
            row = _row_of(line) if line.endswith(b"\n") else {VERDICT: {"score": None}}  # torn by a kill
            if row is None:
                raise ProgramError(
                    f"--output: {self.path} line {number} is not a row that `synthetic1 score` wrote; name another "
                    "file, or add --overwrite"
                )
            said = row[VERDICT]
            if said["score"] is None:
                dropped = True
                continue
            if not current(str(said["task_type"]), str(said["verifier_key"])):
                raise ProgramError(
                    f"--output: {self.path} line {number} was scored by another verifier ({said['verifier']}) or "
                    "with other settings; name another file, or add --overwrite"
                )
            self._held.append(_number(row, str(said["key"])))
            on_kept(said)
        if dropped:
            self._file.seek(0)
            self._replace(line for line in self._file if _has_score(line))

    @property
    def _copy_path(self) -> Path:
        real = self.path.resolve()  # behind a link, which stays
        return real.with_name(f".{real.name}.rewritten")

    def _replace(self, lines: Iterable[bytes]) -> None:
        """Another file of these lines in place of this one, at once; locked before anybody can see it."""
        copy = self._copy_path
        new = _locked(copy)
        try:
            os.fchmod(new.fileno(), stat.S_IMODE(os.fstat(self._file.fileno()).st_mode))
            new.writelines(lines)
            new.flush()
            os.fsync(new.fileno())
            os.replace(copy, self.path.resolve())
        except BaseException:
            new.close()
            copy.unlink(missing_ok=True)
            raise
        self._file.close()
        self._file = new
        sync_folder(copy.parent)


def _locked(path: Path) -> BinaryIO:
    """The file, made if there is none, to be read and appended to by this process alone.

    A POSIX record lock, as run folders have: forked children do not inherit it, and the kernel gives it back however
    the process ends. The process loses it when it closes the file, under whichever descriptor: open it once.

    Raises:
        ProgramError: another process holds the lock.
        OSError: it cannot be opened.
    """
    while True:
        file = path.open("a+b")
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat()):
                return file
        except BlockingIOError:
            file.close()
            raise ProgramError(
                f"--output: {path} is being written by another process: wait for it, or name another file"
            ) from None
        except BaseException:
            file.close()
            raise
        file.close()  # it was replaced between the opening and the lock


def _in_order(held: array[int], asked: array[int]) -> Iterator[int]:
    """Places in ``held``: of the numbers of ``asked``, in its order, the first of equal ones first; then the others."""
    numbers = np.frombuffer(held, np.uint64)
    places = np.argsort(numbers, kind="stable")
    sorted_numbers = numbers[places]
    used = np.zeros(len(numbers), np.int64)  # of equal ones, where the first of them is sorted to
    taken = np.zeros(len(numbers), bool)
    for number in asked:
        first = int(np.searchsorted(sorted_numbers, np.uint64(number)))
        nearest = first + int(used[first]) if first < len(used) else first
        if nearest < len(places) and int(sorted_numbers[nearest]) == number:
            used[first] += 1
            taken[places[nearest]] = True
            yield int(places[nearest])
    yield from (int(place) for place in np.flatnonzero(~taken))


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
    """As JSON that everybody reads: dates and bytes of Parquet as texts, NaN as null.

    Raises:
        RowError: it is nested too deeply.
    """
    try:
        try:
            text = json.dumps(row, allow_nan=False, default=str)
        except ValueError:
            text = json.dumps(plain(json.loads(json.dumps(row, default=str))), allow_nan=False)
    except RecursionError:
        raise RowError("it is nested too deeply to be written") from None
    return text.encode("ascii") + b"\n"


def _number(fields: Mapping[str, Any], key: str) -> int:
    """Names a row, read or written: what is scored of it, and all that it holds besides its verdict. Two completions of
    one key have one verdict, but each has its own columns, and neither may stand for the other."""
    own = _line({name: value for name, value in fields.items() if name != VERDICT})
    return int(content_key([key, own.decode("ascii")])[:KEY_DIGITS], 16)


def _has_score(line: bytes) -> bool:
    row = _row_of(line) if line.endswith(b"\n") else None
    return row is not None and row[VERDICT]["score"] is not None


def _row_of(line: bytes) -> Mapping[str, Any] | None:
    """The row of a line that we wrote; None for any other."""
    try:
        row = json.loads(line)
        said = row[VERDICT]
    except (ValueError, RecursionError, TypeError, KeyError):
        return None
    kinds = {
        "score": int | float | None,
        **dict.fromkeys(("task_type", "verifier", "verifier_key", "key", "reason"), str),
    }
    is_ours = isinstance(said, dict) and all(
        name in said and isinstance(said[name], kind) for name, kind in kinds.items()
    )
    return row if isinstance(row, dict) and is_ours else None
