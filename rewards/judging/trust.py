"""Trust: nothing is trained on a judge, or kept on its word, whose error rates are unknown or too high."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from synthetic1.inference.errors import InferenceError
from synthetic1.rewards.judging.calibration import Calibration, Thresholds, load
from synthetic1.rewards.judging.judged_verifier import asked_judge
from synthetic1.rewards.judging.settings import UNCONFIGURED, JudgeSettings
from synthetic1.rewards.registry import canonical_task_type
from synthetic1.rewards.verifier import Verifier

HOW = "run `synthetic1 judge calibrate judge=…` with the same settings, or say judge.allow_uncalibrated=true"


class UntrustedJudge(Exception):
    """A judge that is not configured, not there, not calibrated, or errs too often. The message is one line."""


@dataclass(frozen=True)
class Trust:
    """What is known of the judge of one task type."""

    task_type: str
    model: str | None
    """As served; ``None`` without a judge."""
    calibration: Calibration | None
    doubt: str | None
    """Why it would not be trusted, had the user not said otherwise."""

    def __str__(self) -> str:
        if self.model is None:
            return f"{self.task_type}: no judge; what rules do not decide is unscorable"
        if self.calibration is None:
            return f"{self.task_type}: {self.model}, never calibrated"
        c = self.calibration
        rates = f"accepts {c.false_accept_rate:.1%} wrong, rejects {c.false_reject_rate:.1%} right"
        return f"{self.task_type}: {self.model}, {c.rubric}, {rates}" + (" (not good enough)" if self.doubt else "")

    def summary(self) -> dict[str, Any]:
        """What result.json quotes."""
        known = {"model": self.model} if self.calibration is None else self.calibration.summary()
        return {**known, "doubt": self.doubt}


async def examine(
    verifiers: Iterable[Verifier],
    task_types: Collection[str],
    allowed: Thresholds,
    *,
    allow_uncalibrated: bool = False,
) -> tuple[Trust, ...]:
    """What is known of the judges that ``verifiers`` ask, for the task types that occur.

    Raises:
        UntrustedJudge: a judge's server does not answer as it should; or, unless ``allow_uncalibrated``, a judge is
            missing, was never calibrated, or errs more than is ``allowed``.
    """
    occurring = {canonical_task_type(name) for name in task_types}
    found = []
    for verifier in verifiers:
        asked = asked_judge(verifier)
        if asked is None or verifier.task_type not in occurring:
            continue
        judge = asked.settings
        model = await served_model(judge) if judge.server is not None else None
        calibration = load(judge, model, asked.rubric) if model is not None else None
        doubt = _doubt(model, calibration, allowed)
        if doubt and not allow_uncalibrated:
            raise UntrustedJudge(f"task type `{verifier.task_type}`: {doubt}")
        found.append(Trust(verifier.task_type, model, calibration, doubt))
    return tuple(found)


async def served_model(settings: JudgeSettings) -> str:
    """The judge's model, as its server names it; ``judge of Qwen/Qwen3-8B`` where that is another name than its
    weights have: other weights under the same name are another judge.

    Raises:
        UntrustedJudge: the server cannot be reached, or does not serve that model.
    """
    from synthetic1.inference.client import Client

    assert settings.server is not None
    client = Client(settings.server)
    try:
        facts = await client.check()
        return facts.model if facts.root in (None, "", facts.model) else f"{facts.model} of {facts.root}"
    except InferenceError as error:
        raise UntrustedJudge(f"judge: {error}") from None
    finally:
        await client.aclose()


def _doubt(model: str | None, calibration: Calibration | None, allowed: Thresholds) -> str | None:
    if model is None:
        return f"{UNCONFIGURED}; or go on with what rules decide: judge.allow_uncalibrated=true"
    if calibration is None:
        return f"the judge `{model}` was never calibrated with these settings; {HOW}"
    shortfall = calibration.shortfall(allowed)
    if shortfall is None:
        return None
    return (
        f"the judge `{model}` is not to be trusted: {shortfall}; choose another, or say judge.allow_uncalibrated=true"
    )
