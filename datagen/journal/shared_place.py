"""Where the journal of a shared run is: a schema of a PostgreSQL database, which a file in the run's folder names."""

from __future__ import annotations

import json
from hashlib import blake2b
from pathlib import Path

from synthetic1.datagen.journal.database import JournalError

LONGEST_NAME = 63  # bytes, of PostgreSQL's


def checked_url(url: str) -> str:
    """A URL that may be shown and kept.

    Raises:
        ValueError: it is not one of PostgreSQL, or has a password in it; the message does not show it.
    """
    if not url.startswith(("postgresql://", "postgres://")):
        raise ValueError("a journal for several processes is a PostgreSQL database: postgresql://user@host/name")
    try:
        from psycopg import ProgrammingError
        from psycopg.conninfo import conninfo_to_dict
    except ImportError:
        return url  # whoever opens it says what is missing
    try:
        parts = conninfo_to_dict(url)
    except ProgrammingError:
        parts = {"port": "?"}
    ports = str(parts.get("port", "")).split(",")
    if not all(port.isdigit() for port in ports if port) or "@" in str(parts.get("dbname", "")):
        raise ValueError("libpq does not read it; as it should be: postgresql://user@host:5432/name") from None
    if "password" in parts or "sslpassword" in parts:
        raise ValueError(
            "no password in it, as everybody could read it in config.yaml and in the list of processes: PGPASSWORD or "
            "~/.pgpass tells it to libpq"
        )
    return url


def place(path: Path) -> tuple[str, str]:
    """URL and schema of the journal that a file in a run's folder names.

    Raises:
        JournalError: it is no such file.
    """
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        return str(said["url"]), str(said["schema"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise JournalError(f"{path} does not say where the journal is: {error}") from error


def schema_of(run: str) -> str:
    """The schema of a run; names longer than PostgreSQL's are cut, and end with a digest."""
    name = f"synthetic1_{run}"
    if len(name.encode()) <= LONGEST_NAME:
        return name
    digest = blake2b(name.encode(), digest_size=8).hexdigest()
    return f"{name.encode()[: LONGEST_NAME - 1 - len(digest)].decode(errors='ignore')}_{digest}"
