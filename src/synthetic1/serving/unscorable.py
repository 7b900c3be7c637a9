"""What becomes of a completion without a score where the answer has to be a number."""

from __future__ import annotations

from synthetic1.serving.guard import RETRY_S, Refusal
from synthetic1.verdict import Verdict

NO_SCORE = 409
"""The status where the task is at fault: asking again will not help."""


def refuse_unscorable(verdict: Verdict, stand_in: float | None, where: str) -> float:
    """``stand_in``, what the person who runs the server wants in place of a score.

    Raises:
        Refusal: there is none: 503 where this server or its judge failed, 409 where the task did.
    """
    if stand_in is not None:
        return stand_in
    why = f"{where}: no score: {verdict.reason}: {verdict.details.get('why', 'no reason given')}"
    if verdict.reason in ("unscorable_infra", "unscorable_judge"):
        raise Refusal(503, why, **{"retry-after": str(RETRY_S)})
    raise Refusal(NO_SCORE, why)
