"""Which environment a program works on, as settings say it: one, or a weighted mixture."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, model_validator


class Section(BaseModel):
    """Unknown names are errors; values do not change after validation.

    The docstring below a field is its description in docs/configuration.md.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


OF_TRAINING = ("rewards", "loss")
"""What a part of a mixture may hold for GRPO, beside the arguments of its environment."""


class EnvSettings(BaseModel):
    """An environment: ``id`` and the keyword arguments of ``gym.make``; or a weighted mixture of environments."""

    model_config = ConfigDict(extra="allow", frozen=True, use_attribute_docstrings=True)
    id: str | None = None
    """The environment's id, e.g. ``synthetic1/math-v0``; ``env=NAME`` sets it with its arguments."""
    mixture: dict[str, dict[str, Any]] | None = None
    """Instead of an id: several environments by weight, each a name → ``{weight, id, **arguments}``."""

    @model_validator(mode="after")
    def one_of_both(self) -> EnvSettings:
        if (self.id is None) == (self.mixture is None):
            raise ValueError("env needs either an `id` (with keyword arguments of gym.make) or a `mixture`")
        for name, part in (self.mixture or {}).items():
            if "id" not in part or not isinstance(part.get("weight"), int | float) or part["weight"] <= 0:
                raise ValueError(f"mixture.{name} needs an `id` and a positive `weight`")
        for part in (self.mixture or {"": self.kwargs}).values():
            if part.get("split", "train") not in ("train", "all"):
                raise ValueError(f"split={part['split']} cannot be chosen here: train, or in generate also all")
        return self

    def idle(self) -> Iterator[tuple[str, str]]:
        """Arguments that do nothing beside a mixture, and why; ``env.id=null`` may leave those of an environment."""
        for name in self.kwargs if self.mixture is not None else ():
            yield f"env.{name}", f"beside a mixture; give it to its parts: env.mixture.NAME.{name}=…"

    @property
    def kwargs(self) -> dict[str, Any]:
        return dict(self.model_extra or {})

    @property
    def name(self) -> str:
        """The short name that run folders bear, e.g. ``code_understanding``."""
        return short_name(self.id) if self.id is not None else "+".join(self.mixture or {})

    @property
    def untrained(self) -> EnvSettings:
        """The same environments, without what the parts hold for GRPO."""
        if self.mixture is None:
            return self
        parts = {name: {k: v for k, v in part.items() if k not in OF_TRAINING} for name, part in self.mixture.items()}
        return EnvSettings(mixture=parts)


def _train_only(env: EnvSettings) -> EnvSettings:
    if any(part.get("split", "train") != "train" for part in (env.mixture or {"": env.kwargs}).values()):
        raise ValueError("split=all cannot be chosen here: training learns from train, and what is measured is test")
    return env


SplitEnvSettings = Annotated[EnvSettings, AfterValidator(_train_only)]
"""Of programs that take one side for one thing and the other for another."""


def takes_argument(env_id: str, name: str) -> bool:
    """Whether an environment has an argument of this name; an id that nobody registered has none."""
    import gymnasium
    from gymnasium.envs.registration import load_env_creator

    try:
        entry_point = gymnasium.spec(env_id).entry_point
    except gymnasium.error.Error:
        return False  # `gym.make` says what is wrong with it
    creator: Any = load_env_creator(entry_point) if isinstance(entry_point, str) else entry_point
    return name in inspect.signature(creator).parameters


def short_name(env_id: str) -> str:
    """``synthetic1/code_understanding-v0`` → ``code_understanding``."""
    return env_id.rpartition("/")[2].rpartition("-v")[0] or env_id
