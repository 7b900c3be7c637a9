"""What to ask of a node: each method's error over some hundred tokens, and how large it may be.

One completion says little, so a node's are taken together until there are enough tokens: a window. Thresholds come from
windows of honest rollouts, of the model, dtype and engines that a pool has; what they find, from rollouts of others.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from synthetic1.pool.proving.likelihood import SamplingEvidence
from synthetic1.pool.proving.token_difr import ReplayEvidence
from synthetic1.pool.toploc.verifying import ProofComparison

Numbers: TypeAlias = NDArray[np.float64]
WINDOW_TOKENS = 300
EXPONENT_ERROR = 8.0
"""What a place with another exponent counts, where one with the same counts the difference of mantissas, 0 to 127. Near
numbers can lie on two sides of a power of two; of another model most places have other exponents."""
ABOVE_HONEST = 1.25
IMPOSSIBLE_Z = 3.0
"""Standard deviations that a token counts which the sampling could not choose."""


@dataclass(frozen=True, slots=True)
class RolloutEvidence:
    """What all methods say of one rollout."""

    sampling: SamplingEvidence = field(default_factory=SamplingEvidence)
    replay: ReplayEvidence = field(default_factory=ReplayEvidence)
    proof_error: float = 0.0
    """Sum over all places of all chunks."""
    proof_places: int = 0

    @classmethod
    def of(
        cls, sampling: SamplingEvidence, replay: ReplayEvidence, comparisons: Sequence[ProofComparison]
    ) -> RolloutEvidence:
        return cls(sampling, replay, sum(map(proof_error, comparisons)), sum(c.places for c in comparisons))


def proof_error(comparison: ProofComparison) -> float:
    """Summed over the places of one chunk: TOPLOC's three numbers as one, for a threshold of one's own."""
    equal = comparison.places - comparison.exp_mismatches
    mantissas = comparison.mant_err_mean * equal if equal else 0.0
    return mantissas + EXPONENT_ERROR * comparison.exp_mismatches


@dataclass(frozen=True, slots=True, eq=False)
class WindowErrors:
    """By method, the error of each of m windows, shape (m,). More is worse."""

    toploc: Numbers
    """Mean over all places of the window's proofs."""
    likelihood: Numbers
    """Standard deviations by which its tokens' surprise is off, to either side."""
    ratio: Numbers
    """Log likelihood ratio, in nats, of the likeliest of some other samplings."""
    ending: Numbers
    """Nats by which its ends, and goings on, surprise."""
    token_difr: Numbers
    """Mean margin, in units of the logits."""

    def by_method(self) -> dict[str, Numbers]:
        """Method → errors."""
        return {method: getattr(self, method) for method in METHODS}


COLUMNS = 12
METHODS = ("toploc", "likelihood", "ratio", "ending", "token_difr")


def consecutive_windows(rollouts: Sequence[RolloutEvidence], tokens: int = WINDOW_TOKENS) -> WindowErrors:
    """Rollouts as they come, until there are enough tokens; what is left over at the end makes no window."""
    sums, current = [], np.zeros(COLUMNS)
    for row in _rows(rollouts):
        current = current + row
        if current[0] >= tokens:
            sums.append(current)
            current = np.zeros(COLUMNS)
    return _errors(np.array(sums).reshape(-1, COLUMNS))


def drawn_windows(
    rollouts: Sequence[RolloutEvidence], many: int, rng: np.random.Generator, tokens: int = WINDOW_TOKENS
) -> WindowErrors:
    """Windows of rollouts drawn at random, with replacement: rates smaller than 1 / (number of rollouts) can be told
    from them, as far as what is rare in a window is a sum of what is not in a rollout.

    Raises:
        ValueError: no rollouts, or none has a token.
    """
    rows = _rows(rollouts)
    if not len(rows) or not rows[:, 0].max():
        raise ValueError("no rollouts with tokens to draw windows from")
    sums, open_ones = np.zeros((many, COLUMNS)), np.arange(many)
    while len(open_ones):
        sums[open_ones] += rows[rng.integers(0, len(rows), len(open_ones))]
        open_ones = open_ones[sums[open_ones, 0] < tokens]
    return _errors(sums)


def operating_point(honest: WindowErrors, false_rejection: float, tokens: int = WINDOW_TOKENS) -> dict[str, float]:
    """By method, the error from which a window is rejected: a quarter above the largest of the honest ones, but for the
    given share of them; and no less than theory, or arithmetic, gives honest workers that were not measured.

    Raises:
        ValueError: no windows.
    """
    least = {
        "toploc": 0.05,  # other kernels; of the 127 that a mantissa can differ by
        "likelihood": 4.0,  # what is left of a normal distribution beyond it is 6e-5
        "ending": math.log(tokens / false_rejection),  # ends of probability p are seen in a share p of tokens
        "token_difr": 0.05 / tokens,  # one draw that was near
    }
    measured = honest.by_method()
    limits = {m: max(low, ABOVE_HONEST * threshold(measured[m], false_rejection)) for m, low in least.items()}
    return limits | {"ratio": math.log(3 / false_rejection)}  # Ville's inequality, of three: not a matter of measuring


def threshold(honest: Numbers, false_rejection: float) -> float:
    """The least that no more than this share of honest windows is above.

    Raises:
        ValueError: no windows.
    """
    if not len(honest):
        raise ValueError("no honest windows to take a threshold from")
    return float(np.quantile(honest, 1 - false_rejection, method="higher"))


def rate_above(errors: Numbers, limit: float) -> float:
    """The share of windows that are rejected; 0 of none."""
    return float((errors > limit).mean()) if len(errors) else 0.0


def roc(honest: Numbers, others: Numbers, rates: Sequence[float] = (0.0, 1e-4, 1e-3, 0.01, 0.05, 0.1, 0.5)) -> Roc:
    """(false rejection, detection): what is found at most at each of these rates."""
    return [(rate, rate_above(others, threshold(honest, rate))) for rate in rates]


Roc: TypeAlias = list[tuple[float, float]]


def _rows(rollouts: Sequence[RolloutEvidence]) -> Numbers:
    """Tokens, surplus, variance, impossible, end surplus, three ratios; margin, others; proof error, places."""
    rows = []
    for r in rollouts:
        s = r.sampling
        first = s.tokens, s.surplus, s.variance, s.impossible, s.end_surplus, s.colder, s.hotter, s.narrower
        rows.append((*first, *astuple(r.replay)[1:], r.proof_error, r.proof_places))
    return np.array(rows, dtype=np.float64).reshape(-1, COLUMNS)


def _errors(sums: Numbers) -> WindowErrors:
    tokens, surplus, variance, impossible, end_surplus, *ratios, margin, _, error, places = sums.T
    z = np.divide(np.abs(surplus), np.sqrt(variance), out=np.zeros(len(sums)), where=variance > 0)
    return WindowErrors(
        error / np.maximum(places, 1),
        z + IMPOSSIBLE_Z * impossible,
        np.max(ratios, axis=0),
        end_surplus,
        margin / np.maximum(tokens, 1),
    )
