"""How a reward server is set up: where it listens, who may ask, and the limits of one request."""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from synthetic1.sandbox.open import Kind

KEY_VARIABLE = "SYNTHETIC1_API_KEY"
"""The environment variable that holds the server's key, for the server and for its client."""
MIN_KEY = 16  # characters; less can be guessed over a network
DEFAULT_PORT = 8080
SANDBOXES = tuple(kind for kind in get_args(Kind) if kind != "subprocess")
"""Programs of clients run in one that keeps them from the machine, or not at all."""


class ServingError(ValueError):
    """The server cannot be set up like that. The message is one line: what is wrong, and what would be right."""

    user_error = True


@dataclass(frozen=True)
class ServingSettings:
    """All that the command line says.

    Raises:
        ServingError: a limit out of range, a key that is too short, or an address that others reach without a key.
    """

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    """0 takes any free one."""
    api_key: str | None = field(default=None, repr=False)
    without_key: bool = False
    """Serve other machines without a key; for networks that are closed by other means."""
    max_body: int = 16 * 2**20
    """Bytes of a request's body."""
    max_pairs: int = 1024
    """(task, completion) pairs of a request."""
    concurrency: int = 256
    """Requests that are scored at once."""
    queue: int = 1024
    """Requests that wait for their turn; what comes then is answered 503."""
    connections: int = 4096
    """Open connections; more are answered 503."""
    timeout_s: float = 3600.0
    """Seconds of scoring, after which the pairs of a request that have no verdict are ``unscorable_infra``. Longer than
    any verifier's own limits, so that a slow completion is judged by those."""
    read_timeout_s: float = 30.0
    """Seconds in which a request has to arrive whole."""
    grace_s: float = 600.0
    """Seconds for what was accepted, once the server is told to stop."""
    families: tuple[str, ...] = ()
    """Families, or task types, that are served and have to work; empty: all, and what works at the start has to."""
    tasks: tuple[str, ...] = ()
    """Sources of tasks that may be named by their ids."""
    sandbox: Kind = "auto"
    slots: int | None = None
    """Programs at once; None: one a core."""
    judge: Mapping[str, Any] | None = None
    """Settings of the judge of judged families."""
    unscorable: float | None = None
    """What foreign endpoints answer for a completion without a score; None: an error, 503."""

    def __post_init__(self) -> None:
        for name in ("max_body", "max_pairs", "concurrency", "connections"):
            if getattr(self, name) < 1:
                raise ServingError(f"--{_option(name)} must be at least 1, got {getattr(self, name)}")
        if self.queue < 0 or not 0 <= self.port < 2**16:
            raise ServingError(
                f"--queue must not be negative, --port within 0 and 65535: got {self.queue}, {self.port}"
            )
        for name in ("timeout_s", "read_timeout_s", "grace_s"):
            if not 0 < getattr(self, name) < math.inf:
                raise ServingError(f"--{_option(name)} must be a positive number of seconds, got {getattr(self, name)}")
        if self.sandbox not in SANDBOXES or (self.slots is not None and self.slots < 1):
            raise ServingError(
                f"--sandbox must be one of {', '.join(SANDBOXES)}, --slots at least 1: got {self.sandbox}, {self.slots}"
            )
        if self.unscorable is not None and not math.isfinite(self.unscorable):
            raise ServingError(f"--unscorable must be `error` or a number, got {self.unscorable}")
        if self.api_key is not None and (len(self.api_key) < MIN_KEY or not _is_token(self.api_key)):
            raise ServingError(
                f"the API key must have at least {MIN_KEY} characters, ASCII without spaces; "
                "make one: python -c 'import secrets; print(secrets.token_urlsafe())'"
            )
        if self.api_key is None and not self.without_key and not is_loopback(self.host):
            raise ServingError(
                f"--host {self.host} lets other machines in, and there is no API key: set {KEY_VARIABLE}, or give "
                "--api-key-file FILE, or say --without-key"
            )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address or name."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def read_key(environment: Mapping[str, str], file: str | None) -> str | None:
    """The key in ``file``, else in the environment; ``None`` if there is none.

    Raises:
        ServingError: the file cannot be read, or is empty.
    """
    if file is None:
        return environment.get(KEY_VARIABLE) or None
    try:
        key = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ServingError(f"--api-key-file {file}: {error}") from None
    if not key:
        raise ServingError(f"--api-key-file {file}: it is empty; it must hold the key")
    return key


def read_bytes(text: str) -> int:
    """``16MiB``, ``500kB``, ``1048576``: bytes.

    Raises:
        ServingError: it is none of these.
    """
    units = {"": 1, "b": 1, "k": 10**3, "kb": 10**3, "m": 10**6, "mb": 10**6, "g": 10**9, "gb": 10**9}
    units |= {"kib": 2**10, "mib": 2**20, "gib": 2**30}
    number = text.strip().rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ")
    unit = text.strip()[len(number) :].strip().lower()
    try:
        return int(float(number) * units[unit])
    except (ValueError, KeyError, OverflowError):
        raise ServingError(f"--max-body must be a number of bytes such as 16MiB, got `{text}`") from None


def _option(name: str) -> str:
    return name.removesuffix("_s").replace("_", "-")


def _is_token(key: str) -> bool:
    return key.isascii() and key.isprintable() and " " not in key
