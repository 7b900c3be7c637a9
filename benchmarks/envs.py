"""Episodes a second: our vector environment, Gymnasium's, and a bare loop over the verifier.

    python benchmarks/envs.py [--quick] [--json benchmarks/results/envs.json]

Two verifiers: the real one of code understanding, which never waits, and one that waits 20 ms, as for a sandbox or a
judge. Tasks and completions are made beforehand, so that what is measured is the environment; tasks are drawn without
replacement, so that every completion is verified (of identical pairs in a batch we verify one). Contenders run in turn,
round after round, and each row is the median of its rounds; ``overhead_us`` is the median over rounds of the
difference, which leaves out what the machine did meanwhile.
"""

from __future__ import annotations

import asyncio
import json
import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import cycle
from time import perf_counter
from typing import Any, ClassVar

import gymnasium as gym
import numpy as np
from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv
from record import arguments, report

from synthetic1 import Completion, Scorer, Task, Verdict, Verifier
from synthetic1.envs.base import TextEnv
from synthetic1.envs.vector import TextVectorEnv
from synthetic1.rewards.code_understanding import CodeUnderstanding
from synthetic1.tasks.code_understanding import GeneratedTasks
from synthetic1.tasks.sources.source import TaskList, TaskSource

NUM_ENVS = 64
NUM_TASKS = 4 * NUM_ENVS  # few enough to stay in a core's cache: reading tasks from memory is not what is measured
WAIT_S = 0.02


@dataclass(frozen=True)
class WaitingVerifier(Verifier):
    """Waits as long as a sandbox or a judge would, then says yes."""

    version: ClassVar[int] = 1

    async def verify(self, task: Task, completion: Completion) -> Verdict:
        await asyncio.sleep(WAIT_S)
        return Verdict.graded(1.0)


class InTurn(TaskList):
    """Draws every task once, in a random order, before any comes again."""

    def __init__(self, tasks: Iterable[Task]) -> None:
        super().__init__(tasks)
        self._next = cycle([self[index] for index in np.random.default_rng(0).permutation(len(self))])

    def pick(self, u: float) -> Task:
        return next(self._next)


Contender = Callable[[int], float]
"""Runs so many episodes of each environment; seconds it took."""


def made_tasks(count: int) -> InTurn:
    return InTurn(GeneratedTasks((1, 2, 3), size=count))


def completions_of(tasks: TaskSource) -> dict[str, str]:
    """By task id: a short thought, then the right answer."""
    return {
        task.problem_id: f"<think>First, {task.problem_id}. Then the rest, letter by letter.</think>\n"
        + json.dumps({"output": task.verification_info["ground_truth"]})
        for task in tasks
    }


def make_env(tasks: TaskSource, verifier: Verifier) -> gym.Env[str, str]:
    return TextEnv(tasks, Scorer({"code_output_prediction": verifier}))


def vectorised(envs: gym.vector.VectorEnv[Any, Any, Any], completions: dict[str, str]) -> Contender:
    """Reset everywhere, step everywhere. Which completion goes where is looked up outside the clock."""
    envs.reset(seed=0)

    def run(episodes: int) -> float:
        seconds = 0.0
        for _ in range(episodes):
            begun = perf_counter()
            _, infos = envs.reset()
            seconds += perf_counter() - begun
            actions = [completions[task_id] for task_id in infos["task_id"]]
            begun = perf_counter()
            rewards = envs.step(actions)[1]
            seconds += perf_counter() - begun
            assert rewards.sum() == NUM_ENVS
        return seconds

    return run


def bare_loop(tasks: TaskSource, completions: dict[str, str]) -> Contender:
    """Parse and verify, one after the other, with nothing around it: what an episode cannot do without."""
    verifier = CodeUnderstanding()

    def run(episodes: int) -> float:
        total, right = episodes * NUM_ENVS, 0
        # drawn as a reset draws them, and as cold in the caches
        drawn = [tasks.pick(0.0) for _ in range(total)]
        chosen = [(task, completions[task.problem_id]) for task in drawn]
        begun = perf_counter()
        for task, text in chosen:
            work = verifier.verify(task, Completion.parse(text))
            try:
                work.send(None)
            except StopIteration as end:
                right += end.value.score == 1.0
        seconds = perf_counter() - begun
        assert right == total
        return seconds

    return run


def in_turn(contenders: dict[str, tuple[Contender, int]], rounds: int) -> dict[str, list[float]]:
    """Seconds an episode for each contender and round; a first round warms up and does not count."""
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds + 1):
        for name, (run, episodes) in contenders.items():
            seconds = run(episodes) / (episodes * NUM_ENVS)
            if number:
                taken[name].append(seconds)
    return taken


def main() -> None:
    options = arguments("Episodes a second of our vector environment and of Gymnasium's.")
    rounds = 7 if options.quick else 31
    scale = 1 if options.quick else 3
    tasks = made_tasks(NUM_TASKS)
    completions = completions_of(tasks)
    disabled = AutoresetMode.DISABLED

    def fast() -> gym.Env[str, str]:
        return make_env(tasks, CodeUnderstanding())

    def slow() -> gym.Env[str, str]:
        return make_env(tasks, WaitingVerifier())

    ours, ours_slow = (TextVectorEnv(TextEnv(tasks, make().unwrapped.scorer), NUM_ENVS) for make in (fast, slow))
    sync, sync_slow = (SyncVectorEnv([make] * NUM_ENVS, autoreset_mode=disabled) for make in (fast, slow))
    parallel = AsyncVectorEnv([fast] * NUM_ENVS, shared_memory=False, autoreset_mode=disabled)
    try:
        never = in_turn(
            {
                "bare loop over the verifier": (bare_loop(tasks, completions), 20 * scale),
                "TextVectorEnv (ours)": (vectorised(ours, completions), 20 * scale),
                "SyncVectorEnv": (vectorised(sync, completions), 5 * scale),
                "AsyncVectorEnv (pipes)": (vectorised(parallel, completions), 2 * scale),
            },
            rounds,
        )
        waits = in_turn(
            {
                "TextVectorEnv (ours)": (vectorised(ours_slow, completions), 5),
                "SyncVectorEnv": (vectorised(sync_slow, completions), 1),
            },
            3 if options.quick else 9,
        )
        for envs in (ours, ours_slow):
            assert envs.scorer.metrics.deduped == 0, "every contender verifies every completion"
    finally:
        for envs in (ours, sync, parallel, ours_slow, sync_slow):
            envs.close()

    rows = [
        {
            "verifier": verifier,
            "environment": name,
            "num_envs": NUM_ENVS,
            "episodes_per_s": 1 / statistics.median(seconds),
            "us_per_episode": statistics.median(seconds) * 1e6,
        }
        for verifier, taken in (("code understanding", never), (f"waits {WAIT_S * 1e3:.0f} ms", waits))
        for name, seconds in taken.items()
    ]
    bare, our = never["bare loop over the verifier"], never["TextVectorEnv (ours)"]
    ratios = {
        "overhead_us": statistics.median(a - b for a, b in zip(our, bare, strict=True)) * 1e6,
        "waiting_vs_sync": statistics.median(waits["SyncVectorEnv"]) / statistics.median(waits["TextVectorEnv (ours)"]),
        "vs_sync": statistics.median(never["SyncVectorEnv"]) / statistics.median(our),
    }
    targets = {"overhead_us": "at most 3", "waiting_vs_sync": "at least 30"}
    report(rows, ratios, packages=("gymnasium", "numpy"), json_file=options.json, targets=targets)


if __name__ == "__main__":
    main()
