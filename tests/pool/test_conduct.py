"""When a node's record cannot be an honest one's: against exact tails, and simulated nodes."""

from __future__ import annotations

import random
from fractions import Fraction
from math import comb

import pytest

from synthetic1.pool.orchestrator.conduct import Conduct, at_least


@pytest.mark.parametrize("of", [1, 7, 120])
@pytest.mark.parametrize("chance", [0.0005, 0.005, 0.1, 0.5])
def test_the_tail_is_the_binomial_one(of, chance):
    exact = Fraction(str(chance))
    for hits in {0, 1, 2, 3, of // 2, of}:
        tail = sum(comb(of, k) * exact**k * (1 - exact) ** (of - k) for k in range(hits, of + 1))
        assert at_least(hits, of, chance) == pytest.approx(float(tail), rel=1e-6, abs=1e-12)


def test_honest_nodes_stay_and_liars_go():
    rng = random.Random(0)

    def caught_after(share: float, looked_at: int) -> int | None:
        conduct = Conduct(400, 0.005, 1e-5)
        for number in range(looked_at):
            conduct.note([rng.random() < share])
            if conduct.is_dishonest:
                return number + 1
        return None

    assert sum(caught_after(0.001, 2_000) is not None for _ in range(200)) == 0
    liars = [caught_after(0.9, 50) for _ in range(200)]
    assert all(after is not None and after <= 12 for after in liars)
    assert all(caught_after(0.1, 400) is not None for _ in range(100))


def test_who_solves_less_than_others_do_is_looked_at_and_not_condemned():
    """It may be the others who hand in the best of several."""
    conduct = Conduct(400, 0.005, 1e-5)
    conduct.better, conduct.worse = 2, 12
    assert not conduct.is_doubtful
    conduct.worse = 40
    assert conduct.is_doubtful
    assert conduct.is_dishonest is None
    conduct.better = 38  # by chance
    assert not conduct.is_doubtful
    conduct.better, conduct.worse = 10_000, 20_000
    assert conduct.is_doubtful
