"""OpenEnv: a family behind its server (WebSocket sessions and HTTP), and the client of it.

Serve it: ``uvicorn my_app:app``, where ``my_app.py`` is::

    from synthetic1.adapters.openenv import create_app

    app = create_app("math", {"level": "1-3"})
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from functools import cache, partial
from types import SimpleNamespace
from typing import Any

from synthetic1.adapters.environment import environment
from synthetic1.adapters.scoring import Unscorable, as_completion, as_task, check_unscorable, reward_of
from synthetic1.completion import Completion
from synthetic1.envs.base import TextEnv
from synthetic1.task import Task
from synthetic1.verdict import Verdict


def create_app(
    family: str, options: Mapping[str, Any] | None = None, *, unscorable: Unscorable = "mask", max_sessions: int = 256
) -> Any:
    """The FastAPI app of OpenEnv's server.

    Args:
        family: ``math``, ``code`` …, or the Gymnasium id of a family of your own.
        options: arguments of the environment, e.g. ``{"level": "1-3"}``.
        unscorable: ``mask``: the reward is null, and the observation's ``status`` says ``unscorable``; ``raise``: an
            error of the server; a number is the reward.
        max_sessions: clients at once. All share one scorer, so a session costs nothing.

    Raises:
        ValueError: what ``environment`` refuses, or no such ``unscorable``.
    """
    from openenv.core.env_server.http_server import create_app as make_app  # type: ignore[import-not-found]

    types, factory = _types(), env_factory(family, options, unscorable=unscorable)
    return make_app(
        factory, types.Action, types.Observation, env_name=f"synthetic1_{family}", max_concurrent_envs=max_sessions
    )


def env_factory(
    family: str, options: Mapping[str, Any] | None = None, *, unscorable: Unscorable = "mask"
) -> Callable[[], Any]:
    """What makes an ``Environment`` of OpenEnv, for use without a server. Arguments and errors as ``create_app``."""
    check_unscorable(unscorable, can_mask=True)
    split = dict(options or {}).get("split", "train")
    return partial(_types().Environment, environment(family, options), split, unscorable)


def client(url: str, **settings: Any) -> Any:
    """OpenEnv's client of such a server: ``async with client(url) as env: await env.reset(seed=0)``, or ``.sync()``.

    ``step`` takes a completion's text, or ``{"completion": …, "finish_reason": "length"}``.
    """
    return _types().Client(url, **settings)


@cache
def _types() -> SimpleNamespace:
    from openenv.core.client_types import StepResult  # type: ignore[import-not-found]
    from openenv.core.env_client import EnvClient  # type: ignore[import-not-found]
    from openenv.core.env_server.interfaces import Environment  # type: ignore[import-not-found]
    from openenv.core.env_server.types import Action, Observation, State  # type: ignore[import-not-found]

    class CompletionAction(Action):  # type: ignore[misc]
        completion: str
        """Raw, thought included."""
        finish_reason: str | None = None
        """``length`` for a completion that was cut off."""
        task_id: str | None = None
        """Which task of the source it answers. Only for plain HTTP, where every request has an environment of its
        own; in a session, the task of the last ``reset``."""

    class VerdictObservation(Observation):  # type: ignore[misc]
        # Fields, not `metadata`: the server of openenv-core leaves that out.
        prompt: str = ""
        task_id: str = ""
        status: str = "open"
        """``open``, ``scored`` or ``unscorable``."""
        reason: str | None = None
        why: str | None = None
        answer: str | None = None

    class FamilyEnvironment(Environment):  # type: ignore[misc]
        SUPPORTS_CONCURRENT_SESSIONS = True

        def __init__(self, env: TextEnv, split: str, unscorable: Unscorable) -> None:
            super().__init__()
            self._env, self._split, self._unscorable = env, split, unscorable
            self._task: Task | None = None
            self._state = State(episode_id=None, step_count=0)

        def reset(
            self,
            seed: int | None = None,
            episode_id: str | None = None,
            task_id: str | None = None,
            task: dict[str, Any] | str | None = None,
            index: int | None = None,
            split: str | None = None,
            **more: Any,
        ) -> Any:
            """Begin with a random task, the one of ``task_id`` or ``index``, or any ``task`` (a row)."""
            tasks = self._env.tasks
            if split is not None:
                self._check_split(split)
            if task is not None:
                self._task = as_task(task)
            elif task_id is not None:
                self._task = tasks.get(task_id)
            elif index is not None:
                self._task = tasks[index]
            else:
                self._task = tasks.pick(random.Random(seed).random())
            self._state = State(episode_id=episode_id, step_count=0)
            return VerdictObservation(prompt=self._task.prompt, task_id=self._task.problem_id)

        async def step_async(self, action: Any, timeout_s: float | None = None, **more: Any) -> Any:
            """Score the completion and end the episode; nothing of the server waits for it."""
            pair = self._begin(action)
            return self._end(pair[0], (await self._env.scorer.score([pair]))[0])

        def step(self, action: Any, timeout_s: float | None = None, **more: Any) -> Any:
            """The same for callers without an event loop; it blocks. A text will do as action."""
            pair = self._begin(action)
            return self._end(pair[0], self._env.scorer.score_sync([pair])[0])

        def _begin(self, action: Any) -> tuple[Task, Completion]:
            if isinstance(action, str):
                action = CompletionAction(completion=action)
            task = self._env.tasks.get(action.task_id) if action.task_id is not None else self._task
            if task is None:
                raise ValueError("an episode has one step: reset first, or give the action a task_id (plain HTTP)")
            return task, as_completion(
                action.completion, finish_reason=action.finish_reason, thinking_open=self._env.thinking_open
            )

        def _end(self, task: Task, verdict: Verdict) -> Any:
            self._task = None
            self._state.step_count += 1
            why = verdict.details.get("why")
            return VerdictObservation(
                done=True,
                reward=reward_of(task, verdict, self._unscorable),
                task_id=task.problem_id,
                status="scored" if verdict.scorable else "unscorable",
                reason=verdict.reason,
                why=why if isinstance(why, str) else None,
                answer=verdict.answer,
            )

        @property
        def state(self) -> Any:
            return self._state

        def close(self) -> None:
            """The scorer is every session's."""

        # What a client may ask of the tasks (OpenEnv 0.10). Never their golds.

        def list_splits(self) -> list[str]:
            return [self._split]

        def num_tasks(self, split: str) -> int:
            self._check_split(split)
            return len(self._env.tasks)

        def get_task(self, split: str, index: int) -> dict[str, Any]:
            self._check_split(split)
            task = self._env.tasks[index]
            return {"id": task.problem_id, "index": index, "prompt": task.prompt}

        def get_task_range(self, split: str, start: int | None = None, stop: int | None = None) -> list[dict[str, Any]]:
            return [self.get_task(split, index) for index in range(*slice(start, stop).indices(self.num_tasks(split)))]

        def list_tasks(self, split: str) -> list[dict[str, Any]]:
            return self.get_task_range(split, 0, 1000)

        def _check_split(self, split: str) -> None:
            if split != self._split:
                raise ValueError(f"this server was made with split={self._split}; there is no {split!r:.40}")

    class FamilyClient(EnvClient):  # type: ignore[misc]
        def _step_payload(self, action: Any) -> dict[str, Any]:
            return {"completion": action} if isinstance(action, str) else dict(action)

        def _parse_result(self, payload: dict[str, Any]) -> Any:
            told = {**payload["observation"], "reward": payload.get("reward"), "done": payload.get("done", False)}
            observation = VerdictObservation(**told)
            return StepResult(observation=observation, reward=observation.reward, done=observation.done)

        def _parse_state(self, payload: dict[str, Any]) -> Any:
            return State(**payload)

    return SimpleNamespace(
        Action=CompletionAction, Observation=VerdictObservation, Environment=FamilyEnvironment, Client=FamilyClient
    )
