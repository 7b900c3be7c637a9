"""In the environment of skyrl-gym: the pairs through its environments, in threads as SkyRL has them.

python tests/support/skyrl_pairs.py [code]
"""

from __future__ import annotations

import asyncio
import json
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import adapter_pairs
import skyrl_gym
from adapter_pages import run_block

from synthetic1.adapters.scoring import UnscorableError
from synthetic1.adapters.skyrl import register, row_of


def env_of(pair: adapter_pairs.AdapterPair) -> Any:
    """What SkyRL's generator makes of a row."""
    row = row_of(pair.as_task(), "math" if pair.family == "broken" else pair.family)
    env_class, prompt = row.pop("env_class"), row.pop("prompt")
    row = json.loads(json.dumps(row))  # as from a file
    env = skyrl_gym.make(env_class, env_config={}, extras={**row, "max_turns": 1})
    assert env.init(prompt) == ([{"role": "user", "content": pair.as_task().prompt}], {})
    return env


def scored(pair: adapter_pairs.AdapterPair, end: str = "<|im_end|>") -> Any:
    try:
        told = env_of(pair).step(pair.text + end * (pair.finish_reason != "length"))
    except UnscorableError as error:
        return str(error)
    assert (told["observations"], told["done"]) == ([], True)
    assert told["metadata"]["synthetic1"]["score"] == told["reward"]
    return told["reward"]


def in_process(method: str, pairs: list[adapter_pairs.AdapterPair]) -> list[Any]:
    """The first pairs once more in a worker process, as Ray has them; this one has scored before it was forked."""
    with ProcessPoolExecutor(1, get_context(method)) as pool:
        assert pool.submit(register, ends_written=True).result()
        return [pool.submit(scored, pair).result() for pair in pairs if not pair.thinking_open]


async def main(code: bool) -> dict[str, Any]:
    pairs, scores = adapter_pairs.load(code=code), {}
    loop = asyncio.get_running_loop()
    families = ("math", "code_understanding", "stem", "swe", "code")
    for thinking_open in (False, True):
        options = {family: {"thinking_open": thinking_open} for family in families}
        ids = register(options=options, ends_written=True)
        chosen = [place for place, pair in enumerate(pairs) if pair.thinking_open == thinking_open]
        with ThreadPoolExecutor(8) as threads:
            told = await asyncio.gather(*(loop.run_in_executor(threads, scored, pairs[place]) for place in chosen))
        scores.update(zip(chosen, told, strict=True))
    register()
    bare = [scored(pair, end="") for pair in pairs if pair.family == "swe" and not pair.thinking_open]
    processes = {method: in_process(method, pairs[:15]) for method in ("fork", "spawn")}
    run_block("skyrl", "register(", ".")
    assert skyrl_gym.spec("synthetic1/math").kwargs["unscorable"] == 0.0
    with TemporaryDirectory() as folder:
        run_block("skyrl", "row_of", folder)
        written = (Path(folder) / "train.parquet").stat().st_size
    register(unscorable=0.25)
    broken = env_of(next(pair for pair in pairs if pair.kind == "no_gold"))
    number = broken.step("\\boxed{1}")["reward"]
    right = env_of(next(pair for pair in pairs if (pair.family, pair.kind) == ("math", "gold")))
    right.step("\\boxed{nothing}")
    metrics = type(right).aggregate_metrics([broken.get_metrics(), right.get_metrics()])
    assert written
    scores = {"scores": [scores[place] for place in range(len(pairs))], "processes": processes, "bare": bare}
    return {**scores, "ids": ids, "number": number, "metrics": metrics}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main("code" in sys.argv[1:]))))
