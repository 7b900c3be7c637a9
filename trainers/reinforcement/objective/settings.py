"""What people write of rewards: components and their weights, known noise, and the loss of a part of a mixture."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Literal

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from synthetic1.jobs.env_settings import EnvSettings, Section
from synthetic1.jobs.program import ProgramError, validate
from synthetic1.trainers.reinforcement.objective.built_in import BUILT_IN
from synthetic1.trainers.reinforcement.objective.components import CORRECTNESS, RewardComponent, load_function

LossType = Literal["bnpo", "cispo", "dapo", "dr_grpo", "grpo", "luspo", "sapo", "vespo"]
UNCLIPPED = ("sapo", "vespo")
NAME = re.compile(r"[A-Za-z]\w*")


class RewardSettings(Section):
    """A component of the reward: what is added to it, measured and logged under its own name."""

    name: str
    """``correctness`` (to give it another weight), ``format``, ``overlong``, ``language``, ``relative_length``,
    ``diversity``, or a name of one's own with a ``function``."""
    weight: float = Field(default=1.0, allow_inf_nan=False)
    """What a value counts in the reward; 0 = it is measured, and nothing more."""
    function: str | None = None
    """``module:function``, of one's own; None = built in."""
    buffer: PositiveInt | None = None
    """For ``overlong``: tokens before the length limit over which it falls from 0 to -1; None = a fifth of the limit.
    """

    @model_validator(mode="after")
    def known(self) -> RewardSettings:
        if self.buffer is not None and self.name != "overlong":
            raise ValueError(f"buffer belongs to overlong, and does nothing for {self.name}")
        if self.function is None:
            check_names([self.name], {CORRECTNESS, *BUILT_IN}, "or give a function: module:function")
        elif self.name in {CORRECTNESS, *BUILT_IN}:
            raise ValueError(f"`{self.name}` is built in; give a function another name")
        elif not NAME.fullmatch(self.name):
            raise ValueError(f"`{self.name}` is not a name: letters, digits and _, a letter first")
        else:
            RewardComponent(self.name, load_function(self.function), self.function)
        return self


class NoiseSettings(Section):
    """How often a verifier errs."""

    false_accept: float = Field(default=0.0, ge=0.0, le=1.0)
    """The share of wrong answers that it accepts."""
    false_reject: float = Field(default=0.0, ge=0.0, le=1.0)
    """The share of right answers that it rejects."""


class PartLossSettings(Section):
    """The loss of a part of a mixture; what it leaves out is as in ``trainer``."""

    loss_type: LossType | None = None
    """TRL's loss."""
    epsilon: PositiveFloat | None = None
    """Ratios of probabilities are clipped below 1 - ``epsilon``."""
    epsilon_high: PositiveFloat | None = None
    """Ratios are clipped above 1 + ``epsilon_high``."""
    weight: PositiveFloat = 1.0
    """What the part's loss counts."""


def part_weights(env: EnvSettings, name: str) -> dict[str, float]:
    """Component → weight, as a part of the mixture says them.

    Raises:
        ValueError: something else than numbers by name.
    """
    found = (env.mixture or {})[name].get("rewards", {})
    if not isinstance(found, Mapping) or not all(_is_weight(weight) for weight in found.values()):
        raise ValueError(f"env.mixture.{name}.rewards={found!r} must be weights by component, e.g. {{format: 0.2}}")
    return {str(component): float(weight) for component, weight in found.items()}


def part_loss(env: EnvSettings, name: str) -> PartLossSettings | None:
    """The loss that a part of the mixture says.

    Raises:
        ValueError: it says something else.
    """
    found = (env.mixture or {})[name].get("loss")
    try:
        return None if found is None else validate(PartLossSettings, found)
    except ProgramError as error:
        raise ValueError(f"env.mixture.{name}.loss: {error}") from None


def inherited_epsilon_high(loss_type: str, of_trainer: str, epsilon_high: float | None) -> float | None:
    """The trainer's ``epsilon_high`` as a part with its own ``loss_type`` has it: cispo's is a cap of the ratio itself,
    and no other loss's."""
    return None if of_trainer == "cispo" != loss_type else epsilon_high


def check_names(names: Collection[str], known: Collection[str], otherwise: str) -> None:
    """Refuse names that nothing has, with the nearest one that something has.

    Raises:
        ValueError: one line.
    """
    for name in names:
        if name not in known:
            meant = "".join(f"did you mean `{near}`? " for near in get_close_matches(name, known, n=1))
            raise ValueError(f"there is no `{name}`; {meant}there are: {', '.join(sorted(known))}; {otherwise}")


