"""Verifiable rewards for reasoning models: tasks, verifiers, environments.

Importing this registers the Gymnasium environments (``gym.make("synthetic1/code_understanding-v0")``) as strings; every
name below is imported when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from gymnasium.envs.registration import register as _register_env
from gymnasium.envs.registration import registry as _env_registry

if TYPE_CHECKING:
    from synthetic1.completion import Completion
    from synthetic1.rewards.registry import register
    from synthetic1.rewards.scoring.default import score, score_many
    from synthetic1.rewards.scoring.scorer import Scorer
    from synthetic1.rewards.verifier import Verifier
    from synthetic1.rollout import Rollout
    from synthetic1.task import Task
    from synthetic1.tasks import open_tasks
    from synthetic1.verdict import Verdict

    __version__: str

FAMILIES = ("code", "code_understanding", "math", "stem", "swe")
"""Families of tasks; ``F`` has the environment ``synthetic1/F-v0``, made by ``synthetic1.envs.F``."""

_HOMES = {
    "Completion": "synthetic1.completion",
    "Rollout": "synthetic1.rollout",
    "Scorer": "synthetic1.rewards.scoring.scorer",
    "Task": "synthetic1.task",
    "Verdict": "synthetic1.verdict",
    "Verifier": "synthetic1.rewards.verifier",
    "open_tasks": "synthetic1.tasks",
    "register": "synthetic1.rewards.registry",
    "score": "synthetic1.rewards.scoring.default",
    "score_many": "synthetic1.rewards.scoring.default",
}

__all__ = [
    "FAMILIES",
    "Completion",
    "Rollout",
    "Scorer",
    "Task",
    "Verdict",
    "Verifier",
    "__version__",
    "open_tasks",
    "register",
    "score",
    "score_many",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        value: Any = version("synthetic1")
    elif name in _HOMES:
        value = getattr(importlib.import_module(_HOMES[name]), name)
    else:
        raise AttributeError(f"module `synthetic1` has no attribute `{name}`")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _register_environments() -> None:
    for family in FAMILIES:
        env_id = f"synthetic1/{family}-v0"
        if env_id not in _env_registry:  # importing anew, as `importlib.reload` does, warns of nothing
            module = f"synthetic1.envs.{family}"
            name = "".join(part.capitalize() for part in family.split("_"))
            _register_env(env_id, entry_point=f"{module}:{name}Env", vector_entry_point=f"{module}:make_vector")


_register_environments()
