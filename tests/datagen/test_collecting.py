"""The garbage collector has nothing to do while a run works, and is as it was afterwards."""

from __future__ import annotations

import gc

import pytest

from synthetic1.datagen.generation.collecting import NEW_OBJECTS, collecting_rarely


@pytest.fixture(autouse=True)
def as_it_was():
    before = gc.get_threshold()
    gc.unfreeze()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


@pytest.mark.parametrize(("before", "within"), [(700, NEW_OBJECTS), (NEW_OBJECTS * 2, NEW_OBJECTS * 2), (0, 0)])
def test_thresholds_rise_for_the_time(before, within):
    gc.set_threshold(before, 10, 10)
    with collecting_rarely():
        assert gc.get_threshold() == (within, 10, 10)
        assert gc.get_freeze_count() > 0
    assert gc.get_threshold() == (before, 10, 10)
    assert gc.get_freeze_count() == 0


def test_a_run_that_fails_leaves_it_as_it_was():
    before = gc.get_threshold()
    with pytest.raises(KeyError), collecting_rarely():
        raise KeyError
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, 0)


def test_what_somebody_had_frozen_stays_so():
    gc.freeze()
    with collecting_rarely():
        pass
    assert gc.get_freeze_count() > 0


def test_a_run_within_a_run_goes_on_as_it_was():
    with collecting_rarely():
        with collecting_rarely():
            pass
        assert gc.get_threshold()[0] == NEW_OBJECTS
        assert gc.get_freeze_count() > 0
