"""The environment of a family by its name: adapters take their tasks from it, and the scorer with its settings."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from functools import cache
from typing import Any

import gymnasium as gym

from synthetic1.envs.base import TextEnv

_making = threading.Lock()


def _after_fork() -> None:
    global _making
    _making = threading.Lock()  # a thread that is not in the child may have held it


os.register_at_fork(after_in_child=_after_fork)


def families() -> tuple[str, ...]:
    """The names of the families: importing the package has registered ``synthetic1/NAME-v0`` of each."""
    ids = (env_id.removeprefix("synthetic1/") for env_id in gym.registry if env_id.startswith("synthetic1/"))
    return tuple(sorted(name.removesuffix("-v0") for name in ids))


def environment(family: str, options: Mapping[str, Any] | None = None) -> TextEnv:
    """The environment, made once a process for equal arguments; never close it. Callable from any thread.

    Args:
        family: ``math``, ``code`` …, or the Gymnasium id of a family of your own (``acme/poetry-v0``).
        options: arguments of the environment, e.g. ``{"level": "1-3"}`` or ``{"tasks": "gsm8k.jsonl"}``.

    Raises:
        ValueError: an unknown family, options that JSON cannot hold, or options that the environment refuses.
    """
    if family not in families() and "/" not in family:
        known = ", ".join(families())
        raise ValueError(f"family must be one of {known}, or a Gymnasium id; got {family!r:.60}")
    try:
        written = json.dumps(dict(options or {}), sort_keys=True)
    except TypeError as error:
        raise ValueError(f"options of {family} must be what JSON can hold: {error}") from None
    env_id = family if "/" in family else f"synthetic1/{family}-v0"
    with _making:  # else two threads would make two, each with a scorer and sandboxes of its own
        return _made(env_id, written)


@cache
def _made(env_id: str, options: str) -> TextEnv:
    env = gym.make(env_id, disable_env_checker=True, **json.loads(options)).unwrapped
    if not isinstance(env, TextEnv):
        raise ValueError(f"{env_id} is a {type(env).__name__}, not a text environment of synthetic1")
    return env
