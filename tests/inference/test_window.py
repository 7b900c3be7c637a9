"""The adaptive window: it shrinks at once, grows back, and no pace of long ago holds it down."""

from __future__ import annotations

import random

import pytest

from synthetic1.inference.window import Window


def answers(window, count, *, seconds, tokens, rng):
    for _ in range(count):
        window.answered(seconds * rng.lognormvariate(0, 0.6), tokens)


@pytest.mark.parametrize(
    ("seconds", "tokens"), [(2.0, 200), (12.0, 200), (2.0, 5), (0.5, 200)], ids=["as before", "slow", "short", "fast"]
)
def test_a_window_that_was_cut_to_one_grows_back(seconds, tokens):
    window, rng = Window(64), random.Random(0)
    answers(window, 500, seconds=2.0, tokens=200, rng=rng)
    for storm in range(12):
        window.in_flight = window.size
        window.congested(asked_at=storm, now=storm + 0.5)
    assert window.size == 1
    answers(window, 600, seconds=seconds, tokens=tokens, rng=rng)
    assert window.size == 64


def test_all_that_were_in_flight_cut_once():
    window = Window(64)
    window.in_flight = 64
    for asked_at in range(10):
        window.congested(asked_at=asked_at, now=10.0 + asked_at)
    assert window.size == 32


def test_a_window_whose_answers_grow_slow_grows_no_further():
    window, rng = Window(64), random.Random(1)
    window.in_flight = 64
    window.congested(asked_at=0.0, now=1.0)
    answers(window, 60, seconds=2.0, tokens=200, rng=rng)
    before = window.size
    answers(window, 32, seconds=40.0, tokens=200, rng=rng)
    slow = window.size
    answers(window, 32, seconds=40.0, tokens=200, rng=rng)
    assert before <= slow < 64
    assert window.size == slow
