"""Evaluate a served model on generated mathematics with verifiers.

    python docs/adapters/examples/verifiers_math.py http://127.0.0.1:8000/v1 MODEL

On the command line: vf-eval synthetic1_math --client.base-url URL -m MODEL -n 4 --no-push
"""

from __future__ import annotations

import asyncio
import json
import sys

import verifiers.v1 as vf


async def main(url: str, model: str) -> dict[str, float]:
    options = {"level": "1-2", "split": "test"}
    config = vf.resolve_env_config({"taskset": {"id": "synthetic1_math", "task": {"options": options}}})
    env = vf.load_environment(config)
    context = vf.ModelContext(model, vf.EvalClientConfig(base_url=url, api_key_var="OPENAI_API_KEY"))
    async with env.serving():
        episodes = await asyncio.gather(*(env.run_episode(task, context) for task in env.taskset.take(4)))
    traces = [trace for episode in episodes for trace in episode.traces]
    scored = [trace.reward for trace in traces if trace.ok]
    return {"reward": sum(scored) / max(1, len(scored)), "failed": len(traces) - len(scored)}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(*sys.argv[1:3]))))
