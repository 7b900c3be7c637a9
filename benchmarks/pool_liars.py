"""Workers of a pool, honest and not, for ``pool_detection.py``: what they hand in, from a plain sampling loop."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from synthetic1.jobs import chat, models
from synthetic1.jobs.model_settings import ModelSettings
from synthetic1.pool.proving.distribution import COLD, ordered_distribution
from synthetic1.pool.proving.token_difr import SeededNoise
from synthetic1.rewards.code_understanding import CodeUnderstanding
from synthetic1.task import Task

MAX_TOKENS = 300
BATCH = 100
Change = Callable[[torch.Tensor], torch.Tensor]


@dataclass(frozen=True, slots=True, eq=False)
class HandedIn:
    """A rollout as it reaches the validator."""

    prompt: list[int]
    tokens: list[int]
    rows: torch.Tensor | None
    """What proofs are built from: the hidden states while it was generated. ``None``: those of the validator's own
    prefill (the worker has the claimed model read what it hands in)."""
    seed: int
    """The one that it was told to sample with."""
    ended: bool


@dataclass(frozen=True, slots=True)
class SamplingRule:
    """How a worker samples."""

    temperature: float = 1.0
    top_p: float = 1.0
    seed_shift: int = 0
    """Added to each seed that it was told."""


def load(dtype: str) -> tuple[Any, Any]:
    """The embedded model and its tokenizer."""
    settings = ModelSettings(name="embedded", dtype=dtype)
    return models.load_model(settings).eval(), models.load_tokenizer(settings)


def write(
    model: Any, prompts: Sequence[list[int]], seeds: Sequence[int], rule: SamplingRule, end: int
) -> list[HandedIn]:
    """Sample a completion of each prompt, in batches with a cache, as engines do."""
    made: list[HandedIn] = []
    for start in range(0, len(prompts), BATCH):
        made += _batch(model, prompts[start : start + BATCH], seeds[start : start + BATCH], rule, end)
    return made


def _batch(
    model: Any, prompts: Sequence[list[int]], seeds: Sequence[int], rule: SamplingRule, end: int
) -> list[HandedIn]:
    longest = max(map(len, prompts))
    ids = torch.tensor([[end] * (longest - len(p)) + p for p in prompts])  # to the left: what it pads with is masked
    mask = torch.tensor([[0] * (longest - len(p)) + [1] * len(p) for p in prompts])
    noises = [SeededNoise("splitmix", seed + rule.seed_shift, model.config.vocab_size) for seed in seeds]
    alive, cache = list(range(len(prompts))), None
    tokens: list[list[int]] = [[] for _ in prompts]
    rows: list[list[torch.Tensor]] = [[] for _ in prompts]
    heard: list[torch.Tensor] = []
    hook = model.lm_head.register_forward_pre_hook(lambda _, given: heard.append(given[0]))
    step, positions = ids, (mask.cumsum(-1) - 1).clamp(min=0)
    try:
        with torch.inference_mode():
            while alive:
                out = model(
                    step,
                    attention_mask=mask,
                    position_ids=positions,
                    past_key_values=cache,
                    use_cache=True,
                    logits_to_keep=1,
                )
                cache, hidden = out.past_key_values, heard.pop()[:, -1].to(torch.bfloat16)
                chosen = _chosen(out.logits[:, -1].float(), [noises[i] for i in alive], rule)
                for place, i in enumerate(alive):
                    tokens[i].append(chosen[place])
                    rows[i].append(hidden[place].clone())
                kept = [p for p, i in enumerate(alive) if chosen[p] != end and len(tokens[i]) < MAX_TOKENS]
                alive = [alive[p] for p in kept]
                if len(kept) < len(chosen) and kept:
                    cache.batch_select_indices(torch.tensor(kept))
                    mask, positions = mask[kept], positions[kept]
                step = torch.tensor([[chosen[p]] for p in kept])
                mask = torch.cat([mask, mask.new_ones(len(mask), 1)], 1)
                positions = positions[:, -1:] + 1
    finally:
        hook.remove()
    return [
        HandedIn(p, t, torch.stack(r), seed, t[-1] == end)
        for p, t, r, seed in zip(prompts, tokens, rows, seeds, strict=True)
    ]


def _chosen(logits: torch.Tensor, noises: Sequence[SeededNoise], rule: SamplingRule) -> list[int]:
    scores = logits.double()
    if rule.temperature >= COLD:
        scores = scores + rule.temperature * torch.cat([noise.next(1) for noise in noises])
    if rule.top_p < 1:
        cut = ordered_distribution(logits, temperature=rule.temperature, top_p=rule.top_p)
        inside = torch.zeros_like(cut.inside).scatter(1, cut.order, cut.inside)
        scores = scores.masked_fill(~inside, float("-inf"))
    tokens: list[int] = scores.argmax(-1).tolist()
    return tokens


# Other models --------------------------------------------------------------------------------------------------------


def changed(model: Any, change: Change) -> Any:
    """The model with each of its matrices put through ``change``, in float32."""
    model = copy.deepcopy(model)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim == 2:
                weight.copy_(change(weight.float()))
    return model


def rounded(bits: int, group: int | None = None) -> Change:
    """Weights rounded to so many bits, with a scale for each row, or for each ``group`` of a row."""

    def change(weight: torch.Tensor) -> torch.Tensor:
        parts = weight.reshape(-1, group or weight.shape[1])
        scale = parts.abs().amax(-1, keepdim=True).clamp(min=1e-12) / (2 ** (bits - 1) - 1)
        return ((parts / scale).round() * scale).reshape(weight.shape)

    return change


def noisy(share: float) -> Change:
    """Each weight times 1 plus normal noise of this size."""
    generator = torch.Generator().manual_seed(0)
    return lambda weight: weight * (1 + share * torch.randn(weight.shape, generator=generator))


def trained_on(model: Any, tokenizer: Any, tasks: Sequence[Task], steps: int) -> Any:
    """Another checkpoint: some steps of supervised fine-tuning on right answers, 16 at a time."""
    dtype, model = model.dtype, copy.deepcopy(model).float().train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    verifier = CodeUnderstanding()
    for step in range(steps):
        total = torch.zeros(())
        for task in tasks[16 * step : 16 * step + 16]:
            prompt = chat.render(tokenizer, task.prompt)
            answer = tokenizer(verifier.gold_completion(task), add_special_tokens=False).input_ids
            ids = torch.tensor([[*prompt, *answer, tokenizer.eos_token_id]])
            labels = ids.clone()
            labels[:, : len(prompt)] = -100
            total = total + model(ids, labels=labels).loss / 16
        total.backward()
        optimizer.step()
        optimizer.zero_grad()
    return model.eval().to(dtype)


# What is done to completions afterwards ------------------------------------------------------------------------------


def truncated(made: Sequence[HandedIn], end: int) -> list[HandedIn]:
    """Those that can be cut in half are, and end there as if they had stopped."""
    cut = []
    for one in made:
        n = max(1, len(one.tokens) // 2)
        rows = one.rows[: n + 1] if one.rows is not None else None
        cut.append(replace(one, tokens=[*one.tokens[:n], end], rows=rows, ended=True) if len(one.tokens) > 3 else one)
    return cut


def padded(made: Sequence[HandedIn], end: int) -> list[HandedIn]:
    """More work units: where a completion ends, its text comes once more, and then the end."""
    longer = []
    for one in made:
        if one.ended and 2 * len(one.tokens) <= MAX_TOKENS:
            one = replace(one, tokens=[*one.tokens[:-1], *one.tokens[:-1], end], rows=None)
        longer.append(one)
    return longer


def copied(made: Sequence[HandedIn]) -> list[HandedIn]:
    """Each is handed in, with its proofs, for the prompt and seed after its own."""
    return [
        replace(one, prompt=other.prompt, seed=other.seed)
        for one, other in zip(made, [*made[1:], made[0]], strict=True)
    ]


def shorter_of(first: Sequence[HandedIn], second: Sequence[HandedIn]) -> list[HandedIn]:
    """Of two samples of each prompt the one with fewer tokens, as if it were the first."""
    return [
        a if len(a.tokens) <= len(b.tokens) else replace(b, seed=a.seed) for a, b in zip(first, second, strict=True)
    ]
