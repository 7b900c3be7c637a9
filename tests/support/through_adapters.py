"""The table of `adapter_pairs` through the adapters of trainers, as each trainer would call them; ``None``: unscorable.

Where a trainer's package is not at hand, what stands in for its objects has the fields that the adapter reads.
"""

from __future__ import annotations

import asyncio
import enum
import sys
import types
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import adapter_pairs
from adapter_pairs import AdapterPair

from synthetic1.adapters import openrlhf, rllm, slime, trl, verl
from synthetic1.adapters.scoring import TASK_COLUMN, task_json, verdicts

UNSCORABLE = -7.0
"""What the adapters of trainers without a place for it are told to say."""
Rewards = list[float | None]


def core(pairs: Sequence[AdapterPair]) -> Rewards:
    """What all adapters are made of."""
    rewards: dict[int, float | None] = {}
    for thinking_open in (False, True):
        chosen = [(place, pair) for place, pair in enumerate(pairs) if pair.thinking_open is thinking_open]
        found = verdicts(
            [pair.task for _, pair in chosen],
            [pair.text for _, pair in chosen],
            finish_reasons=[pair.finish_reason for _, pair in chosen],
            thinking_open=thinking_open,
        )
        rewards |= {place: verdict.score for (place, _), verdict in zip(chosen, found, strict=True)}
    return [rewards[place] for place in range(len(pairs))]


def through_trl(pairs: Sequence[AdapterPair]) -> Rewards:
    """As ``GRPOTrainer`` would: token ids, and a loop of its own."""
    tokenizer = embedded_tokenizer()

    async def ask() -> Rewards:
        rewards: Rewards = [None] * len(pairs)
        for thinking_open in (False, True):
            reward = trl.reward_func(tokenizer, thinking_open=thinking_open)
            places = [place for place, pair in enumerate(pairs) if pair.thinking_open is thinking_open]
            if not places:
                continue
            got = await reward(
                prompts=[None] * len(places),
                completions=[None] * len(places),
                completion_ids=[token_ids(tokenizer, pairs[place]) for place in places],
                trainer_state=None,
                **{TASK_COLUMN: [task_json(pairs[place].as_task()) for place in places]},
            )
            for place, value in zip(places, got, strict=True):
                rewards[place] = value
        return rewards

    return asyncio.run(ask())


def through_verl(pairs: Sequence[AdapterPair]) -> Rewards:
    """One at a time on threads, as its reward managers call a synchronous function."""

    async def ask() -> Rewards:
        calls = [
            asyncio.to_thread(
                verl.compute_score,
                data_source="synthetic1",
                solution_str=pair.text,
                ground_truth=task_json(pair.as_task()),
                extra_info=verl_extra(pair),
                unscorable=UNSCORABLE,
            )
            for pair in pairs
        ]
        return _without_number(result["score"] for result in await asyncio.gather(*calls))

    return asyncio.run(ask())


def through_openrlhf(pairs: Sequence[AdapterPair]) -> Rewards:
    """One at a time on threads, prompt and end token written out."""
    reward = openrlhf.make_reward_func(unscorable=UNSCORABLE)

    async def ask() -> Rewards:
        prompts = [rendered_prompt(pair) for pair in pairs]
        calls = [
            asyncio.to_thread(reward, [prompt + written(pair)], [prompt], [task_json(pair.as_task())])
            for prompt, pair in zip(prompts, pairs, strict=True)
        ]
        return _without_number(result["rewards"].item() for result in await asyncio.gather(*calls))

    return asyncio.run(ask())


def through_slime(pairs: Sequence[AdapterPair]) -> Rewards:
    """All of a group at once, masked."""
    samples = [slime_sample(pair) for pair in pairs]
    args = types.SimpleNamespace(custom_reward_post_process_path=slime.POST_PROCESS)
    rewards = asyncio.run(slime.masked_reward_func(args, samples))
    return [None if one.remove_sample else reward for one, reward in zip(samples, rewards, strict=True)]


