"""verl, the real one, in its own environment: loads our rows, and scores the table in its Ray workers.

Prints one line of JSON; `tests/adapters/test_verl.py` reads it.
"""

from __future__ import annotations

import asyncio
import json
import os
import runpy
import sys
import tempfile
from pathlib import Path

os.environ.update(
    HF_HUB_OFFLINE="1", RAY_AUTH_MODE="disabled", RAY_USAGE_STATS_ENABLED="0", TOKENIZERS_PARALLELISM="false"
)

import adapter_pairs
import numpy as np
import ray
import through_adapters
import torch
import verl
from omegaconf import OmegaConf
from verl import DataProto
from verl.experimental.reward_loop.reward_loop import RewardLoopManager
from verl.trainer.ppo.reward import extract_reward, load_reward_manager
from verl.utils.dataset.rl_dataset import RLHFDataset

from synthetic1.adapters.verl import write_rows
from synthetic1.jobs import embedded_model

EXAMPLE = Path(__file__).resolve().parents[2] / "docs/adapters/examples/verl_math.py"
UNSCORABLE = through_adapters.UNSCORABLE


def settings(name: str, manager: str = "naive", **reward_kwargs: object) -> OmegaConf:
    """verl's own reward configuration with what our documentation says to add."""
    reward = OmegaConf.load(Path(verl.__file__).parent / "trainer/config/reward/reward.yaml")
    ours = {
        "num_workers": 1,
        "custom_reward_function": {
            "path": "pkg://synthetic1.adapters.verl",
            "name": name,
            "reward_kwargs": reward_kwargs,
        },
        "reward_manager": {"name": manager},
    }
    model = {"path": str(embedded_model.FOLDER), "tokenizer_path": None}
    return OmegaConf.create(
        {"reward": OmegaConf.merge(reward, ours), "actor_rollout_ref": {"model": model}, "data": {}}
    )


def loaded_rows(folder: Path, pairs: list[adapter_pairs.AdapterPair], tokenizer: object) -> list[dict]:
    """What verl's data set makes of our file, mixed with one of its own layout."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    write_rows([pair.as_task() for pair in pairs], folder / "ours.parquet")
    other = {
        "data_source": "openai/gsm8k",
        "prompt": [{"role": "user", "content": "1 + 1?"}],
        "ability": "math",
        "reward_model": {"style": "rule", "ground_truth": "2"},
        "extra_info": {"split": "train", "index": 0},
    }
    pq.write_table(pa.Table.from_pylist([other]), folder / "other.parquet")
    files = [str(folder / "ours.parquet"), str(folder / "other.parquet")]
    config = OmegaConf.create({"cache_dir": str(folder), "max_prompt_length": 10**6, "filter_overlong_prompts": False})
    loaded = RLHFDataset(files, tokenizer, config)
    rows = [loaded[place] for place in range(len(loaded))]
    assert rows.pop()["data_source"] == "openai/gsm8k"
    return rows


def batch_of(rows: list[dict], pairs: list[adapter_pairs.AdapterPair], tokenizer: object) -> DataProto:
    """A batch as verl's rollouts leave it: responses padded to the right."""
    ids = [through_adapters.token_ids(tokenizer, pair) for pair in pairs]
    length = max(map(len, ids))
    responses = torch.tensor([row + [tokenizer.pad_token_id] * (length - len(row)) for row in ids])
    mask = torch.tensor([[1] + [1] * len(row) + [0] * (length - len(row)) for row in ids])
    extra = [{**row["extra_info"], **through_adapters.verl_extra(pair)} for row, pair in zip(rows, pairs, strict=True)]
    columns = {name: [row[name] for row in rows] for name in ("data_source", "reward_model", "raw_prompt")}
    arrays = {}
    for name, values in {**columns, "extra_info": extra}.items():
        arrays[name] = np.empty(len(values), dtype=object)
        arrays[name][:] = values
    prompts = torch.ones((len(ids), 1), dtype=torch.long)
    tensors = {"prompts": prompts, "responses": responses, "attention_mask": mask}
    return DataProto.from_dict(tensors=tensors, non_tensors=arrays)


def main(folder: Path) -> None:
    pairs = adapter_pairs.load(code=False)
    tokenizer = through_adapters.embedded_tokenizer()
    data = batch_of(loaded_rows(folder, pairs, tokenizer), pairs, tokenizer)
    direct = adapter_pairs.direct_scores(pairs)
    told: dict[str, object] = {"direct": direct, "version": verl.__version__}

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, _temp_dir=tempfile.mkdtemp(prefix="ray-"))
    manager = RewardLoopManager(settings("compute_score_async", unscorable=UNSCORABLE))
    tensor, numbers = extract_reward(manager.compute_rm_score(data))
    told["rewards"] = tensor.sum(dim=1).tolist()
    told["numbers"] = {name: values.tolist() for name, values in numbers.items()}
    places = range(0, len(pairs), 9)
    in_worker = ray.remote(through_adapters.rewards_of_core)
    told["ray_task"] = ray.get(in_worker.remote(list(places))) == [direct[place] for place in places]
    ray.shutdown()

    async def one_by_one(name: str, manager: str, places: range) -> list[float]:
        reward_manager = load_reward_manager(settings(name, manager, unscorable=UNSCORABLE), tokenizer)
        reward_manager.loop = asyncio.get_running_loop()
        results = await asyncio.gather(*(reward_manager.run_single(data[place : place + 1]) for place in places))
        return [result["reward_score"] for result in results]

    for name in ("compute_score", "compute_score_async"):
        for kind in ("naive", "dapo"):
            scored = asyncio.run(one_by_one(name, kind, places))
            told[f"{name} {kind}"] = scored == [
                UNSCORABLE if direct[place] is None else direct[place] for place in places
            ]
    lost = direct.index(None)
    try:
        reward_manager = load_reward_manager(settings("compute_score"), tokenizer)
        reward_manager.loop = asyncio.new_event_loop()
        reward_manager.loop.run_until_complete(reward_manager.run_single(data[lost : lost + 1]))
    except Exception as error:
        told["raised"] = f"{type(error).__name__}: {error}"
    told["example"] = asyncio.run(runpy.run_path(str(EXAMPLE))["main"](folder))
    print(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
