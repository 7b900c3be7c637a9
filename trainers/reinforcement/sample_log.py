"""Which completions of a step are written to ``samples.jsonl``: all, or the telling ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from synthetic1.reports.run_folder import RunFolder
from synthetic1.trainers.reinforcement.objective.reward import RewardedRollout

MOST_UNSCORABLE = 8  # of a step, under samples=some: a judge that is down would fill the disk with one and the same row

SampleRow = dict[str, Any]
"""Of ``samples.jsonl``."""


class SampleLog:
    """Writes the samples of a step, each of them once.

    Args:
        every: steps between two best-and-worst pairs, on the screen and in the file: the first rollout at each multiple
            of it, or after it, has one.
        apart: steps between two rollouts.
        all_: every completion of every step is written, those included that nothing is learned from.
    """

    def __init__(self, run: RunFolder, *, every: int, apart: int, all_: bool) -> None:
        self.run, self.every, self.apart, self.all_ = run, every, apart, all_

    def write(
        self, step: int, rollouts: Sequence[RewardedRollout], dropped: Sequence[RewardedRollout]
    ) -> tuple[int, SampleRow | None, SampleRow | None]:
        """Write those of a step.

        Args:
            dropped: completions that the step was not learned from.

        Returns:
            How many that could not be scored were left out; the best and the worst one, every now and then.
        """
        best, worst = best_and_worst(rollouts) if self._is_due(step) else (None, None)
        unscorable = [r for r in (*rollouts, *dropped) if r.score is None]
        telling = [r for r in (best, worst) if r is not None] + unscorable[:MOST_UNSCORABLE]
        left_out = {id(r) for r in dropped}
        seen = {id(r) for r in telling}
        for r in telling:
            self.run.log_sample(sample_row(r, step, dropped=id(r) in left_out))
        if self.all_:
            for r in (*rollouts, *dropped):
                if id(r) not in seen:  # trackers get the telling ones: a service is no place for thousands a step
                    self.run.log_sample(sample_row(r, step, dropped=id(r) in left_out), tracked=False)
        shown = [sample_row(r, step) if r is not None else None for r in (best, worst)]
        return 0 if self.all_ else max(0, len(unscorable) - MOST_UNSCORABLE), shown[0], shown[1]

    def _is_due(self, step: int) -> bool:
        """Whether a multiple of ``every`` has come since the rollout before this one, in whichever session it was."""
        return step // self.every > max(step - self.apart, 0) // self.every


def best_and_worst(rollouts: Sequence[RewardedRollout]) -> tuple[RewardedRollout | None, RewardedRollout | None]:
    """By advantage, among those that could be scored; one alone is the best, and there is no worst."""
    scored = [r for r in rollouts if r.advantage is not None and r.score is not None]
    if not scored:
        return None, None
    best = max(scored, key=lambda r: r.advantage or 0.0)
    worst = min((r for r in scored if r is not best), key=lambda r: r.advantage or 0.0, default=None)
    return best, worst


def sample_row(rollout: RewardedRollout, step: int, *, dropped: bool = False) -> SampleRow:
    """As written; ``why`` is what the verifier says of its verdict beside the reason, or what kept it from one."""
    row = {**rollout.row(step, "train"), "family": rollout.task.task_type, "tokens": rollout.tokens}
    details = rollout.verdict.details
    why = next((str(details[key]) for key in ("why", "error") if details.get(key)), None)
    return row | ({"why": why} if why else {}) | ({"dropped": True} if dropped else {})
