"""Rows for rLLM's data sets, and two actions scored as its environments do; takes no arguments.

With rLLM's own objects: `DatasetRegistry.register_dataset("synthetic1_math", rows(tasks), "train")`, and
`AgentTrainer(env_class=SingleTurnEnvironment, env_args={"reward_fn": reward}, …)`.
"""

from __future__ import annotations

from synthetic1 import open_tasks
from synthetic1.adapters.rllm import make_reward_func, rows

reward = make_reward_func(unscorable=0.0)


def main() -> list[float]:
    tasks = list(open_tasks("embedded:math"))
    row = rows(tasks)[0]
    actions = (f"\\boxed{{{tasks[0].verification_info['ground_truth']}}}", "\\boxed{no idea}")
    return [reward(task_info=row, action=action).reward for action in actions]


if __name__ == "__main__":
    print(main())
