"""Rows of mathematics for SkyRL, and what SkyRL does with one of them: make its environment, and step once.

python docs/adapters/examples/skyrl_math.py
"""

from __future__ import annotations

import json

import skyrl_gym

from synthetic1.adapters.environment import environment
from synthetic1.adapters.skyrl import register, row_of

register(unscorable=0.0)  # in SkyRL's entry point, inside the Ray task
tasks = environment("math", {"level": "1-2"}).tasks
rows = [
    row_of(task, "math") for task in list(tasks)[:4]
]  # datasets.Dataset.from_list(rows).to_parquet("train.parquet")

rewards = []
for row in rows:
    prompt, env_class = row.pop("prompt"), row.pop("env_class")
    env = skyrl_gym.make(env_class, env_config={}, extras=row)
    chat, _ = env.init(prompt)
    rewards.append(env.step("<think>It is what it is.</think>\\boxed{0}")["reward"])
    env.close()
print(json.dumps({"prompt": chat[0]["content"], "rewards": rewards}))
