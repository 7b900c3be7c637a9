"""OpenRLHF, the real one, in its own environment: its loader, executor and data set on our rows and reward.

Prints one line of JSON; `tests/adapters/test_openrlhf.py` reads it.
"""

from __future__ import annotations

import asyncio
import json
import sys
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import adapter_pairs
import through_adapters
from datasets import load_dataset
from openrlhf.datasets.prompts_dataset import PromptDataset
from openrlhf.trainer.ppo_utils.samples_generator import SamplesGenerator
from openrlhf.utils.agent import SingleTurnAgentExecutor

from synthetic1.adapters.openrlhf import write_rows
from synthetic1.adapters.scoring import task_json

REWARD_FILE = """from synthetic1.adapters.openrlhf import make_reward_func
reward_func = make_reward_func(unscorable=-7.0)
"""


class ScriptedEngine:
    """In the place of vLLM: completes each prompt with what the table says."""

    def __init__(self, pair: adapter_pairs.AdapterPair, tokenizer: object) -> None:
        self.pair, self.tokenizer = pair, tokenizer

    async def generate(self, prompt_ids: list[int], params: object, multi_modal_data: object = None) -> object:
        ids = through_adapters.token_ids(self.tokenizer, self.pair)
        finish = "length" if self.pair.finish_reason == "length" else "stop"
        return SimpleNamespace(outputs=[SimpleNamespace(token_ids=ids, finish_reason=finish, logprobs=None)])


def main(folder: Path) -> None:
    pairs = adapter_pairs.load(code=False)
    tokenizer = through_adapters.embedded_tokenizer()
    file = folder / "reward.py"
    file.write_text(REWARD_FILE, encoding="utf-8")
    params = SimpleNamespace(max_tokens=None, logprobs=None)

    async def rollout(executor: SingleTurnAgentExecutor, pair: adapter_pairs.AdapterPair) -> dict:
        prompt, label = through_adapters.rendered_prompt(pair), task_json(pair.as_task())
        engine = ScriptedEngine(pair, tokenizer)
        return await executor.execute(prompt, label, params, 10**6, tokenizer, engine)

    async def all_of(executor: SingleTurnAgentExecutor, chosen: list) -> list[dict]:
        return await asyncio.gather(*(rollout(executor, pair) for pair in chosen))

    responses = asyncio.run(all_of(SingleTurnAgentExecutor(str(file)), pairs))
    make = SamplesGenerator._process_response_into_experience
    experiences = [make(None, response, max_len=10**6) for response in responses]
    file.write_text("from synthetic1.adapters.openrlhf import reward_func\n", encoding="utf-8")
    direct = adapter_pairs.direct_scores(pairs)
    lost = [pair for pair, score in zip(pairs, direct, strict=True) if score is None][:1]
    told = {
        "version": version("openrlhf"),
        "direct": direct,
        "rewards": [experience.rewards.item() for experience in experiences],
        "scores": [experience.scores[0].item() for experience in experiences],
        "shapes": sorted({str(tuple(experience.rewards.shape)) for experience in experiences}),
        "info": {name: [one.info[name].item() for one in experiences] for name in ("reward", "scorable", "no_answer")},
        "lost": [response["reward"] for response in asyncio.run(all_of(SingleTurnAgentExecutor(str(file)), lost))],
    }

    write_rows([pair.as_task() for pair in pairs], folder / "rows.jsonl")
    data = SimpleNamespace(input_key="input", label_key="label", apply_chat_template=True)
    strategy = SimpleNamespace(args=SimpleNamespace(data=data), is_rank_0=lambda: False)
    loaded = load_dataset("json", data_files=str(folder / "rows.jsonl"), cache_dir=str(folder / "cache"))["train"]
    rows = PromptDataset(loaded, tokenizer, strategy)
    plain = [place for place, pair in enumerate(pairs) if not pair.thinking_open]
    told["prompts"] = all(rows[place][1] == through_adapters.rendered_prompt(pairs[place]) for place in plain)
    told["labels"] = all(rows[place][2] == task_json(pair.as_task()) for place, pair in enumerate(pairs))
    print(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
