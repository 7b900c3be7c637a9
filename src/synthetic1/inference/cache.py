"""The cache of answers to greedy calls: one SQLite file, named by content, shared by any number of processes."""

from __future__ import annotations

import json
import logging
import sqlite3
from pathlib import Path
from typing import Any

from synthetic1.inference.errors import ServerError
from synthetic1.inference.reply import Choice, Reply
from synthetic1.keys import content_key

log = logging.getLogger(__name__)

FORMAT = 1
KEPT = {"stop", "length"}  # finish reasons that the same call brings again
FLUSH = 256  # answers, or
FLUSH_S = 0.1  # seconds, before they are written: a crash loses no more, and a cache may lose


class ResponseCache:
    """Answers by the key of everything that can change them: the model, its weights, and the whole request.

    Not the server's address: replicas and the next launch serve the same model.

    Raises:
        ServerError: the file cannot be used.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._fresh: dict[str, str] = {}
        self._timer: Any = None
        self._warned: set[str] = set()
        try:
            Path(path).expanduser().parent.mkdir(parents=True, exist_ok=True)
            self._rows = sqlite3.connect(Path(path).expanduser(), timeout=30, isolation_level=None)
            self._rows.execute("PRAGMA journal_mode=WAL")
            self._rows.execute("PRAGMA synchronous=NORMAL")
            (version,) = self._rows.execute("PRAGMA user_version").fetchone()
            if version not in (0, FORMAT):
                raise ServerError(
                    "bad_response", f"cache: {path} has format {version}, not {FORMAT}; name another file"
                )
            self._rows.execute("CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, reply TEXT) WITHOUT ROWID")
            self._rows.execute(f"PRAGMA user_version={FORMAT}")
        except (sqlite3.Error, OSError) as error:
            raise ServerError("bad_response", f"cache: cannot use {path} ({error}); name another file") from None

    def key(self, request: Any) -> str:
        return content_key(request)

    def get(self, key: str) -> Reply | None:
        text = self._fresh.get(key)
        try:
            if text is None:
                row = self._rows.execute("SELECT reply FROM answers WHERE key = ?", (key,)).fetchone()
                if row is None:
                    return None
                (text,) = row
            try:
                choice, usage = json.loads(text)
                return Reply({0: Choice(*choice)}, usage)
            except (ValueError, TypeError):
                self._rows.execute("DELETE FROM answers WHERE key = ?", (key,))  # it would keep a sound one out
                raise
        except (sqlite3.Error, ValueError, TypeError) as error:  # a damaged file must not cost calls
            self._warn("an answer cannot be read", error)
            return None

    def put(self, key: str, reply: Reply) -> None:
        """Keep a reply with one choice, if it is one that would come again."""
        import asyncio

        choice = reply.choices[0]
        if choice.finish_reason not in KEPT:
            return
        self._fresh[key] = json.dumps([choice, reply.usage])
        if len(self._fresh) >= FLUSH:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_S, self.flush)

    def flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._fresh:
            return
        rows, self._fresh = list(self._fresh.items()), {}
        try:
            self._rows.execute("BEGIN IMMEDIATE")
            self._rows.executemany("INSERT OR IGNORE INTO answers VALUES (?, ?)", rows)
            self._rows.execute("COMMIT")
        except sqlite3.Error as error:  # a full disk must not cost answers that are here
            self._warn(f"{len(rows)} answers not kept", error)
            if self._rows.in_transaction:
                self._rows.execute("ROLLBACK")

    def close(self) -> None:
        self.flush()
        self._rows.close()

    def abandon(self) -> None:
        """Close after the event loop has ended, which took the timer along."""
        self._timer = None
        self.close()

    def _warn(self, what: str, error: Exception) -> None:
        """Once for each trouble: a damaged file is met at every call."""
        if str(error) not in self._warned:
            self._warned.add(str(error))
            log.warning("cache: %s: %s (%s)", self._path, what, error)
