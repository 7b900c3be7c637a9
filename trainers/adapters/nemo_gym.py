"""NeMo Gym (and NeMo RL, which trains on it): a resources server that verifies, and the rows of its data set.

``resources_servers/synthetic1/app.py`` of a NeMo Gym project is::

    from synthetic1.adapters.nemo_gym import resources_server

    Synthetic1 = resources_server()

    if __name__ == "__main__":
        Synthetic1.run_webserver()
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from synthetic1.adapters.environment import environment
from synthetic1.adapters.scoring import (
    TASK_COLUMN,
    UnscorableError,
    as_task,
    check_unscorable,
    numbers_of,
    reward_of,
    task_json,
    verdicts_async,
)
from synthetic1.completion import Completion
from synthetic1.task import Task, TaskError


@cache
def resources_server() -> type[Any]:
    """A ``SimpleResourcesServer`` for every family. In its configuration:

    * ``family`` and ``options``: whose scorer and settings to use, e.g. a judge; none: registered verifiers.
    * ``thinking_open``: prompts end inside ``<think>``, as rendered for the model.
    * ``unscorable``: ``raise`` (the default) answers 503, since a reward is a number here; a number is the reward, with
      ``mask_sample`` true in the answer for trainers that read it.

    What ``/verify`` answers holds the verdict as ``verdict``, and its numbers, which NeMo Gym averages.
    """
    from fastapi import HTTPException
    from nemo_gym.base_resources_server import (  # type: ignore[import-not-found]
        BaseResourcesServerConfig,
        BaseVerifyRequest,
        BaseVerifyResponse,
        SimpleResourcesServer,
    )
    from pydantic import ConfigDict, Field, field_validator

    class Synthetic1Config(BaseResourcesServerConfig):  # type: ignore[misc]
        family: str | None = None
        options: dict[str, Any] = Field(default_factory=dict)
        thinking_open: bool = False
        unscorable: float | Literal["raise"] = "raise"

        @field_validator("unscorable")
        @classmethod
        def _is_a_choice(cls, value: Any) -> Any:
            return check_unscorable(value, can_mask=False)

    class Synthetic1VerifyRequest(BaseVerifyRequest):  # type: ignore[misc]
        model_config = ConfigDict(extra="allow")
        synthetic1_task: Any

    class Synthetic1VerifyResponse(BaseVerifyResponse):  # type: ignore[misc]
        model_config = ConfigDict(extra="allow")

    class Synthetic1ResourcesServer(SimpleResourcesServer):  # type: ignore[misc]
        config: Synthetic1Config

        async def verify(self, body: Any) -> Any:
            config = self.config
            # in a thread, since it may read files the first time
            env = await asyncio.to_thread(environment, config.family, config.options) if config.family else None
            try:
                task = as_task(body.synthetic1_task)
            except TaskError as error:
                raise HTTPException(422, f"{TASK_COLUMN}: {error}") from None
            completion = completion_of(body.response, config.thinking_open or bool(env and env.thinking_open))
            verdict = (await verdicts_async([task], [completion], scorer=env.scorer if env else None))[0]
            try:
                reward = reward_of(task, verdict, config.unscorable)
            except UnscorableError as error:
                raise HTTPException(503, str(error)) from None
            numbers = {**numbers_of(verdict), "mask_sample": not verdict.scorable, "verdict": verdict.to_dict()}
            return Synthetic1VerifyResponse(**{**body.model_dump(), **numbers, "reward": reward})

    # FastAPI reads these, and cannot find the names of classes that are made in a function.
    types = {"body": Synthetic1VerifyRequest, "return": Synthetic1VerifyResponse}
    Synthetic1ResourcesServer.verify.__annotations__.update(types)
    return Synthetic1ResourcesServer


def completion_of(response: Any, thinking_open: bool = False) -> Completion:
    """What the model wrote, of a ``NeMoGymResponse``: the texts of its messages behind those of its reasoning items."""
    thoughts = [part.text for item in response.output if item.type == "reasoning" for part in item.summary]
    texts: list[str] = []
    for item in response.output:
        if item.type == "message" and item.role == "assistant":
            parts = item.content
            texts += [parts] if isinstance(parts, str) else [part.text for part in parts if hasattr(part, "text")]
    cut = response.incomplete_details is not None and response.incomplete_details.reason == "max_output_tokens"
    return Completion.from_parts(
        "\n".join(thoughts) if thoughts else None,
        "".join(texts),
        thinking_open=thinking_open,
        finish_reason="length" if cut else "stop",
    )


def row_of(task: Task, agent: str = "synthetic1_agent") -> dict[str, Any]:
    """A row of a NeMo Gym data set: the prompt, the name of the agent that runs it, and the task with its gold."""
    return {
        "responses_create_params": {"input": [{"role": "user", "content": task.prompt}]},
        "agent_ref": {"type": "responses_api_agents", "name": agent},
        TASK_COLUMN: task_json(task),
    }


def write_dataset(
    path: Path | str, tasks: Iterable[Task], *, limit: int | None = None, agent: str = "synthetic1_agent"
) -> int:
    """Write the rows of ``tasks`` (a source, e.g. ``gym.make(…).unwrapped.tasks``) as JSONL; returns how many."""
    count = 0
    with open(path, "w", encoding="utf-8") as file:
        for count, task in enumerate(islice(tasks, limit), 1):  # noqa: B007 - it is what is returned
            file.write(json.dumps(row_of(task, agent), ensure_ascii=False) + "\n")
    return count