def check_rewards(rewards: Sequence[RewardSettings], env: EnvSettings, longest: int) -> None:
    """Refuse components and weights, also those of parts of a mixture, that are nothing or do nothing.

    Args:
        longest: tokens of a completion, at most.

    Raises:
        ValueError: one line.
    """
    names = [reward.name for reward in rewards]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"rewards: `{twice[0]}` is there twice; every component has a name of its own")
    base = {CORRECTNESS: 1.0} | {reward.name: reward.weight for reward in rewards}
    by_part = {f"env.mixture.{name}.rewards": part_weights(env, name) for name in env.mixture or {}}
    for where, own in (by_part or {"rewards": {}}).items():
        try:
            check_names(own, base, "components stand in `rewards`")
        except ValueError as error:
            raise ValueError(f"{where}: {error}") from None
        if not any((base | own).values()):
            raise ValueError(f"{where}: all weights are 0, so there is nothing to learn")
    for reward in rewards:
        if (reward.buffer or 0) > longest:
            raise ValueError(
                f"rewards: overlong's buffer of {reward.buffer} tokens is more than "
                f"rollout.max_completion_length={longest}"
            )


def check_losses(env: EnvSettings, loss_type: str, epsilon_high: float, extra: Mapping[str, Any]) -> None:
    """Refuse losses, the trainer's and those of parts of a mixture, that do not go with the other settings.

    Args:
        loss_type: the trainer's, as ``epsilon_high`` and ``extra`` are.

    Raises:
        ValueError: one line.
    """
    _check_clipping("trainer", loss_type, epsilon_high)
    for name in env.mixture or {}:
        if (loss := part_loss(env, name)) is None:
            continue
        where, own = f"env.mixture.{name}.loss", loss.loss_type or loss_type
        _check_clipping(where, own, loss.epsilon_high or epsilon_high)
        for field, why in idle_clipping(own, has_high=True):
            if getattr(loss, field) is not None:
                raise ValueError(f"{where}.{field} does nothing with loss_type={own}, {why}")
        if bonus := [key for key in ("entropy_coef", "use_adaptive_entropy") if extra.get(key)]:
            raise ValueError(f"{where} does not go with trainer.extra.{bonus[0]}, which is a term of the whole batch")


def idle_clipping(loss_type: str, *, has_high: bool) -> Iterator[tuple[str, str]]:
    """(field, why) of what a loss does not use to clip ratios.

    Args:
        has_high: it has an ``epsilon_high``, and not ``epsilon`` in its place.
    """
    if loss_type in UNCLIPPED:
        for field in ("epsilon", "epsilon_high"):
            yield field, "which clips no ratios"
    elif loss_type == "cispo" and has_high:
        yield "epsilon", "which caps ratios at epsilon_high alone"


def check_noise(
    noise: Mapping[str, NoiseSettings],
    injected: NoiseSettings | None,
    rewards: Sequence[RewardSettings],
    env: EnvSettings,
    *,
    correct: bool,
) -> None:
    """Refuse rates and switches of noise that do nothing.

    Args:
        injected: ``trainer.inject_noise``.
        correct: ``trainer.noise_correction``.

    Raises:
        ValueError: one line.
    """
    if noise and not correct:
        raise ValueError("noise does nothing without trainer.noise_correction=true")
    if injected is not None and not (injected.false_accept or injected.false_reject):
        raise ValueError(
            "trainer.inject_noise without rates above 0 does nothing; give false_accept, false_reject, or leave it out"
        )
    base = {CORRECTNESS: 1.0} | {reward.name: reward.weight for reward in rewards}
    weights = [part_weights(env, name).get(CORRECTNESS, base[CORRECTNESS]) for name in env.mixture or {}]
    if not any(weights or [base[CORRECTNESS]]):
        for name, on in (("noise_correction", correct), ("inject_noise", injected is not None)):
            if on:
                raise ValueError(f"trainer.{name} does nothing where correctness has weight 0; leave it out")


def _check_clipping(where: str, loss_type: str, epsilon_high: float) -> None:
    if loss_type == "cispo" and epsilon_high < 1:
        raise ValueError(f"loss_type=cispo caps the ratio itself at {where}.epsilon_high; give one above 1, e.g. 5")


def _is_weight(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
