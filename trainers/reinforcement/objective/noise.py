"""Rewards of a verifier whose error rates are known: the backward correction, and where it helps.

A verifier that accepts a wrong answer with probability a and rejects a right one with probability r shows
``E[score | right or wrong] = a + (1 - a - r) * right``. The backward correction ``(score - a) / (1 - a - r)`` undoes
that in expectation (Natarajan et al. 2013; for GRPO: arXiv:2510.00915, arXiv:2510.18924): right is worth 1 again and
wrong 0, at the price of variance.

A completion without an answer never reaches a verifier: it is worth 0 with certainty, corrected or not.

The correction is an affine map of the scores, so it shows only beside something that it does not map alike:

- completions without an answer: to guess is worth a where to say nothing is worth 0, so that noise teaches guessing;
- other components of the reward, which noise lets weigh 1 / (1 - a - r) times too much;
- scores of other rates: other families or parts in the batch, or, in one group, answers that rules decided beside those
  that a judge did;
- ``scale_rewards=none``, where it gives the gradient the size that it would have without noise.

Where all rewards of a group are mapped alike, subtracting their mean takes the offset away and dividing by their
deviation the slope: there it does nothing, and is refused. The forward correction of arXiv:2510.00915 weights accepted
completions by r and rejected ones by r - 1, which is ``score - (1 - r)``: the score less a constant, and so the score
itself to a trainer that subtracts the group's mean. It is left out for that reason.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from synthetic1.rewards.judging.calibration import WRONG, Calibration
from synthetic1.rewards.judging.trust import Trust
from synthetic1.rewards.registry import canonical_task_type
from synthetic1.trainers.reinforcement.objective.settings import NoiseSettings, check_names
from synthetic1.verdict import Verdict

SWITCH = "trainer.noise_correction=true"
UNSEEN = "no_answer"
"""The reason of a verdict that no verifier was asked for."""


@dataclass(frozen=True)
class ErrorRates:
    """How often a verifier errs."""

    false_accept: float = 0.0
    false_reject: float = 0.0

    def corrected(self, score: float) -> float:
        """The score that a verifier without errors would give, in expectation; it may lie outside of [0, 1]."""
        return (score - self.false_accept) / (1.0 - self.false_accept - self.false_reject)


NONE = ErrorRates()


@dataclass(frozen=True)
class NoiseCorrection:
    """The rates to correct for, by part of a mixture, by task type, and of judges."""

    by_part: Mapping[str, ErrorRates] = field(default_factory=dict)
    by_type: Mapping[str, ErrorRates] = field(default_factory=dict)
    """Canonical task types."""
    by_judge: Mapping[str, ErrorRates] = field(default_factory=dict)
    """Canonical task types; for those verdicts alone that a judge decided: rules beside it have none of its errors."""

    @classmethod
    def make(
        cls,
        noise: Mapping[str, NoiseSettings],
        judges: Sequence[Trust],
        occurring: Mapping[str | None, Collection[str]],
        *,
        scale_rewards: str,
        components: bool,
    ) -> NoiseCorrection:
        """The correction for these rates.

        Args:
            noise: rates by part of the mixture or by task type, as people give them. They go before a judge's.
            judges: what calibration knows of them.
            occurring: the task types of each part; of ``None`` without a mixture.
            components: whether anything but correctness is rewarded.

        Raises:
            ValueError: one line: rates of nothing that occurs, rates that leave nothing to correct, no rates at all, or
                a correction that would change nothing.
        """
        parts = {part for part in occurring if part is not None}
        types = {canonical_task_type(name) for names in occurring.values() for name in names}
        check_names(
            noise,
            parts | types | (noise.keys() & _aliases(types, noise)),
            "rates are by part, or by task type among the tasks looked at",
        )
        given = {
            name: _checked(f"noise.{name}", rates.false_accept, rates.false_reject) for name, rates in noise.items()
        }
        measured = {
            trust.task_type: _checked(f"the judge of {trust.task_type}", *_rates_of(trust.calibration))
            for trust in judges
            if trust.calibration is not None
        }
        made = cls(
            {name: rates for name, rates in given.items() if name in parts},
            {canonical_task_type(name): rates for name, rates in given.items() if name not in parts},
            measured,
        )
        made._check_use(occurring, scale_rewards, components)
        return made

    def rates(self, part: str | None, task_type: str, verdict: Verdict | None = None) -> ErrorRates:
        """Those of a verdict; without one, what is known beforehand: nothing of a judge."""
        if verdict is not None and verdict.reason == UNSEEN:
            return NONE
        if part in self.by_part:
            return self.by_part[part or ""]
        name = canonical_task_type(task_type)
        if name in self.by_type:
            return self.by_type[name]
        judged = verdict is not None and verdict.details.get("decided_by") == "judge"
        return self.by_judge.get(name, NONE) if judged else NONE

    def _check_use(self, occurring: Mapping[str | None, Collection[str]], scale_rewards: str, components: bool) -> None:
        by_pair = {(part, name): self.rates(part, name) for part, names in occurring.items() for name in names}
        judged = any(
            self.by_judge.get(canonical_task_type(name), NONE) != NONE and rates == NONE
            for (_, name), rates in by_pair.items()
        )
        if not judged and set(by_pair.values()) <= {NONE}:
            raise ValueError(
                f"{SWITCH} knows no error rates: give noise={{TASK_TYPE: {{false_accept: …, false_reject: …}}}}, or "
                "use a calibrated judge"
            )
        guesses = any(rates.false_accept for rates in by_pair.values())
        alike = scale_rewards == "group" or len(set(by_pair.values())) == 1
        if not (components or judged or guesses or scale_rewards == "none") and alike:
            raise ValueError(
                f"{SWITCH} does nothing with correctness alone, no false_accept and trainer.scale_rewards="
                f"{scale_rewards}: dividing by the deviation takes it out again; set trainer.scale_rewards=none, or "
                "leave it out"
            )


def inject(verdicts: Sequence[Verdict], rates: NoiseSettings, seed: Sequence[int]) -> list[Verdict]:
    """What a verifier with these error rates would say instead: right ones are rejected, all others accepted, each by
    its chance; a function of ``seed`` and of the place. What no verifier decides stays as it is."""
    draws = np.random.default_rng(list(seed)).random(len(verdicts))
    return [_flipped(verdict, rates, float(draw)) for verdict, draw in zip(verdicts, draws, strict=True)]


def _flipped(verdict: Verdict, rates: NoiseSettings, draw: float) -> Verdict:
    if verdict.score is None or verdict.reason == UNSEEN:
        return verdict
    if verdict.score == 1.0:
        return Verdict.graded(0.0, answer=verdict.answer) if draw < rates.false_reject else verdict
    return Verdict.graded(1.0, answer=verdict.answer) if draw < rates.false_accept else verdict


def _rates_of(calibration: Calibration) -> tuple[float, float]:
    """Of what a judge decided, how often it accepts a wrong answer and rejects a right one.

    Attacks, which trust looks at, are left out: most of what a policy gets wrong is a wrong answer, and corrected by
    the rate of an attack it would be paid less than nothing.
    """
    wrong = calibration.total(WRONG)
    return wrong.errors / wrong.judged if wrong.judged else 0.0, calibration.false_reject_rate


def _checked(where: str, false_accept: float, false_reject: float) -> ErrorRates:
    if false_accept + false_reject >= 1.0:
        raise ValueError(
            f"{where}: a verifier that accepts {false_accept:.0%} of wrong answers and rejects {false_reject:.0%} of "
            "right ones says nothing of which is which; no correction is possible"
        )
    return ErrorRates(false_accept, false_reject)


def _aliases(types: Collection[str], names: Collection[str]) -> set[str]:
    """Those of ``names`` that are another name of one of the task types."""
    return {name for name in names if canonical_task_type(name) in types}
