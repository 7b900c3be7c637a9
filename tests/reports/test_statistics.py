"""pass@k, intervals and paired tests against published values, brute force and their own invariants."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthetic1.reports.statistics import mean_interval, paired_test, pass_at_k, wilson

binary = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=60)
scores = st.lists(st.lists(st.floats(0, 1), min_size=1, max_size=5), min_size=1, max_size=30)


@pytest.mark.parametrize(
    ("n", "c", "k", "expected"),
    [
        (1, 0, 1, 0.0),
        (1, 1, 1, 1.0),
        (10, 3, 1, 0.3),
        (10, 3, 5, 11 / 12),
        (10, 6, 5, 1.0),
        (200, 20, 10, 0.6602),
        (5, 0, 5, 0.0),
    ],
)
def test_pass_at_k_values(n: int, c: int, k: int, expected: float) -> None:
    assert pass_at_k(n, c, k) == pytest.approx(expected, abs=5e-5)


@given(st.integers(1, 9).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(1, n))))
def test_pass_at_k_is_the_share_of_subsets_with_a_right_one(case: tuple[int, int, int]) -> None:
    n, c, k = case
    subsets = list(itertools.combinations([1] * c + [0] * (n - c), k))
    assert pass_at_k(n, c, k) == pytest.approx(sum(map(any, subsets)) / len(subsets))


@pytest.mark.parametrize(("n", "c", "k"), [(0, 0, 1), (5, 6, 1), (5, -1, 1), (5, 2, 0), (5, 2, 6)])
def test_pass_at_k_refuses(n: int, c: int, k: int) -> None:
    with pytest.raises(ValueError, match=f"n={n}, c={c}, k={k}"):
        pass_at_k(n, c, k)


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [  # Newcombe 1998, Statistics in Medicine 17:857-872, table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (0, 0, 0.0, 1.0),
    ],
)
def test_wilson_values(successes: int, n: int, low: float, high: float) -> None:
    assert wilson(successes, n) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 5_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_the_share_and_mirrors(case: tuple[int, int]) -> None:
    successes, n = case
    low, high = wilson(successes, n)
    assert 0 <= low <= successes / n <= high <= 1
    assert wilson(n - successes, n) == pytest.approx((1 - high, 1 - low))


@given(st.lists(st.integers(0, 1), min_size=1, max_size=80))
def test_one_sample_a_task_is_wilson(outcomes: list[int]) -> None:
    estimate = mean_interval([[outcome] for outcome in outcomes])
    assert estimate.mean == pytest.approx(np.mean(outcomes))
    assert estimate.ci95 == pytest.approx(wilson(sum(outcomes), len(outcomes)))


@given(scores)
def test_mean_interval_holds_its_mean_and_stays_between_its_two_ends(tasks: list[list[float]]) -> None:
    estimate = mean_interval(tasks)
    assert estimate.n == len(tasks)
    assert estimate.mean == pytest.approx(np.mean([np.mean(task) for task in tasks]))
    assert 0 <= estimate.low <= estimate.mean <= estimate.high <= 1
    widest = wilson(estimate.mean * len(tasks), len(tasks))
    assert estimate.low >= widest[0] - 1e-9
    assert estimate.high <= widest[1] + 1e-9


def test_samples_that_agree_count_once_and_independent_ones_each() -> None:
    alike = mean_interval([[outcome] * 8 for outcome in (0, 1) * 25])
    assert alike.ci95 == pytest.approx(wilson(25, 50))
    mixed = mean_interval([[0, 1] * 4] * 50)
    assert mixed.ci95 == pytest.approx(wilson(200, 400))


def test_mean_interval_covers_the_truth_on_clustered_scores() -> None:
    draw, truth, covered, naive = np.random.default_rng(0), 0.4, 0, 0
    for _ in range(600):
        chances = draw.beta(0.4, 0.6, size=30)
        outcomes = draw.binomial(1, chances[:, None], size=(30, 8))
        low, high = mean_interval(outcomes.tolist()).ci95
        covered += low <= truth <= high
        low, high = wilson(int(outcomes.sum()), outcomes.size)
        naive += low <= truth <= high
    assert covered >= 0.92 * 600
    assert naive < 0.80 * 600  # what pretending that samples are independent would give


def test_tasks_without_scores_are_left_out_and_nothing_is_not_a_number() -> None:
    assert mean_interval([[1.0], [], [0.0]]) == mean_interval([[1.0], [0.0]])
    nothing = mean_interval([[]])
    assert math.isnan(nothing.mean)
    assert (nothing.ci95, nothing.n) == ((0.0, 1.0), 0)


@pytest.mark.parametrize("wrong", [-0.01, 1.01, math.nan])
def test_scores_outside_the_unit_interval_are_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        mean_interval([[0.5], [wrong]])
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        paired_test([0.5], [wrong])


@pytest.mark.parametrize(
    ("up", "down", "p_value"),
    [(0, 0, 1.0), (5, 0, 0.0625), (9, 1, 0.021484375), (1, 9, 0.021484375), (15, 7, 0.133801), (10, 10, 1.0)],
)
def test_mcnemar_values(up: int, down: int, p_value: float) -> None:
    before, after = [0] * up + [1] * down + [0, 1], [1] * up + [0] * down + [0, 1]
    test = paired_test(before, after)
    assert (test.method, test.n) == ("mcnemar_exact", up + down + 2)
    assert test.p_value == pytest.approx(p_value, abs=5e-7)


@given(binary)
def test_mcnemar_is_the_binomial_test_and_its_interval_bonett_and_price(pairs: list[tuple[int, int]]) -> None:
    before, after = zip(*pairs, strict=True)
    test = paired_test(before, after)
    n, up, down = len(pairs), pairs.count((0, 1)), pairs.count((1, 0))
    tail = sum(math.comb(up + down, i) for i in range(min(up, down) + 1)) / 2 ** (up + down)
    assert test.p_value == pytest.approx(min(1.0, 2 * tail))
    p_up, p_down = (up + 1) / (n + 2), (down + 1) / (n + 2)
    half = 1.959964 * math.sqrt((p_up + p_down - (p_up - p_down) ** 2) / (n + 2))
    assert test.low == pytest.approx(max(p_up - p_down - half, -1), abs=1e-6)
    assert test.high == pytest.approx(min(p_up - p_down + half, 1), abs=1e-6)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=20))
@settings(deadline=None)
def test_a_paired_test_is_symmetric(pairs: list[tuple[float, float]]) -> None:
    before, after = zip(*pairs, strict=True)
    there, back = paired_test(before, after), paired_test(after, before)
    assert 0 < there.p_value <= 1
    assert there.p_value == pytest.approx(back.p_value)
    assert there.difference == pytest.approx(-back.difference)
    assert -1 <= there.low <= there.difference <= there.high <= 1
    assert paired_test(before, before).p_value == 1.0


def test_permutation_values() -> None:
    few = paired_test([0.25, 0.25, 0.25, 0.5], [0.75, 0.75, 0.75, 0.5])
    assert (few.method, few.p_value) == ("permutation_exact", 0.25)  # 2 of the 8 flips are as far from 0
    draw = np.random.default_rng(1)
    before = draw.random(40) * 0.5
    noise = np.clip(before + draw.normal(0, 0.05, 40), 0, 1)
    many = paired_test(before.tolist(), noise.tolist())
    assert many.method == "permutation"
    assert many == paired_test(before.tolist(), noise.tolist())
    # Close to Student's paired t, two-sided, with 39 degrees of freedom: 0.05 lies at |t| = 2.023.
    change = noise - before
    t = change.mean() / (change.std(ddof=1) / math.sqrt(40))
    assert (many.p_value < 0.05) == (abs(t) > 2.023)
    clear = paired_test(before.tolist(), (before + 0.4).tolist())
    assert clear.p_value == pytest.approx(1 / 10_001)


@pytest.mark.parametrize(("before", "after"), [([], []), ([1.0], [1.0, 0.0])])
def test_a_paired_test_needs_pairs(before: list[float], after: list[float]) -> None:
    with pytest.raises(ValueError, match="equally long"):
        paired_test(before, after)
