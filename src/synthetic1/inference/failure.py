"""What went wrong with one attempt, and what may be done about it."""

from __future__ import annotations

import asyncio
import errno
import json
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import Enum
from random import uniform
from time import time
from typing import Any

from synthetic1.inference.reply import BadReply, ErrorReply


class Remedy(Enum):
    """What may help."""

    NONE = "the request will fail again"
    AGAIN = "asking again: the answer was lost or unreadable"
    LATER = "waiting: the server did not take the request"
    ELSEWHERE = "another replica, or waiting until this one is back"


@dataclass(frozen=True, slots=True)
class Failure:
    """One attempt that brought nothing."""

    kind: str
    """One of ``errors.KINDS``."""
    message: str
    remedy: Remedy
    wait_s: float | None = None
    """What the server asked us to wait (``Retry-After``)."""
    congestion: bool = False
    """A sign that fewer requests at once would do better."""
    usage_unknown: bool = False
    """The server may have worked, and charged, for an answer that we do not have."""
    status: int | None = None
    """Of the reply, if there was one."""
    for_all: bool = False
    """It is not about this request: any other would be turned down alike (no right, no money, another address)."""


BACK_OFF_S = 0.25, 30.0  # the first pause before asking again, and the longest; doubled in between
CONGESTED = {408, 425, 429, 502, 503, 504, 529}  # 502 and 504 are what proxies say for servers that are swamped
LATER = {425, 429, 502, 503, 529}  # 502: nobody behind the proxy, as while a server starts again
BROKEN = {408, 409}  # and every 5xx but
UNABLE = {501, 505}
_STATUSES = {str(status) for status in range(400, 600)}
NEVER_CODES = {"insufficient_quota", "billing_hard_limit_reached"}  # as 429 or another, but no waiting brings money


def from_status(status: int, headers: Mapping[str, str], body: bytes) -> Failure:
    """A reply whose status is not 200."""
    said = _said(body)
    message = f"status {status}{': ' + said if said else ''}"
    if status == 402 or _codes(body) & NEVER_CODES or (status == 429 and any(code in said for code in NEVER_CODES)):
        kind = "rate_limited" if status == 429 else "bad_request"
        return Failure(kind, f"{message}; is there money left?", Remedy.NONE, status=status, for_all=True)
    if status in (401, 403):  # 403 may be about the prompt: a filter, a firewall
        message = f"{message}; is the API key right?"
        return Failure("bad_request", message, Remedy.NONE, status=status, for_all=status == 401)
    if 300 <= status < 400:
        message = f"it redirects to {headers.get('Location', 'elsewhere')}; give that address"
        return Failure("bad_request", message, Remedy.NONE, status=status, for_all=True)
    if status == 404 and "model" in said.lower():
        return Failure("wrong_model", message, Remedy.NONE, status=status)
    kind = "rate_limited" if status == 429 else "timeout" if status in (408, 504) else "server_error"
    # A gateway's word for a server that it lost, or whose answer it lost; that server may have worked.
    lost = status in (502, 504)
    if status in LATER:
        return Failure(kind, message, Remedy.LATER, retry_after(headers), True, lost, status)
    if status in BROKEN or (status >= 500 and status not in UNABLE):
        return Failure(kind, message, Remedy.AGAIN, retry_after(headers), status in CONGESTED, lost, status)
    return Failure("bad_request", message, Remedy.NONE, status=status)


