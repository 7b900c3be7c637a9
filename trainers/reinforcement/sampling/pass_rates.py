"""What is known of pass rates: counts that fade, since the model they were counted of changes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

FORGOTTEN = 0.5  # completions: what counts less than this says nothing that its level does not say


class FadingCounts:
    """Passes and completions by name, each of which counts half after ``half_life`` rollouts.

    A score between 0 and 1 counts as that share of a pass.
    """

    def __init__(self, half_life: float) -> None:
        self.keep = 0.5 ** (1.0 / half_life)
        self.now = 0
        self._counts: dict[str, tuple[float, float, int]] = {}
        """Passes, completions, and the rollout they were last counted in."""

    def add(self, name: str, score: float) -> None:
        passes, completions = self.of(name)
        self._counts[name] = passes + score, completions + 1.0, self.now

    def of(self, name: str) -> tuple[float, float]:
        """Passes and completions, as much as they count now."""
        passes, completions, then = self._counts.get(name, (0.0, 0.0, self.now))
        fade = self.keep ** (self.now - then)
        return passes * fade, completions * fade

    def next_rollout(self) -> None:
        """Everything fades a little. What is as good as forgotten is let go, so that a long run keeps few."""
        self.now += 1
        self._counts = {name: count for name, count in self._counts.items() if self.of(name)[1] >= FORGOTTEN}

    def state(self) -> dict[str, Any]:
        return {"now": self.now, "counts": {name: list(count) for name, count in self._counts.items()}}

    def load(self, state: dict[str, Any]) -> None:
        self.now = state["now"]
        self._counts = {name: (count[0], count[1], count[2]) for name, count in state["counts"].items()}


def expected_signal(passing: NDArray[np.float64], failing: NDArray[np.float64], group: int) -> NDArray[np.float64]:
    """How much groups of completions are expected to teach, where a task's pass rate is Beta(passing, failing).

    A group of which ``k`` pass moves the policy by its rewards' standard deviation, ``sqrt(k * (group - k)) / group``:
    0 if all pass or all fail, most at half. The mean of that over the beta-binomial ``k``, which holds both the chance
    that a group has any variance and how little is known of the task.

    Args:
        passing, failing: pseudo-counts above 0, of the same shape, which is that of the answer; it is in [0, 0.5].
    """
    whole = passing + failing
    chance = np.ones_like(whole)
    for i in range(group):  # of k = 0
        chance = chance * (failing + i) / (whole + i)
    mean = np.zeros_like(whole)
    for k in range(1, group):
        chance = chance * (group - k + 1) / k * (passing + k - 1) / (failing + group - k)
        mean = mean + chance * np.sqrt(k * (group - k)) / group
    return np.asarray(mean)
