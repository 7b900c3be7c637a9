"""GRPO with TRL's own trainer on verified rewards: `… trl_math.py MODEL [STEPS [TOKENS]]`."""

from __future__ import annotations

import sys
import tempfile

import torch
from transformers import AutoTokenizer
from trl import GRPOConfig, GRPOTrainer

from synthetic1 import open_tasks
from synthetic1.adapters.trl import dataset, reward_func


def main(model: str, steps: int = 100, length: int = 1024) -> list[dict[str, float]]:
    tokenizer = AutoTokenizer.from_pretrained(model)
    with tempfile.TemporaryDirectory() as folder:
        trainer = GRPOTrainer(
            model=model,
            processing_class=tokenizer,
            reward_funcs=reward_func(tokenizer),
            train_dataset=dataset(open_tasks("embedded:math")),
            args=GRPOConfig(
                folder,
                max_steps=steps,
                per_device_train_batch_size=8,
                num_generations=4,
                max_completion_length=length,
                logging_steps=1,
                use_cpu=not torch.cuda.is_available(),
                bf16=torch.cuda.is_available(),
                report_to=[],
            ),
        )
        trainer.train()
    return [row for row in trainer.state.log_history if "rewards/verified/mean" in row]


if __name__ == "__main__":
    for row in main(sys.argv[1], *map(int, sys.argv[2:])):
        print({name: row[name] for name in ("step", "rewards/verified/mean", "verified/unscorable")})
