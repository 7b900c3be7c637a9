"""What a journal wants of the database that holds it; there are two."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from synthetic1.jobs.program import ProgramError

VERSION = 1
"""Of a journal's tables."""


class JournalError(ProgramError):
    """The journal cannot be used: one line that says which, and why."""


class Database(ABC):
    """One run's tables. Statements are written with ``?`` for parameters, in words that both databases know."""

    path: Path
    """What lies in the run's folder: the database, or a file that says where it is."""
    name: str
    """What messages call it."""
    verified: ClassVar[str]
    to_judge: ClassVar[str]
    """Statements of ``JournalReader.counts`` that each database has a fast way for."""
    tokens: ClassVar[str]
    """The statement of ``JournalReader.tokens``."""
    containing: ClassVar[str]
    """The condition that a task's row contains a text."""

    @abstractmethod
    def rows(self, statement: str, parameters: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """What a statement finds, as the run stands now.

        Raises:
            JournalError: it cannot be read.
        """

    @abstractmethod
    def commit(self, rows: Sequence[tuple[str, Sequence[Any]]]) -> None:
        """Execute statements with their parameters, all of them or none, and have them on the disk. Called by one
        thread, which is not that of ``rows``."""

    @abstractmethod
    def why(self, error: BaseException) -> str:
        """What an error of ``commit`` means, on one line."""

    @abstractmethod
    def close(self) -> None:
        """Let go of it; may be called twice."""

    def ending(self) -> None:  # noqa: B027  # nothing to do where nobody waits
        """Called before the last rows are written: no long waits from here on."""

    @property
    def is_ending(self) -> bool:
        """Whether ``ending`` was called, where it makes a difference."""
        return False

    @abstractmethod
    def done_writing(self) -> None:
        """Called by the thread of ``commit`` before it ends."""

    def answers(self) -> bool:
        """Whether it can be asked at once. While it cannot, asking waits.

        Raises:
            JournalError: it has been away for too long.
        """
        return True

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Within the block, no other process is in such a block."""
        yield

    @staticmethod
    @abstractmethod
    def to_text(value: str | None) -> Any:
        """A text as the database holds it, whatever is in it."""

    @staticmethod
    @abstractmethod
    def from_text(value: Any) -> Any:
        """What ``to_text`` was given."""

    def one(self, statement: str, parameters: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        """The first row that a statement finds."""
        return next(self.rows(statement, parameters), None)

    def check_version(self, version: str | None) -> None:
        """Refuse tables of a version that this one does not know.

        Raises:
            JournalError: they are of one.
        """
        if version is None or int(version) > VERSION:
            raise JournalError(
                f"{self.name} was written by a newer synthetic1 (journal version {version or 'none'}, this one knows "
                f"{VERSION}); upgrade"
            )
