"""An audit loads no model: what makes a process ready to train is not for these tests, which run beside it."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session", autouse=True)
def _no_vllm_here() -> None:
    """In place of the one above, which imports TRL."""


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    """In place of the one above, which imports torch."""
