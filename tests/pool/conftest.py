"""What tests of the pool share."""

from __future__ import annotations

import pytest


class SetClock:
    """Seconds since 1970, which pass only when told to."""

    def __init__(self) -> None:
        self.now = 1_764_500_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return SetClock()
