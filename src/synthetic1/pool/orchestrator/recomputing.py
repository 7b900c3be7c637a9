"""Recomputing what nodes hand in, with the pool's model in this process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from synthetic1.pool.orchestrator.settings import PoolSettings
from synthetic1.pool.orchestrator.settling import Recompute, Recomputed
from synthetic1.pool.proving.checking import check_rollout
from synthetic1.pool.proving.claimed_model import ClaimedModel
from synthetic1.pool.toploc.verifying import TopLocThresholds
from synthetic1.task import Task


def opened_recompute(settings: PoolSettings) -> Recompute:
    """Open the model.

    Raises:
        ProgramError: no such model.
    """
    model = ClaimedModel.open(settings.audit.model or settings.model_name, dtype=settings.audit.dtype)
    sampling, audit = settings.plan, settings.audit
    thresholds = TopLocThresholds(audit.exp_mismatches, audit.mant_err_mean, audit.mant_err_median)

    def recompute(pairs: Sequence[tuple[Task, Mapping[str, Any]]]) -> list[Recomputed]:
        found = []
        for task, work in pairs:
            check = check_rollout(model, task.prompt, work, sampling, thresholds)
            found.append(Recomputed(check.outcome, check.reason, check.evidence))
        return found

    return recompute
