"""The goal of a run: what is left to do of a task, and when it has enough."""

from __future__ import annotations

import pytest

from synthetic1.datagen.generation.goal import Goal
from synthetic1.datagen.journal.reader import Status

RIGHT = Status(0, "stop", 1.0, "correct")
HALF = Status(0, "stop", 0.5, "partial")
WRONG = Status(0, "stop", 0.0, "wrong_answer")
CUT = Status(0, "length", 0.0, "no_answer")
CUT_RIGHT = Status(0, "length", 1.0, "correct")
NEW = Status(0, "stop", None, None)
OURS = Status(0, "stop", None, "unscorable_infra")
JUDGES = Status(0, "stop", None, "unscorable_judge")
NOBODYS = Status(0, "stop", None, "unscorable_gold")

MET = [
    # the goal; how far the rollouts of a task are; whether it is met
    (Goal(), [], False),
    (Goal(), [RIGHT], True),
    (Goal(), [WRONG], True),
    (Goal(samples=2), [RIGHT], False),
    (Goal(samples=2), [RIGHT, WRONG], True),
    (Goal(samples=2, keep=1), [RIGHT], True),
    (Goal(samples=2, keep=1), [WRONG], False),
    (Goal(samples=2, keep=1), [HALF], False),
    (Goal(samples=2, keep=1, threshold=0.5), [HALF], True),
    (Goal(samples=2, keep=1), [NEW, RIGHT], True),  # whatever comes of the other
    (Goal(samples=3, keep=2), [RIGHT, WRONG, WRONG], True),  # no more may be asked
    (Goal(), [NEW], False),
    (Goal(), [OURS], False),
    (Goal(), [JUDGES], False),
    (Goal(), [NOBODYS], True),  # verifying it again would say the same
    (Goal(), [CUT], True),
    (Goal(continue_truncated=True), [CUT], False),
    (Goal(continue_truncated=True), [CUT_RIGHT], False),
    (Goal(keep=1, continue_truncated=True), [CUT_RIGHT], True),
]


@pytest.mark.parametrize(("goal", "found", "met"), MET)
def test_when_nothing_is_wanted_of_a_task(goal: Goal, found: list[Status], met: bool) -> None:
    assert goal.is_met(dict(enumerate(found))) is met


def test_an_index_that_is_not_asked_for_does_not_count() -> None:
    assert not Goal(samples=1).is_met({1: RIGHT})


def test_terms_are_those_that_stored_runs_hold() -> None:
    terms = Goal(3, 2, 0.5, True).terms
    assert list(terms.items()) == [("samples", 3), ("keep", 2), ("threshold", 0.5), ("continue_truncated", True)]
