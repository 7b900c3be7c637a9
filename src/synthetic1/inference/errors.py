"""Errors of servers: one line each, what was asked of whom and what came back."""

from __future__ import annotations

KINDS = (
    "unreachable",
    "timeout",
    "rate_limited",
    "server_error",
    "bad_request",
    "bad_response",
    "wrong_model",
)


ENDS_A_RUN = frozenset({"unreachable", "wrong_model"})
"""Kinds that every other call of a run would meet, too."""


class InferenceError(Exception):
    """A call that got no answer, after all retries. ``kind`` is one of ``KINDS``, ``status`` that of the last reply, if
    there was one. ``outage``: no other call would be answered either, as the server answered nothing else as long as it
    was waited for, or turns down whatever it is asked."""

    def __init__(self, kind: str, message: str, status: int | None = None, outage: bool = False) -> None:
        assert kind in KINDS, kind
        super().__init__(kind, message, status, outage)
        self.kind = kind
        self.message = message
        self.status = status
        self.outage = outage

    @property
    def ends_a_run(self) -> bool:
        """Whether every other call would fail alike, so that going on is of no use."""
        return self.outage or self.kind in ENDS_A_RUN

    def __str__(self) -> str:
        return self.message


class ServerError(InferenceError):
    """A server that cannot be used as the settings say: not there, or without the model."""
