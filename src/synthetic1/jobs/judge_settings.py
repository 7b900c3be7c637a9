"""Judged environments in programs: the section `judge` of their settings, and how it reaches the environments."""

from __future__ import annotations

from typing import Any

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from synthetic1.jobs.env_settings import EnvSettings, Section, takes_argument
from synthetic1.rewards.judging.calibration import Thresholds
from synthetic1.rewards.judging.settings import judge_settings

TRUST = {"allow_uncalibrated", "max_false_accept", "max_false_reject"}
"""Fields that say how far a judge is trusted, and nothing of how it is asked."""


class JudgeSection(Section):
    """The judge of judged families, and how far it is trusted; the fields up to ``extra_body`` make it."""

    url: str | list[str] | None = None
    """``local``, the address of a server, or those of equal replicas; None = no judge."""
    model: str | None = None
    """The server's name for the model; None = the one model that it serves."""
    votes: PositiveInt = 1
    """How often a candidate is judged, an odd number; several need ``vary_order`` or a temperature."""
    vary_order: bool = False
    """Show the verdicts to choose from in another order each time."""
    max_tokens: PositiveInt = 2048
    """Tokens of a reply, the thought included; judges that think need 8192."""
    temperature: float = Field(default=0.0, ge=0.0, le=2.0)
    """Sampling temperature."""
    attempts: PositiveInt = 5
    """Replies asked for until one gives a verdict."""
    api_key_env: str = "OPENAI_API_KEY"
    """The environment variable that holds the server's key; the key itself is written nowhere."""
    max_in_flight: PositiveInt = 64
    """Requests at once."""
    timeout_s: PositiveFloat = 600.0
    """Seconds for one attempt."""
    outage_s: float = Field(default=300.0, ge=0.0)
    """Seconds to wait for a server that is down."""
    thinking_open: bool = False
    """Whether the judge's chat template ends inside ``<think>``."""
    price: dict[str, float] | None = None
    """Money for a million tokens, e.g. ``{input: 0.15, output: 0.6}``; None = no costs are shown."""
    cache: str | None = None
    """A file that keeps replies, so that the same question is asked once, e.g. ``judge.sqlite``; None = none."""
    extra_body: dict[str, Any] = Field(default_factory=dict)
    """More fields of every request, e.g. ``{chat_template_kwargs: {enable_thinking: false}}``."""
    allow_uncalibrated: bool = False
    """Trust a judge whose error rates are unknown or too high, or go without one."""
    max_false_accept: float = Field(default=0.02, ge=0.0, le=1.0)
    """The share of wrong answers, or of attacks, that a trusted judge may accept."""
    max_false_reject: float = Field(default=0.2, ge=0.0, le=1.0)
    """The share of right answers that a trusted judge may reject."""

    @model_validator(mode="after")
    def makes_a_judge(self) -> JudgeSection:
        unused = self.model_dump(exclude_defaults=True, exclude=TRUST)
        if self.url is None and unused:
            raise ValueError(f"{next(iter(unused))} is given, and no url: add judge=local, or the address of a server")
        try:
            judge_settings(self.argument)
        except ValueError as error:
            raise ValueError(str(error).removeprefix("judge: ")) from None  # whose section it is, is said before
        return self

    @property
    def argument(self) -> dict[str, Any] | None:
        """The argument ``judge`` of a judged environment."""
        if self.url is None:
            return None
        return self.model_dump(exclude=TRUST)

    @property
    def thresholds(self) -> Thresholds:
        return Thresholds(self.max_false_accept, self.max_false_reject)


def with_judge(env: EnvSettings, judge: JudgeSection) -> EnvSettings:
    """``env`` with the argument ``judge`` for every judged environment in it, unless it has one of its own.

    Mathematics has ``answer_judge`` instead, which is off until somebody turns it on: ``true`` there is this judge.
    """
    if judge.argument is None:
        return env
    if env.id is not None:
        return EnvSettings.model_validate({"id": env.id, **_judged(env.id, env.kwargs, judge)})
    parts = {name: _judged(part["id"], part, judge) for name, part in (env.mixture or {}).items()}
    return EnvSettings(mixture=parts)


def takes_judge(env_id: str) -> bool:
    """Whether an environment has an argument ``judge``; an id that nobody registered has none."""
    return takes_argument(env_id, "judge")


def _judged(env_id: str, kwargs: dict[str, Any], judge: JudgeSection) -> dict[str, Any]:
    if kwargs.get("answer_judge") is True:
        kwargs = {**kwargs, "answer_judge": judge.argument}
    if kwargs.get("judge") is not None or not takes_judge(env_id):
        return kwargs
    return {**kwargs, "judge": judge.argument}