def from_exception(error: Exception) -> Failure | None:
    """What a request raised; ``None`` for a defect of ours, which is to be raised."""
    import aiohttp

    if isinstance(error, BadReply):
        return Failure("bad_response", str(error), Remedy.AGAIN, usage_unknown=True)
    if isinstance(error, ErrorReply):
        code = str(error.error.get("code") if isinstance(error.error, dict) else "")
        status = int(code) if code in _STATUSES else 500
        return from_status(status, {}, json.dumps({"error": error.error}).encode())
    if getattr(error, "errno", None) in (errno.EMFILE, errno.ENFILE):  # ours, not the server's: fewer at once would do
        message = "no more files may be opened here: fewer requests at once, or a higher limit (`ulimit -n`)"
        return Failure("unreachable", message, Remedy.LATER, congestion=True)
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
        return Failure("unreachable", f"no trusted connection: {error}", Remedy.NONE)
    if isinstance(error, aiohttp.ClientHttpProxyError):
        remedy = Remedy.NONE if 400 <= error.status < 500 else Remedy.ELSEWHERE
        return Failure("unreachable", f"the proxy refuses: status {error.status} {error.message}".strip(), remedy)
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        return Failure("unreachable", _reason(error), Remedy.ELSEWHERE)
    if isinstance(error, asyncio.TimeoutError):
        return Failure("timeout", "no answer in time", Remedy.AGAIN, congestion=True, usage_unknown=True)
    if isinstance(error, aiohttp.InvalidURL):
        return Failure("bad_request", f"no address: {error}", Remedy.NONE, for_all=True)
    if isinstance(error, aiohttp.ClientError | OSError):
        reason = f"the connection broke before the answer was whole ({_reason(error)})"
        return Failure("server_error", reason, Remedy.AGAIN, usage_unknown=True)
    return None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds from ``Retry-After-Ms`` or ``Retry-After`` (a number, or a date); ``None`` without a readable one."""
    try:
        if (value := headers.get("Retry-After-Ms")) is not None:
            return max(0.0, float(value) / 1000)
        if (value := headers.get("Retry-After")) is None:
            return None
        if value.strip().replace(".", "", 1).isdigit():
            return float(value)
        return max(0.0, parsedate_to_datetime(value).timestamp() - time())
    except (ValueError, OverflowError):
        return None


def _error(body: bytes) -> Any:
    """What an error's body holds: ``{"error": {"message": …}}``, ``{"error": "…"}``, ``{"message": …}``,
    ``{"detail": …}``, without the outermost shell, or plain text."""
    text = body.decode("utf-8", "replace")
    try:
        value: Any = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value.get("error") or value if isinstance(value, dict) else value


def _codes(body: bytes) -> set[str]:
    """The names that an error's body gives the error."""
    value = _error(body)
    named = [value.get("code"), value.get("type")] if isinstance(value, dict) else []
    return {name for name in named if isinstance(name, str)}


def _said(body: bytes) -> str:
    """What an error's body says, as one line."""
    value = _error(body)
    if isinstance(value, dict):
        code, field = value.get("code"), value.get("param")
        said = value.get("message") or value.get("detail") or value
        value = _details(said)
        if isinstance(field, str) and field and field not in value:
            value = f"{field}: {value}"
        if isinstance(code, str) and code not in value:
            value = f"{value} ({code})"
    line = " ".join(_details(value).split())
    return line if len(line) <= 500 else line[:499] + "…"


def _details(said: Any) -> str:
    """Words; of a list as pydantic writes it, place and complaint of each, but not the input, which may be a prompt."""
    if not isinstance(said, list):
        return str(said)
    lines = []
    for one in said[:8]:
        if isinstance(one, dict) and isinstance(one.get("loc"), list) and "msg" in one:
            place = ".".join(str(part) for part in one["loc"][:8] if part != "body")
            lines.append(f"{place}: {one['msg']}")
        else:
            lines.append(str(one))
    return "; ".join(lines)


def _reason(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return text or type(error).__name__


def back_off_s(attempt: float, wait_s: float | None = None) -> float:
    """Seconds before attempt ``attempt + 1``: doubled each time, never less than the server asked for.

    The jitter is never seeded: two clients that failed together must not come back together.
    """
    first, longest = BACK_OFF_S
    pause: float = min(longest, first * 2.0 ** (attempt - 1)) * uniform(0.5, 1.0)
    return pause if wait_s is None else wait_s + min(pause, 1.0)
