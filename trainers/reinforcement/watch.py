"""Warnings about what silently kills runs. Each is said when it begins, and again only after it has gone away."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from synthetic1.trainers.reinforcement.settings import GrpoSettings

PATIENCE = 5  # steps in a row before a share counts as a state and not as chance


@dataclass(frozen=True, slots=True)
class Danger:
    """One condition on a row of ``metrics.jsonl``, and what to do about it."""

    name: str
    holds: Callable[[Mapping[str, Any]], bool]
    patience: int
    message: str


def _above(key: str, limit: float) -> Callable[[Mapping[str, Any]], bool]:
    return lambda row: row.get(key) is not None and row[key] > limit


@dataclass(frozen=True, slots=True)
class Sampler:
    """What makes completions: as far as log-probabilities, and whether they teach anything, depend on it."""

    backend: str = "transformers"
    truncation: str = ""
    """What leaves tokens out of its distribution, as it is set, e.g. ``rollout.top_p=0.9``; empty if nothing does."""
    tasks: str = "uniform"
    """How its tasks are chosen: ``trainer.sampling``."""


def sampler_of(settings: GrpoSettings) -> Sampler:
    """That of a run."""
    rollout, extra = settings.rollout, settings.trainer.extra
    said = [f"rollout.top_p={rollout.top_p:g}"] if rollout.top_p < 1 else []
    said += [f"trainer.extra.top_k={extra['top_k']}"] if (extra.get("top_k") or 0) > 0 else []
    said += [f"trainer.extra.min_p={extra['min_p']}"] if extra.get("min_p") else []
    penalty = extra.get("repetition_penalty")
    said += [f"trainer.extra.repetition_penalty={penalty}"] if penalty not in (None, 1, 1.0) else []
    return Sampler(rollout.backend, " and ".join(said), settings.trainer.sampling)


def dangers(sampler: Sampler) -> tuple[Danger, ...]:
    """All conditions, with the causes and remedies that this sampler allows."""
    other = "" if sampler.tasks == "adaptive" else "try trainer.sampling=adaptive, "
    return (
        Danger(
            "no_signal",
            _above("zero_std_share", 0.9),
            PATIENCE,
            "in over 90% of groups all rewards are equal, so nearly nothing to learn (a loss of 0 is not a success):"
            f" change the level of the tasks, {other}or raise group_size or the temperature",
        ),
        Danger(
            "truncated",
            _above("clip_share", 0.9),
            PATIENCE,
            "over 90% of completions are cut off before their end: raise rollout.max_completion_length",
        ),
        Danger("logp_drift", _above("logp_difference", 0.02), 2, _drift(sampler)),
        Danger(
            "unscorable",
            _above("unscorable_share", 0.05),
            1,
            "over 5% of completions could not be scored (a failure of ours, masked): see `reason` and `why` in"
            " samples.jsonl",
        ),
        Danger(
            "refills_spent",
            _above("missing_share", 0.0),
            1,
            "trainer.difficulty.max_refills did not fill the batch: the rest of it are groups that teach nothing;"
            " change the level of the tasks, or raise group_size",
        ),
    )


def _drift(sampler: Sampler) -> str:
    said = "log-probabilities of the sampler and the trainer differ: "
    if sampler.truncation:
        # vLLM gives those of the distribution it samples from, TRL computes those of the whole one (TRL issue 6789).
        return (
            f"{said}the sampler's are of what {sampler.truncation} leaves, the trainer's of the whole distribution, and"
            " the correction for the difference is off by as much; sample from the whole distribution"
        )
    if sampler.backend == "vllm_server":
        return f"{said}the server may hold stale weights, or another model than the trainer's"
    return f"{said}vLLM may hold stale weights, or compute in another number format than the trainer"


@dataclass
class Watch:
    """Follows a run row by row."""

    sampler: Sampler = Sampler()
    _count: dict[str, int] = field(default_factory=dict)

    def warnings(self, row: Mapping[str, Any]) -> list[str]:
        """What began with this row; a step that made no completions neither counts nor clears."""
        said: list[str] = []
        if row.get("completions") == 0:
            return said
        for danger in dangers(self.sampler):
            count = self._count.get(danger.name, 0) + 1 if danger.holds(row) else 0
            self._count[danger.name] = count
            if count == danger.patience:
                said.append(danger.message)
        return said