def through_rllm(pairs: Sequence[AdapterPair]) -> Rewards:
    """One at a time; the class of its results is a stand-in."""
    stand_in_rllm()
    rewards = []
    for pair in pairs:
        row = {**rllm.rows([pair.as_task()])[0], "finish_reason": pair.finish_reason}
        reward = rllm.make_reward_func(unscorable=UNSCORABLE, thinking_open=pair.thinking_open)
        rewards.append(reward(task_info=row, action=pair.text).reward)
    return _without_number(rewards)


THROUGH: dict[str, Callable[[Sequence[AdapterPair]], Rewards]] = {
    "core": core,
    "trl": through_trl,
    "verl": through_verl,
    "openrlhf": through_openrlhf,
    "slime": through_slime,
    "rllm": through_rllm,
}


def rewards_of_core(places: Sequence[int]) -> Rewards:
    """The rewards of some rows of the table; a function that worker processes import."""
    pairs = adapter_pairs.load(code=False)
    return core([pairs[place] for place in places])


# What trainers have in hand -------------------------------------------------------------------------------------------


def embedded_tokenizer() -> Any:
    from transformers import AutoTokenizer

    from synthetic1.jobs import embedded_model

    return AutoTokenizer.from_pretrained(embedded_model.FOLDER)


def token_ids(tokenizer: Any, pair: AdapterPair) -> list[int]:
    """A completion's ids: one that was not cut off has its end token."""
    ids = tokenizer.encode(pair.text, add_special_tokens=False)
    return ids if pair.finish_reason == "length" else [*ids, tokenizer.eos_token_id]


def verl_extra(pair: AdapterPair) -> dict[str, Any]:
    """What a rollout of one's own puts into verl's ``extra_info``."""
    return {"finish_reason": pair.finish_reason, "thinking_open": pair.thinking_open}


def rendered_prompt(pair: AdapterPair) -> str:
    thinking = "<think>\n" if pair.thinking_open else ""
    return f"<|im_start|>user\n{pair.task['prompt']}<|im_end|>\n<|im_start|>assistant\n{thinking}"


def written(pair: AdapterPair) -> str:
    """A completion decoded with special tokens."""
    return pair.text if pair.finish_reason == "length" else f"{pair.text}<|im_end|>"


class SlimeStatus(enum.Enum):
    """``slime.utils.types.Sample.Status``, as far as it matters."""

    COMPLETED = "completed"
    TRUNCATED = "truncated"


@dataclass
class SlimeSample:
    """``slime.utils.types.Sample``, as far as it matters."""

    prompt: str | list[dict[str, str]]
    response: str
    label: str | None
    status: SlimeStatus
    group_index: int | None = None
    reward: float | None = None
    remove_sample: bool = False
    metadata: dict[str, Any] = field(default_factory=dict)

    def get_reward_value(self, args: Any) -> float | None:
        return self.reward


def slime_sample(pair: AdapterPair) -> SlimeSample:
    status = SlimeStatus.TRUNCATED if pair.finish_reason == "length" else SlimeStatus.COMPLETED
    return SlimeSample(rendered_prompt(pair), written(pair), task_json(pair.as_task()), status)


@dataclass(kw_only=True)
class RllmRewardOutput:
    """``rllm.rewards.reward_types.RewardOutput``."""

    reward: float
    metadata: dict[str, Any] = field(default_factory=dict)
    is_correct: bool | None = None


def stand_in_rllm() -> None:
    """``rllm.rewards.reward_types`` with the one class that the adapter makes, unless rllm is here."""
    if "rllm" in sys.modules:
        return
    for name in ("rllm", "rllm.rewards", "rllm.rewards.reward_types"):
        sys.modules[name] = types.ModuleType(name)
    sys.modules["rllm.rewards.reward_types"].RewardOutput = RllmRewardOutput  # type: ignore[attr-defined]


def _without_number(rewards: Iterable[float]) -> Rewards:
    return [None if reward == UNSCORABLE else reward for reward in rewards]
