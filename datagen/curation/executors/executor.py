"""What every executor is, and what all of them keep."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol


class BlockExecutor(Protocol):
    """Runs a pipeline of datatrove on all of its parts."""

    def run(self, pipeline: list[Any], logs: Path, *, parts: int) -> None:
        """Do the parts that are not done.

        Args:
            logs: the folder of datatrove's books and logs of this pipeline; its name says what is done.

        Raises:
            ProgramError: it cannot be done; says why.
        """


def done_parts(logs: Path) -> list[str]:
    """The names of datatrove's files of parts that are done, as ``00012``."""
    folder = logs / "completions"
    return os.listdir(folder) if folder.is_dir() else []


@contextmanager
def quiet(logs: Path) -> Iterator[None]:
    """datatrove logs to standard error, and its workers do: that goes to a file."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with (logs / "stderr.log").open("ab") as log:
            os.dup2(log.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
