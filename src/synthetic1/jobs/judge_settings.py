"""Judged environments in programs: the section `judge` of their settings, and how it reaches the environments."""

from __future__ import annotations

import inspect
from typing import Any

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from synthetic1.jobs.env_settings import EnvSettings, Section
from synthetic1.rewards.judging.calibration import Thresholds
from synthetic1.rewards.judging.settings import judge_settings
from synthetic1.tasks.sources.mixture import Concatenation
from synthetic1.tasks.sources.source import TaskSource


class JudgeSection(Section):
    """The judge of judged families, and how far it is trusted; the fields up to ``extra_body`` make it."""

    url: str | list[str] | None = None
    """``local``, the address of a server, or those of equal replicas; None = no judge."""
    model: str | None = None
    votes: PositiveInt = 1
    vary_order: bool = False
    max_tokens: PositiveInt = 2048
    temperature: float = Field(default=0.0, ge=0.0, le=2.0)
    attempts: PositiveInt = 5
    api_key_env: str = "OPENAI_API_KEY"
    max_in_flight: PositiveInt = 64
    timeout_s: PositiveFloat = 600.0
    outage_s: float = Field(default=300.0, ge=0.0)
    thinking_open: bool = False
    price: dict[str, float] | None = None
    cache: str | None = None
    extra_body: dict[str, Any] = Field(default_factory=dict)
    allow_uncalibrated: bool = False
    """Train on a judge whose error rates are unknown or too high, or without one."""
    max_false_accept: float = Field(default=0.02, ge=0.0, le=1.0)
    max_false_reject: float = Field(default=0.2, ge=0.0, le=1.0)

    @model_validator(mode="after")
    def makes_a_judge(self) -> JudgeSection:
        judge_settings(self.argument)
        return self

    @property
    def argument(self) -> dict[str, Any] | None:
        """The argument ``judge`` of a judged environment."""
        if self.url is None:
            return None
        return self.model_dump(exclude={"allow_uncalibrated", "max_false_accept", "max_false_reject"})

    @property
    def thresholds(self) -> Thresholds:
        return Thresholds(self.max_false_accept, self.max_false_reject)


def task_types(tasks: TaskSource, looked_at: int) -> set[str]:
    """The task types that occur in ``tasks``, going by as many of each source in it, spread evenly.

    Of each: the science questions beside a million sums are judged, too, however few they are.
    """
    if isinstance(tasks, Concatenation):
        return {name for source in tasks.sources for name in task_types(source, looked_at)}
    step = -(-len(tasks) // looked_at) or 1
    return {tasks[index].task_type for index in range(0, len(tasks), step)}


def with_judge(env: EnvSettings, judge: JudgeSection) -> EnvSettings:
    """``env`` with the argument ``judge`` for every judged environment in it, unless it has one of its own."""
    if judge.argument is None:
        return env
    if env.id is not None:
        return EnvSettings.model_validate({"id": env.id, **_judged(env.id, env.kwargs, judge)})
    parts = {name: _judged(part["id"], part, judge) for name, part in (env.mixture or {}).items()}
    return EnvSettings(mixture=parts)


def takes_judge(env_id: str) -> bool:
    """Whether an environment has an argument ``judge``; an id that nobody registered has none."""
    import gymnasium
    from gymnasium.envs.registration import load_env_creator

    try:
        entry_point = gymnasium.spec(env_id).entry_point
    except gymnasium.error.Error:
        return False  # `gym.make` says what is wrong with it
    creator: Any = load_env_creator(entry_point) if isinstance(entry_point, str) else entry_point
    return "judge" in inspect.signature(creator).parameters


def _judged(env_id: str, kwargs: dict[str, Any], judge: JudgeSection) -> dict[str, Any]:
    if kwargs.get("judge") is not None or not takes_judge(env_id):
        return kwargs
    return {**kwargs, "judge": judge.argument}
