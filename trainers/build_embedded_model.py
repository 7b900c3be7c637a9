"""Builds the embedded model from nothing: ``python trainers/build_embedded_model.py`` (about 45 minutes on 2 cores).

A cold start in the sense of DeepSeek-R1, section 2.3.1, at the size of a CPU: supervised training on traces that the
task generator's evaluator wrote step by step, each verified by our own verifier. Phase 1 teaches the steps. Phase 2
mixes in answers without a thought, so that the model can do both, and it is left to reinforcement learning to discover
that thinking pays.

The held-out split is never touched: programs and inputs come from ``split="train"`` with seeds of their own.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from synthetic1.extras import said_in_one_line
from synthetic1.jobs.embedded_model import FOLDER
from synthetic1.jobs.program import spin_briefly
from synthetic1.rewards.scoring.default import score
from synthetic1.tasks.code_understanding import Example, examples, to_task
from synthetic1.tasks.programs.behaviour import split_of
from synthetic1.tasks.programs.choices import Choices
from synthetic1.tasks.programs.evaluate import TooLarge, evaluate
from synthetic1.tasks.programs.inputs import draw_input
from synthetic1.tasks.programs.levels import LEVELS
from synthetic1.trainers.embedded_model.tokenizer import CONTEXT, build_tokenizer, direct, trace

BATCH = 64
BUCKETS = 8  # batches that are drawn together and sorted by length
DATA_SEED = 1_000  # far from the seeds that training and evaluation use
POOL = {1: 1_400, 2: 20_000, 3: 40_000, 4: 16_000, 5: 12_000}
"""Distinct programs a level; each meets a fresh input whenever it is drawn."""


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=FOLDER, help="where the model folder is written")
    parser.add_argument("--trace-steps", type=int, default=2_800, help="phase 1: batches of 64 traces")
    parser.add_argument("--mixed-steps", type=int, default=100, help="phase 2: batches of traces and direct answers")
    parser.add_argument("--direct-share", type=float, default=0.65, help="phase 2: share of direct answers")
    parser.add_argument("--levels", type=int, nargs="+", default=[1, 2, 3, 4, 5], help="levels to train on")
    parser.add_argument("--longest", type=int, default=224, help="tokens of a completion; longer ones are left out")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=0, help="torch threads; 0 = all cores")
    return parser.parse_args()


def other_input(example: Example, choose: Choices) -> Example | None:
    """The same program on a fresh training input, or ``None`` when that input would make a poor task."""
    text = draw_input(LEVELS[example.level], choose)
    if split_of(text) != "train":
        return None
    try:
        output = evaluate(example.program, text)
    except TooLarge:
        return None
    if not output or output == text:
        return None
    return Example(example.level, example.program, example.source, text, output)


def verified(example: Example, completion: str) -> bool:
    """What the cold start teaches has passed the verifier that will reward it later."""
    return score(to_task(example, "cold_start"), completion).score == 1.0


class ColdStartData:
    """Endless batches of (prompt ids, completion ids)."""

    def __init__(self, tokenizer: Any, levels: list[int], seed: int, *, most: int = 10**9, longest: int = 224) -> None:
        """``most`` limits the programs of each level: a short run need not wait for all of them.

        ``longest`` limits the tokens of a completion: a few long traces would take most of the time.
        """
        self.tokenizer = tokenizer
        self.longest = longest
        self.choose = Choices(np.random.default_rng([seed, 99]))
        self.pools = {}
        for level in levels:
            stream = examples(level, seed=DATA_SEED + seed)
            self.pools[level] = [next(stream) for _ in range(min(most, POOL.get(level, 10_000)))]

    def batches(self, direct_share: float) -> Iterator[list[tuple[list[int], list[int]]]]:
        """Batches of similar length, in random order: padding would cost a third of the time."""
        while True:
            drawn: list[tuple[list[int], list[int]]] = []
            while len(drawn) < BATCH * BUCKETS:
                level = self.choose.pick(list(self.pools))
                example = other_input(self.choose.pick(self.pools[level]), self.choose)
                if example is None:
                    continue
                completion = direct(example) if self.choose.chance(direct_share) else trace(example)
                if not verified(example, completion):
                    raise RuntimeError(f"the verifier refutes what the evaluator wrote: {completion!r}")
                messages = [{"role": "user", "content": example.prompt()}]
                prompt = self.tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)
                answer = [*self.tokenizer(completion)["input_ids"], self.tokenizer.eos_token_id]
                if len(answer) <= self.longest:
                    drawn.append((prompt, answer))
            drawn.sort(key=lambda pair: len(pair[0]) + len(pair[1]))
            starts = list(range(0, len(drawn), BATCH))
            while starts:
                start = starts.pop(self.choose.integer(0, len(starts) - 1))
                yield drawn[start : start + BATCH]


def make_model(tokenizer: Any) -> Any:
    from transformers import Qwen3Config, Qwen3ForCausalLM

    config = Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=192,
        intermediate_size=512,
        num_hidden_layers=5,
        num_attention_heads=6,
        num_key_value_heads=6,
        head_dim=32,
        max_position_embeddings=CONTEXT,
        rope_parameters={"rope_type": "default", "rope_theta": 10_000.0},
        tie_word_embeddings=True,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
    )
    return Qwen3ForCausalLM(config)


def train(model: Any, tokenizer: Any, data: ColdStartData, *, steps: int, direct_share: float, peak: float) -> None:
    """``steps`` batches; the loss is a sum over tokens over a constant, so that short answers weigh no more."""
    import torch

    matrices = [p for n, p in model.named_parameters() if p.ndim == 2 and "embed" not in n]
    others = [p for n, p in model.named_parameters() if p.ndim != 2 or "embed" in n]
    optimizers = [
        torch.optim.Muon(matrices, lr=0.02 * peak, momentum=0.95, weight_decay=0.01),
        torch.optim.AdamW(others, lr=3e-3 * peak, betas=(0.9, 0.98), weight_decay=0.0),
    ]
    schedules = [
        torch.optim.lr_scheduler.LambdaLR(
            o, lambda i: min(1.0, (i + 1) / 20) * min(1.0, 0.05 + (steps - i) / (0.6 * steps))
        )
        for o in optimizers
    ]
    pad = tokenizer.pad_token_id
    started = time.monotonic()
    for step, batch in zip(range(steps), data.batches(direct_share), strict=False):
        width = -(-max(len(p) + len(c) for p, c in batch) // 8) * 8
        ids = torch.full((len(batch), width), pad)
        labels = torch.full((len(batch), width), -100)
        for row, (prompt, completion) in enumerate(batch):
            ids[row, : len(prompt) + len(completion)] = torch.tensor(prompt + completion)
            labels[row, len(prompt) : len(prompt) + len(completion)] = torch.tensor(completion)
        wanted = labels[:, 1:] != -100
        with torch.autocast("cpu", dtype=torch.bfloat16):
            hidden = model.model(input_ids=ids, attention_mask=(ids != pad).long()).last_hidden_state
            logits = model.lm_head(hidden[:, :-1][wanted]).float()
        loss = torch.nn.functional.cross_entropy(logits, labels[:, 1:][wanted], reduction="sum") / (BATCH * 30)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer, schedule in zip(optimizers, schedules, strict=True):
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
        if step % 50 == 0 or step == steps - 1:
            seconds = time.monotonic() - started
            print(f"step {step + 1}/{steps} | loss {loss.item():.3f} | {seconds:.0f} s", flush=True)


def main() -> None:
    args = parse_args()
    spin_briefly()
    with said_in_one_line("build_embedded_model", "train"):
        import torch
        from transformers import GenerationConfig

    if args.threads:
        torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    tokenizer = build_tokenizer()
    model = make_model(tokenizer)
    print(
        f"{sum(p.numel() for p in model.parameters()):,} weights, {len(tokenizer)} tokens; making programs …",
        flush=True,
    )
    most = BATCH * (args.trace_steps + args.mixed_steps)
    data = ColdStartData(tokenizer, args.levels, args.seed, most=most, longest=args.longest)
    print("phase 1: traces", flush=True)
    train(model, tokenizer, data, steps=args.trace_steps, direct_share=0.0, peak=1.0)
    print("phase 2: traces and direct answers", flush=True)
    train(model, tokenizer, data, steps=args.mixed_steps, direct_share=args.direct_share, peak=0.3)
    model.generation_config = GenerationConfig(
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id, do_sample=True, temperature=1.0
    )
    save(model, tokenizer, args.out)
    built_with = {name: value for name, value in vars(args).items() if name != "out"}
    (args.out / "build.json").write_text(json.dumps(built_with, indent=1) + "\n")


def save(model: Any, tokenizer: Any, folder: Path) -> None:
    import torch

    model.to(torch.bfloat16).save_pretrained(folder)
    model.float()
    tokenizer.save_pretrained(folder)


if __name__ == "__main__":
    main()
