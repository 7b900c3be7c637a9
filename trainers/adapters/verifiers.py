"""verifiers (and prime-rl, which trains on its environments): a taskset, a harness and an environment for each family.

An environment there is a module that can be imported by its name. Three lines make one, e.g. ``synthetic1_math.py``::

    from synthetic1.adapters.verifiers import family

    Tasks, OneTurn, OneTurnEnv = family("math")
    __all__ = ["OneTurn", "OneTurnEnv", "Tasks"]

``vf-eval synthetic1_math --env.taskset.task.options '{"level": "1-3"}'`` then runs it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import cache
from typing import Any, Literal

from synthetic1.adapters.environment import environment
from synthetic1.adapters.scoring import as_task, check_unscorable, numbers_of, reward_of, task_json
from synthetic1.completion import Completion
from synthetic1.envs.base import TextEnv
from synthetic1.task import Task
from synthetic1.verdict import Verdict


@cache
def family(name: str) -> tuple[type[Any], type[Any], type[Any]]:
    """The subclasses of ``vf.Taskset``, ``vf.Harness`` and ``vf.Env`` that a module exports to be an environment.

    Settings of the taskset's tasks (``--env.taskset.task.…``):

    * ``options``: arguments of the environment, e.g. ``{"level": "1-3"}``.
    * ``unscorable``: what a completion gets that could not be scored through a failure of ours. ``mask`` (the default)
      and ``raise`` raise inside the reward: verifiers records the rollout as failed (``ok`` is false, the reward
      ``None``), retries it if told so, and prime-rl leaves it out of its group. A number is given as reward.

    Args:
        name: ``math``, ``code`` …, or the Gymnasium id of a family of your own.
    """
    import verifiers.v1 as vf  # type: ignore[import-not-found]
    from pydantic import Field

    class FamilyConfig(vf.TaskConfig):  # type: ignore[misc]
        options: dict[str, Any] = Field(default_factory=dict)
        unscorable: float | Literal["mask", "raise"] = "mask"

    class FamilyTasksetConfig(vf.TasksetConfig):  # type: ignore[misc]
        task: FamilyConfig = FamilyConfig()

    class FamilyData(vf.TaskData):  # type: ignore[misc]
        synthetic1_task: str
        """The whole task as JSON, gold included: traces are scored again without its source."""

    class FamilyTask(vf.Task[FamilyData, vf.State, FamilyConfig]):  # type: ignore[misc]
        @property
        def key(self) -> str:
            return as_task(self.data.synthetic1_task).key

        @vf.reward  # type: ignore[untyped-decorator]
        async def correctness(self, trace: vf.Trace) -> float:
            task = as_task(self.data.synthetic1_task)
            env = await asyncio.to_thread(environment, name, self.config.options)  # the first time it may read files
            verdict = await _verdict(env, task, trace)
            trace.info["synthetic1"] = verdict.to_dict()
            trace.record_metrics(numbers_of(verdict))
            how = check_unscorable(self.config.unscorable, can_mask=True)
            reward = reward_of(task, verdict, "raise" if how == "mask" else how)
            assert reward is not None
            return reward

        async def validate(self, runtime: Any) -> bool | None:
            """Whether the gold scores 1; ``None`` where the task has none."""
            return await _gold_is_right(environment(name, self.config.options), as_task(self.data.synthetic1_task))

    class FamilyTaskset(vf.Taskset[FamilyTask, FamilyTasksetConfig]):  # type: ignore[misc]
        def load(self) -> Iterator[FamilyTask]:
            check_unscorable(self.config.task.unscorable, can_mask=True)
            for task in environment(name, self.config.task.options).tasks:
                data = FamilyData(prompt=task.prompt, name=task.problem_id, synthetic1_task=task_json(task))
                yield FamilyTask(data, self.config.task)

    return FamilyTaskset, *_one_turn()


@cache
def _one_turn() -> tuple[type[Any], type[Any]]:
    import verifiers.v1 as vf

    class OneTurn(vf.Harness[vf.HarnessConfig]):  # type: ignore[misc]
        """One request to the model, from this process: no program is started and nothing is installed, as verifiers'
        own ``null`` and ``bash`` do for every rollout. A module that exports it makes it its default."""

        APPENDS_SYSTEM_PROMPT = True
        EXECUTES_CODE = False
        NEEDS_CONTAINER = False

        async def launch(
            self,
            ctx: vf.ModelContext,
            trace: vf.Trace,
            runtime: vf.Runtime,
            endpoint: str,
            secret: str,
            mcp_urls: dict[str, str],
            data: vf.TaskData,
        ) -> vf.ProgramResult:
            from openai import AsyncOpenAI

            system, prompt = self.resolve_text_prompt(data)
            messages: list[Any] = [{"role": "system", "content": system}] if system is not None else []
            messages.append({"role": "user", "content": prompt})
            # No time-out of our own: agents have one (`--env.agent.timeout.rollout`). It asks verifiers' proxy, which
            # asks the model; what fails there is recorded with its own status.
            async with AsyncOpenAI(base_url=endpoint, api_key=secret, timeout=None) as client:
                await client.chat.completions.create(model=ctx.model, messages=messages)
            return vf.ProgramResult(0, "", "")

    class OneTurnConfig(vf.SingleAgentEnvConfig):  # type: ignore[misc]
        # Nothing runs in the runtime; the default one would ask for an account at a cloud.
        agent: vf.AgentConfig = vf.AgentConfig(runtime=vf.SubprocessConfig())

    class OneTurnEnv(vf.SingleAgentEnv, vf.Env[OneTurnConfig]):  # type: ignore[misc]
        """verifiers' own environment of one agent, with a runtime on this machine as its default."""

    return OneTurn, OneTurnEnv


async def _verdict(env: TextEnv, task: Task, trace: Any) -> Verdict:
    """The verdict on the last thing the model said; on nothing at all, ``no_answer``."""
    said = trace.assistant_messages[-1] if trace.assistant_messages else None
    call = next((call for call in reversed(trace.calls) if call.error is None), None)
    completion = Completion.from_parts(
        said.reasoning_content if said else None,
        said.content if said else "",
        thinking_open=env.thinking_open,
        finish_reason=call.finish_reason if call else None,
    )
    return (await env.scorer.score([(task, completion)]))[0]


async def _gold_is_right(env: TextEnv, task: Task) -> bool | None:
    gold = env.scorer.verifier(task.task_type).gold_completion(task)
    if gold is None:
        return None
    verdict = (await env.scorer.score([(task, Completion.parse(gold))]))[0]
    return reward_of(task, verdict, "raise") == 1.0
