"""pass@k, 95 % intervals and paired tests for scores in [0, 1]."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Z95 = 1.959963984540054  # the standard normal quantile at 0.975
RESAMPLES = 10_000
EXACT_UP_TO = 13  # 2**13 sign flips are fewer than RESAMPLES, so all of them are tried


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean of scores and its 95 % interval."""

    mean: float
    """NaN without tasks."""
    low: float
    high: float
    n: int
    """Tasks, not samples."""

    @property
    def ci95(self) -> tuple[float, float]:
        return self.low, self.high


@dataclass(frozen=True, slots=True)
class PairedTest:
    """Whether ``after`` differs from ``before`` on the same tasks."""

    difference: float
    """Mean of after - before, in [-1, 1]."""
    low: float
    high: float
    """The difference's 95 % interval."""
    p_value: float
    """Two-sided; of no difference."""
    method: str
    """``mcnemar_exact``, ``permutation_exact`` or ``permutation``."""
    n: int

    @property
    def ci95(self) -> tuple[float, float]:
        return self.low, self.high


def pass_at_k(n: int, c: int, k: int) -> float:
    """Probability that at least one of ``k`` completions is right, estimated without bias from ``c`` right among ``n``.

    1 - C(n-c, k) / C(n, k), as a product that does not overflow: Chen et al. 2021, "Evaluating Large Language Models
    Trained on Code", section 2.1.

    Raises:
        ValueError: unless 0 <= c <= n and 1 <= k <= n.
    """
    if not (0 <= c <= n and 1 <= k <= n):
        raise ValueError(f"pass@k needs 0 <= c <= n and 1 <= k <= n, got n={n}, c={c}, k={k}")
    if n - c < k:
        return 1.0
    return 1.0 - math.prod(1.0 - k / i for i in range(n - c + 1, n + 1))


def wilson(successes: float, n: float) -> tuple[float, float]:
    """95 % score interval of a proportion: Wilson 1927, JASA 22(158). Without trials it is (0, 1).

    Both arguments may be fractional: ``n`` is then an effective sample size.

    Raises:
        ValueError: unless 0 <= successes <= n.
    """
    if not 0 <= successes <= n:
        raise ValueError(f"an interval needs 0 <= successes <= n, got successes={successes}, n={n}")
    if n == 0:
        return 0.0, 1.0
    share, spread = successes / n, Z95 * Z95 / n
    center = (share + spread / 2) / (1 + spread)
    half = math.sqrt(share * (1 - share) * spread + spread * spread / 4) / (1 + spread)
    # At the borders the exact ends are 0 and 1; rounding must not leave the estimate outside its own interval.
    low = 0.0 if successes == 0 else min(max(center - half, 0.0), share)
    high = 1.0 if successes == n else max(min(center + half, 1.0), share)
    return low, high


def mean_interval(per_task_scores: Sequence[Sequence[float]]) -> Estimate:
    """Mean over tasks of their mean score, with an interval that knows samples of one task are alike.

    Wilson's interval at the effective sample size mean*(1-mean) / Var(mean), where the variance is that between tasks
    (Kish 1965, "Survey Sampling"; Miller 2024, "Adding Error Bars to Evals", section 2.2). That size never leaves
    [tasks, samples]: its ends are "samples of a task always agree" and "samples are independent". With one 0/1
    sample a task this is Wilson's interval, so it stays sensible for few tasks and at means of 0 and 1.

    Args:
        per_task_scores: scores in [0, 1], one sequence a task. Tasks without scores (all unscorable) are left out.

    Raises:
        ValueError: a score outside [0, 1].
    """
    tasks = [np.asarray(scores, dtype=np.float64) for scores in per_task_scores if len(scores)]
    for scores in tasks:
        _check_unit(scores)
    if not tasks:
        return Estimate(math.nan, 0.0, 1.0, 0)
    means = np.array([scores.mean() for scores in tasks])
    mean, n, samples = min(float(means.mean()), 1.0), len(tasks), sum(map(len, tasks))
    bernoulli, between = mean * (1 - mean), float(means.var(ddof=1)) / n if n > 1 else 0.0
    effective = float(n) if bernoulli <= 0 or n == 1 else float(np.clip(bernoulli / max(between, 1e-300), n, samples))
    low, high = wilson(min(mean * effective, effective), effective)
    return Estimate(mean, min(low, mean), max(high, mean), n)


