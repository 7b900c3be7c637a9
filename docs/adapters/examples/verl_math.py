"""Write verl's data files, and score two completions as verl will: `python docs/adapters/examples/verl_math.py DIR`."""

from __future__ import annotations

import sys
from pathlib import Path

from omegaconf import OmegaConf
from verl.trainer.ppo.reward import get_custom_reward_fn

from synthetic1 import open_tasks
from synthetic1.adapters.verl import rows, write_rows
from synthetic1.tasks import split_of

REWARD = {
    "path": "pkg://synthetic1.adapters.verl",
    "name": "compute_score_async",
    "reward_kwargs": {"unscorable": 0.0},
}
"""``reward.custom_reward_function`` of verl's configuration."""


async def main(folder: Path) -> list[float]:
    tasks = list(open_tasks("embedded:math"))
    for split in ("train", "test"):
        write_rows([task for task in tasks if split_of(task) == split], folder / f"{split}.parquet", split=split)
    score = get_custom_reward_fn(OmegaConf.create({"reward": {"custom_reward_function": REWARD}}))
    row = rows(tasks)[0]
    texts = (f"\\boxed{{{tasks[0].verification_info['ground_truth']}}}", "\\boxed{no idea}")
    results = [await score(row["data_source"], text, row["reward_model"]["ground_truth"], None) for text in texts]
    return [result["score"] for result in results]


if __name__ == "__main__":
    import asyncio

    print(asyncio.run(main(Path(sys.argv[1]))))
