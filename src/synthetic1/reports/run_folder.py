"""The run folder: where a program writes what it did, and where everything else reads it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from synthetic1.reports.sinks.sink import Ending
from synthetic1.reports.sinks.trackers import Trackers
from synthetic1.reports.storage import (
    JsonLines,
    RunFolderError,
    explained,
    json_bytes,
    make_folder,
    plain,
    replace_file,
)

__all__ = ["RunFolder", "RunFolderError"]


FILES = ("config.yaml", "metrics.jsonl", "samples.jsonl", "result.json")
FORMER_RESULT = "result.old.json"
_held: set[Path] = set()
"""The folders that this process holds the lock of."""


class RunFolder:
    """One run's files; :mod:`synthetic1.reports` says what they hold.

    ``create`` makes or resumes a folder and locks it for this process; ``open`` only reads. A context manager:
    leaving it closes the files and gives the lock back. With several processes, rank 0 alone creates it.
    """

    def __init__(self, path: Path, *, lock: int | None = None) -> None:
        """Use ``create`` or ``open``; ``lock`` is the descriptor of the held lock, None to read only."""
        self.path = path
        self._lock = lock
        self._metrics = JsonLines(path / "metrics.jsonl")
        self._samples = JsonLines(path / "samples.jsonl")
        self._trackers: Trackers | None = None
        self._former_result = False

    @classmethod
    def create(cls, path: str | os.PathLike[str], *, resume: bool) -> RunFolder:
        """Make the folder, or go on with it; either way this process alone may write to it.

        With ``resume`` a line torn by kill -9 is cut off. A folder that does not exist yet is made, so that one
        command line serves the first start and every later one.

        Raises:
            RunFolderError: it holds a run and ``resume`` is false, another process writes to it, or it cannot be
                written.
        """
        folder = Path(path).absolute()
        with explained(folder):
            make_folder(folder)
        lock = _lock(folder)
        _held.add(folder)
        run = cls(folder, lock=lock)
        try:
            if not resume and run._used():
                raise RunFolderError(
                    f"{folder} holds a run already: go on with resume=true, or choose another run_name="
                )
            run._metrics.repair()
            run._samples.repair()
            run._former_result = (folder / "result.json").exists()
        except BaseException:
            run.close()
            raise
        return run

    @classmethod
    def put_aside(cls, path: str | os.PathLike[str]) -> Path | None:
        """Give a folder another name, ``<name>.1`` or the next that is free; returns it, None where there is no folder.

        Raises:
            RunFolderError: another process writes to it, or it cannot be moved.
        """
        folder = Path(path).absolute()
        if not folder.exists():
            return None
        with cls.create(folder, resume=True), explained(folder):  # nobody writes to it while it moves
            number = next(n for n in range(1, 10_000) if not folder.with_name(f"{folder.name}.{n}").exists())
            return folder.rename(folder.with_name(f"{folder.name}.{number}"))

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> RunFolder:
        """Read a run folder, also one that is being written: takes no lock and changes nothing.

        Raises:
            RunFolderError: no such folder.
        """
        folder = Path(path).absolute()
        if not folder.is_dir():
            raise RunFolderError(f"{folder} is not a run folder: give the folder that holds metrics.jsonl")
        return cls(folder)

    def write_config(self, config: Mapping[str, Any]) -> None:
        """Write ``config.yaml``, keys in the order given."""
        import yaml

        self._must_hold_lock()
        text = yaml.safe_dump(plain(config), sort_keys=False, allow_unicode=True, width=120)
        replace_file(self.path / "config.yaml", text.encode())

    def follow(self, trackers: Trackers) -> None:
        """From here on, hand what is written on to trackers, which are late, or fail, without anybody waiting."""
        self._must_hold_lock()
        self._trackers = trackers

    def unfollow(self, ending: Ending) -> None:
        """Give trackers the files that a person would open, and let them go; nothing if there are none."""
        trackers, self._trackers = self._trackers, None
        if trackers is None:
            return
        for name in ("result.json", "report.html"):
            if (self.path / name).exists():
                trackers.artifact(self.path / name)
        trackers.finish(ending)

    def log_metrics(self, row: Mapping[str, Any], *, trainer: Mapping[str, Any] | None = None) -> None:
        """Append a row to ``metrics.jsonl``; it has reached the file when this returns.

        With the first step of a run that goes on, the result of what it was before is put aside: nobody shall take it
        for that of the longer run.

        Args:
            trainer: what TRL has logged of the same step, by its own names: for trackers alone.
        """
        self._must_hold_lock()
        if self._former_result and "eval" not in row:
            self._put_result_aside()
        self._metrics.append(row)
        if self._trackers is not None:
            self._trackers.metrics(plain(row), trainer or {})

    def log_numbers(self, step: int, numbers: Mapping[str, Any]) -> None:
        """Numbers of a run that keeps its own elsewhere, for trackers alone."""
        if self._trackers is not None:
            self._trackers.numbers(step, numbers)

    def show_sample(self, row: Mapping[str, Any]) -> None:
        """A sample of a run that keeps its own elsewhere, for trackers alone."""
        if self._trackers is not None:
            self._trackers.sample(plain(row))

    def log_sample(self, row: Mapping[str, Any], *, tracked: bool = True) -> None:
        """Append a row to ``samples.jsonl``; it has reached the file when this returns.

        Args:
            tracked: trackers get it, too.
        """
        self._must_hold_lock()
        self._samples.append(row)
        if tracked and self._trackers is not None:
            self._trackers.sample(plain(row))

    def write_result(self, result: Mapping[str, Any]) -> None:
        """Write ``result.json``, whole or not at all."""
        self._must_hold_lock()
        replace_file(self.path / "result.json", json_bytes(result, indent=2) + b"\n")
        self._former_result = False
        if self._trackers is not None:
            self._trackers.result(plain(result))

    def truncate_after(self, step: int) -> None:
        """Drop the rows that a run resumed from the checkpoint of ``step`` will write again.

        Those are the rows of later steps, and the samples of the final evaluation. Each file changes atomically, and
        not at all if nothing is dropped. ``-1`` empties both: a run that starts over.
        """
        self._must_hold_lock()
        for file in (self._metrics, self._samples):
            file.keep(lambda row: row.get("step", 0) <= step and row.get("phase") != "after")

    def read_config(self) -> dict[str, Any]:
        """``config.yaml`` as a mapping; empty if there is none."""
        import yaml

        text = self._read("config.yaml")
        try:
            config = yaml.safe_load(text) if text else {}
        except (yaml.YAMLError, RecursionError) as error:
            raise RunFolderError(f"{self.path / 'config.yaml'} is not YAML: {' '.join(str(error).split())}") from None
        if not isinstance(config, dict):
            raise RunFolderError(f"{self.path / 'config.yaml'} must hold a mapping, got {type(config).__name__}")
        return config

    def read_metrics(self) -> list[dict[str, Any]]:
        """Rows of ``metrics.jsonl``, steps and held-out evaluations, in the order written."""
        return self._metrics.read()

    def read_samples(self) -> list[dict[str, Any]]:
        """Rows of ``samples.jsonl`` in the order written."""
        return self._samples.read()

    def read_some_samples(self, most_bytes: int) -> tuple[list[dict[str, Any]], int]:
        """The first and the last rows of ``samples.jsonl``, and how many rows there are.

        Args:
            most_bytes: of the file that are looked at, so that a file of many gigabytes does not fill the memory.
        """
        return self._samples.read_ends(most_bytes)

    def read_result(self) -> dict[str, Any] | None:
        """``result.json``, or None while the run has none."""
        text = self._read("result.json")
        if text is None:
            return None
        try:
            result = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise RunFolderError(f"{self.path / 'result.json'} is not JSON: {error}") from None
        if not isinstance(result, dict):
            raise RunFolderError(f"{self.path / 'result.json'} must hold an object, got {type(result).__name__}")
        return result

    def close(self) -> None:
        """Close the files and give the lock back; may be called twice."""
        self.unfollow("failed")  # who ends in order has done it before
        self._metrics.close()
        self._samples.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
            _held.discard(self.path)

    def __enter__(self) -> RunFolder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _used(self) -> bool:
        return any(
            (self.path / name).exists() for name in ("config.yaml", "metrics.jsonl", "samples.jsonl", "result.json")
        )

    def _put_result_aside(self) -> None:
        result = self.path / "result.json"
        with explained(result), contextlib.suppress(FileNotFoundError):
            result.replace(self.path / FORMER_RESULT)
        self._former_result = False

    def _must_hold_lock(self) -> None:
        if self._lock is None:
            raise RunFolderError(f"{self.path} was opened for reading, or closed: write through RunFolder.create")

    def _read(self, name: str) -> str | None:
        path = self.path / name
        try:
            with explained(path):
                return path.read_text(encoding="utf-8") if path.exists() else None
        except UnicodeDecodeError:
            raise RunFolderError(f"{path} is not a text in UTF-8") from None


def is_held_here(folder: Path) -> bool:
    """Whether this very process writes to a run's folder.

    To be asked before the lock file is opened: closing a file gives back all locks that the process holds on it.
    """
    return folder.absolute() in _held


def _lock(folder: Path) -> int:
    """Lock ``folder`` for this process; the kernel gives the lock back when the process ends, however it ends.

    A POSIX record lock, not ``flock``: forked children (data loaders, worker pools) do not inherit it, so orphans of
    a killed run cannot keep the folder from being resumed.
    """
    path = folder / ".lock"
    with explained(path):
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(handle, 0)
            os.write(handle, f"{os.getpid()}\n".encode())
        except BlockingIOError:
            owner = os.pread(handle, 20, 0).decode(errors="replace").strip()
            os.close(handle)
            raise RunFolderError(
                f"{folder} is being written by process {owner or 'unknown'}: wait for it, or choose another run_name="
            ) from None
        except BaseException:
            with contextlib.suppress(OSError):
                os.close(handle)
            raise
    return handle