def paired_test(before: Sequence[float], after: Sequence[float], *, seed: int = 0) -> PairedTest:
    """Test two scores of the same tasks against "no difference".

    Scores of 0 and 1 only: the exact McNemar test (McNemar 1947), a binomial test on the tasks that changed.
    Otherwise (partial credit, or means of several samples a task): a paired permutation test that flips the signs of
    the differences, all 2**n of them for up to 13 tasks that changed, else 10,000 seeded draws
    (Phipson & Smyth 2010: p = (hits + 1) / (draws + 1), never 0).

    The interval is Bonett & Price's 2012 adjusted Wald interval for paired proportions: one task that went up and one
    that went down are added. The same rule serves any differences in [-1, 1].

    Raises:
        ValueError: lengths differ, no tasks, or a score outside [0, 1].
    """
    first, second = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
    if first.shape != second.shape or first.ndim != 1 or not len(first):
        raise ValueError(f"a paired test needs two equally long score vectors, got {first.shape} and {second.shape}")
    _check_unit(first)
    _check_unit(second)
    change = second - first
    low, high = _adjusted_wald(change)
    binary = bool(np.isin(first, (0.0, 1.0)).all() and np.isin(second, (0.0, 1.0)).all())
    moved = change[change != 0]
    if binary:
        method, p_value = "mcnemar_exact", _mcnemar(up=int((moved > 0).sum()), down=int((moved < 0).sum()))
    elif len(moved) <= EXACT_UP_TO:
        method, p_value = "permutation_exact", _flip_all(moved)
    else:
        method, p_value = "permutation", _flip_some(moved, np.random.default_rng(seed))
    return PairedTest(float(change.mean()), low, high, p_value, method, len(change))


def _check_unit(scores: NDArray[np.float64]) -> None:
    inside = (scores >= 0) & (scores <= 1)  # False for NaN
    if not inside.all():
        raise ValueError(f"scores must lie in [0, 1], got {float(scores[~inside][0])}")


def _adjusted_wald(change: NDArray[np.float64]) -> tuple[float, float]:
    widened = np.append(change, (1.0, -1.0))
    center, half = float(widened.mean()), Z95 * float(widened.std()) / math.sqrt(len(widened))
    return max(center - half, -1.0), min(center + half, 1.0)


def _mcnemar(*, up: int, down: int) -> float:
    """Two-sided binomial test of ``up`` against ``down`` at 1/2; integers throughout, so exact at any size."""
    n, fewer = up + down, min(up, down)
    term = total = 1
    for i in range(fewer):
        term = term * (n - i) // (i + 1)
        total += term
    return min(1.0, 2 * total / (1 << n))


def _flip_all(moved: NDArray[np.float64]) -> float:
    signs = 1.0 - 2.0 * ((np.arange(2 ** len(moved))[:, None] >> np.arange(len(moved))) & 1)
    return float(np.mean(_as_extreme(signs @ moved, moved)))


def _flip_some(moved: NDArray[np.float64], rng: np.random.Generator) -> float:
    hits, chunk = 0, 1_000  # chunks bound the memory: 8 kB a task
    for _ in range(RESAMPLES // chunk):
        signs = 1.0 - 2.0 * rng.integers(0, 2, size=(chunk, len(moved)))
        hits += int(_as_extreme(signs @ moved, moved).sum())
    return (hits + 1) / (RESAMPLES + 1)


def _as_extreme(sums: NDArray[np.float64], moved: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which flipped sums are at least as far from 0 as the observed one; equal up to rounding counts."""
    return np.asarray(np.abs(sums) >= abs(float(moved.sum())) - 1e-9 * max(1.0, float(np.abs(moved).sum())))
