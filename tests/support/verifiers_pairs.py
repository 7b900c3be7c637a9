"""In the environment of verifiers: the pairs through tasks of its tasksets, the example, and rollouts of broken tasks.

python tests/support/verifiers_pairs.py URL FILE_OF_BROKEN_TASKS [code]
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[2] / "docs/adapters/examples"))
os.environ.setdefault("OPENAI_API_KEY", "none")

import adapter_pairs
import synthetic1_math
import verifiers.v1 as vf
import verifiers_math
from adapter_pages import run_block
from verifiers.v1.serve.client import EnvClient
from verifiers.v1.serve.server import EnvServer

from synthetic1.adapters.scoring import task_json
from synthetic1.adapters.verifiers import family


async def scored(pair: adapter_pairs.AdapterPair) -> Any:
    """The reward that verifiers records, or the message of the error that leaves the rollout out."""
    taskset, *_ = family("math" if pair.family == "broken" else pair.family)
    task_class = taskset.task_type()
    options = {"thinking_open": True} if pair.thinking_open else {}
    data = task_class.data_type()(prompt=pair.as_task().prompt, synthetic1_task=task_json(pair.as_task()))
    task = task_class(data, task_class.config_type()(options=options))
    said = vf.MessageNode(message=vf.AssistantMessage(content=pair.text), sampled=True, parent=None)
    config = vf.AgentConfig(runtime=vf.SubprocessConfig())
    trace = vf.Trace(
        task=vf.TraceTask(type="FamilyTask", data=data, key=task.key),
        state=vf.State(),
        agent=vf.AgentInfo(config=config),
        nodes=[said],
        calls=[vf.ModelCall(node=0, finish_reason=pair.finish_reason)],
    )
    try:
        await task.score(trace)
    except vf.TaskError as error:
        assert trace.rewards == {"correctness": None}
        return str(error)
    return trace.reward


async def rolled_out(url: str, file: str, unscorable: Any) -> list[dict[str, Any]]:
    """Rollouts of tasks that nothing can be scored by."""
    task = {"options": {"tasks": file, "split": "all"}, "unscorable": unscorable}
    env = vf.load_environment(vf.resolve_env_config({"taskset": {"id": "synthetic1_math", "task": task}}))
    context = vf.ModelContext("scripted", vf.EvalClientConfig(base_url=url, api_key_var="OPENAI_API_KEY"))
    async with env.serving():
        episodes = await asyncio.gather(*(env.run_episode(task, context) for task in env.taskset))
    told = []
    for episode in episodes:
        [trace] = episode.traces
        rewards = {name: reward and reward.score for name, reward in trace.rewards.items()}
        error = trace.last_error.message if trace.last_error else None
        told.append({"ok": trace.ok, "rewards": rewards, "metrics": trace.metrics, "error": error})
    return told


async def served(url: str) -> list[Any]:
    """A rollout through the environment server, which is how prime-rl has them."""
    config = vf.resolve_env_config({"taskset": {"id": "synthetic1_math", "task": {"unscorable": "mask"}}})
    [task] = vf.load_environment(config).taskset.take(1)
    server = EnvServer(config, "tcp://127.0.0.1:0")
    running = asyncio.create_task(server.run())
    client = EnvClient(server.address)
    model = vf.EvalClientConfig(base_url=url, api_key_var="OPENAI_API_KEY")
    episode = await client.run(model, "scripted", vf.SamplingConfig(max_tokens=64), task.data.model_dump(mode="json"))
    await client.close()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    [trace] = episode.traces
    return [trace.ok, trace.reward, trace.task.key == task.key]


async def main(url: str, broken: str, code: bool) -> dict[str, Any]:
    page = run_block("verifiers", "family(", ".")
    assert [page[name] for name in page["__all__"]] == [getattr(synthetic1_math, name) for name in page["__all__"]]
    env = vf.load_environment(vf.resolve_env_config({"taskset": {"id": "synthetic1_math"}}))
    tasks = list(env.taskset.take(3))
    return {
        "scores": [await scored(pair) for pair in adapter_pairs.load(code=code)],
        "example": await verifiers_math.main(url, "scripted"),
        "served": await served(url),
        "masked": await rolled_out(url, broken, "mask"),
        "number": await rolled_out(url, broken, 0.25),
        "valid": [await task.validate(None) for task in tasks],
        "keys": [task.key for task in tasks],
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(sys.argv[1], sys.argv[2], "code" in sys.argv[3:]))))
