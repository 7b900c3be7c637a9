"""What the pool says when something is not as it should be: one line."""

from __future__ import annotations


class PoolError(ValueError):
    """A key file, a ledger or a setting that cannot be used: what, where, and what would be right."""

    user_error = True  # programs print the message alone


class RequestRefused(Exception):
    """A request that is not acted on.

    Args:
        status: of the HTTP reply: 400 malformed, 401 not signed as it has to be, 403 not allowed, 409 seen before,
            429 too many.
        reason: a word that clients can act on, e.g. ``clock_skew``.
        message: for people. It names nothing that the sender did not send.
        retry_after_s: seconds after which the same would be taken, where waiting helps.
    """

    def __init__(self, status: int, reason: str, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.status, self.reason, self.retry_after_s = status, reason, retry_after_s
