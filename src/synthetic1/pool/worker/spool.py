"""What is done and not handed in yet, on the disk: a worker that is killed does not do it twice."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from synthetic1.pool.errors import PoolError
from synthetic1.pool.wire import WorkDone
from synthetic1.reports.storage import replace_file


class Spool:
    """A folder with a file for each completion.

    Raises:
        PoolError: it cannot be made.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise PoolError(f"{folder}: what is done cannot be kept there: {error.strerror}") from error

    def put(self, work: WorkDone) -> None:
        """Keep it.

        Raises:
            PoolError: the disk does not take it.
        """
        try:
            replace_file(self._folder / f"{work.unit}.json", work.model_dump_json().encode())
        except OSError as error:
            raise PoolError(f"{self._folder}: the disk does not take what is done: {error.strerror}") from error

    def drop(self, unit: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            (self._folder / f"{unit}.json").unlink()

    def __iter__(self) -> Iterator[WorkDone]:
        """What an earlier process has left, the oldest first; what cannot be read is removed, and done again."""
        for path in sorted(self._folder.glob("*.json"), key=lambda path: path.stat().st_mtime):
            try:
                yield WorkDone.model_validate_json(path.read_bytes())
            except (OSError, ValidationError, ValueError):
                with contextlib.suppress(OSError):
                    path.unlink()
