"""The verdict: right, wrong, or not ours to say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

UNSCORABLE = frozenset({"unscorable_infra", "unscorable_judge", "unscorable_gold", "unscorable_task"})
REASONS = UNSCORABLE | {
    "correct",
    "partial",
    "wrong_answer",
    "no_answer",
    "compile_error",
    "runtime_error",
    "time_limit",
    "memory_limit",
    "output_limit",
    "tampered",
    "refused_by_gate",
}
ANSWER_CAP = 2_000  # characters of the extracted answer that a verdict keeps


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verifier says of one completion.

    Raises:
        ValueError: an unknown reason, a score outside [0, 1], or a score that contradicts the reason.
    """

    score: float | None
    """In [0, 1]; ``None`` exactly when the reason is ``unscorable_*``: masked by trainers, retried by datagen."""
    reason: str
    answer: str | None = None
    """What was extracted from the completion, capped at 2,000 characters."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """A small JSON mapping: tests passed, who decided, the judge's explanation. Never a timing, never the gold."""

    def __post_init__(self) -> None:
        score, reason = self.score, self.reason
        if reason not in REASONS:
            raise ValueError(f"unknown reason `{reason}`; one of {', '.join(sorted(REASONS))}")
        if (score is None) != (reason in UNSCORABLE):
            raise ValueError(
                f"score {score!r} contradicts reason `{reason}`: None goes with unscorable_*, and only there"
            )
        if score is not None:
            if not 0.0 <= score <= 1.0:  # also catches NaN
                raise ValueError(f"score must lie in [0, 1], got {score!r}")
            if (reason == "correct") != (score == 1.0) or (reason == "partial") != (0.0 < score < 1.0):
                raise ValueError(f"score {score!r} contradicts reason `{reason}`")
        if self.answer is not None and len(self.answer) > ANSWER_CAP:
            object.__setattr__(self, "answer", self.answer[: ANSWER_CAP - 1] + "…")

    @property
    def scorable(self) -> bool:
        return self.score is not None

    @classmethod
    def graded(cls, score: float, *, answer: str | None = None, **details: Any) -> Verdict:
        """A verdict whose reason follows from the score: ``correct``, ``partial`` or ``wrong_answer``."""
        reason = "correct" if score == 1.0 else "wrong_answer" if score == 0.0 else "partial"
        return cls(score, reason, answer, details)

    @classmethod
    def unscorable(cls, kind: str, why: str, **details: Any) -> Verdict:
        """A failure of ours. ``kind`` is ``infra``, ``judge``, ``gold`` or ``task``; ``why`` is one line."""
        return cls(None, f"unscorable_{kind}", None, {"why": why, **details})

    def to_dict(self) -> dict[str, Any]:
        return {"score": self.score, "reason": self.reason, "answer": self.answer, "details": dict(self.details)}
