"""Phase times: every second belongs to exactly one phase."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic1.trainers.reinforcement import clock as module
from synthetic1.trainers.reinforcement.clock import PhaseClock


class FakeTime:
    """Time that passes only when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def perf_counter(self) -> float:
        return self.now


@pytest.fixture
def time(monkeypatch):
    fake = FakeTime()
    monkeypatch.setattr(module, "time", fake)
    return fake


def test_an_inner_phase_is_not_counted_in_the_outer(time):
    clock = PhaseClock()
    time.now += 7  # before any phase: nobody's
    with clock.phase("train"):
        time.now += 1
        with clock.phase("generate"):
            time.now += 10
            with clock.phase("sync"):
                time.now += 100
            time.now += 20
        time.now += 2
    time.now += 7
    assert clock.take() == {"train": 3, "generate": 30, "sync": 100}


def test_taking_starts_anew_even_inside_a_phase(time):
    clock = PhaseClock()
    with clock.phase("train"):
        time.now += 4
        assert clock.take() == {"train": 4}
        time.now += 5
    assert clock.take() == {"train": 5}
    assert clock.take() == {}


def test_a_phase_that_fails_is_counted_and_closed(time):
    clock = PhaseClock()

    def fail() -> None:
        with clock.phase("outer"), clock.phase("inner"):
            time.now += 3
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    time.now += 50
    assert clock.take() == {"outer": 0, "inner": 3}


@given(st.recursive(st.integers(0, 5), lambda inner: st.lists(st.tuples(st.sampled_from("abc"), inner), max_size=4)))
def test_phases_add_up_to_the_time_inside_them(tree):
    fake, clock = FakeTime(), PhaseClock()

    def walk(node: object) -> None:
        if isinstance(node, int):
            fake.now += node
            return
        for name, inner in node:  # type: ignore[attr-defined]
            with clock.phase(name):
                walk(inner)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "time", fake)
        with clock.phase("all"):
            walk(tree)
        assert sum(clock.take().values()) == fake.now - 100.0
