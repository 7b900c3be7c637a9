"""Training runs for tests: composed as the command line composes them, run in this process or in a child."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:  # they import torch: every process of the tests reads this file, one of them trains
    from ready_trainer import ReadyTrainer

    from synthetic1.trainers.reinforcement.objective.reward import Reward, RewardedRollout
    from synthetic1.trainers.reinforcement.settings import GrpoSettings

ROOT = Path(__file__).resolve().parents[2]

# The smallest run that is one: two tasks of level 1, four completions each, no evaluation.
TINY = (
    "trainer.max_steps=2",
    "trainer.prompts_per_step=2",
    "trainer.group_size=4",
    "trainer.warmup_steps=0",
    "rollout.max_completion_length=24",
    "env.level=1-2",
    "env.size=40",
    "eval.n=0",
)


@dataclass(frozen=True)
class RewardCall:
    """What one call of the reward saw."""

    step: int
    tasks: tuple[int, ...]
    completions: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Run:
    """A finished run: its folder and what its reward saw."""

    path: Path
    reward_calls: list[RewardCall] = field(default_factory=list)
    rewarded: list[list[RewardedRollout]] = field(default_factory=list)
    """The rollouts of every batch with the advantages that TRL gave them."""

    def rows(self, name: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.path / name).read_text().splitlines()]

    @property
    def steps(self) -> list[dict[str, Any]]:
        """The rows of training steps."""
        return [row for row in self.rows("metrics.jsonl") if "eval" not in row]

    @property
    def result(self) -> dict[str, Any]:
        result: dict[str, Any] = json.loads((self.path / "result.json").read_text())
        return result


def composed(*overrides: str) -> GrpoSettings:
    """The settings that this command line gives."""
    from hydra import compose, initialize_config_module
    from omegaconf import OmegaConf

    from synthetic1.jobs.program import validate
    from synthetic1.trainers.reinforcement.settings import GrpoSettings

    with initialize_config_module(version_base="1.3", config_module="synthetic1.configs"):
        config = compose("grpo", list(overrides))
    return validate(GrpoSettings, OmegaConf.to_container(config, resolve=True))


def train_here(*overrides: str, stop_after: int | None = None) -> Run:
    """Train in this process, as ``trainers/grpo.py`` would; ``stop_after`` presses Ctrl-C during that step.

    Raises:
        SystemExit: the run was stopped.
    """
    from synthetic1.trainers.grpo import train
    from synthetic1.trainers.reinforcement import runs
    from synthetic1.trainers.reinforcement.objective.reward import Reward

    chosen = composed(*TINY, *overrides)
    seen: list[RewardCall] = []
    rewarded: list[list[RewardedRollout]] = []
    score, with_advantages = Reward.score, Reward.with_advantages

    async def watched(self: Reward, **kwargs: Any) -> list[float | None]:
        step = kwargs["trainer_state"].global_step
        ids = tuple(tuple(row) for row in kwargs["completion_ids"])
        seen.append(RewardCall(step, tuple(kwargs["task_index"]), ids))
        if stop_after is not None and step == stop_after - 1:
            signal.raise_signal(signal.SIGINT)
        return await score(self, **kwargs)

    def noted(self: Reward, advantages: list[float]) -> list[RewardedRollout]:
        rewarded.append(with_advantages(self, advantages))
        return rewarded[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Reward, "score", watched)
        patch.setattr(Reward, "with_advantages", noted)
        try:
            train(chosen)
        except SystemExit as stop:
            stop.run = Run(runs.folder(chosen), seen, rewarded)  # type: ignore[attr-defined]
            raise
    return Run(runs.folder(chosen), seen, rewarded)


def child(*arguments: str, env: Mapping[str, str | None] | None = None) -> subprocess.CompletedProcess[str]:
    """Run this Python with ``arguments`` from the root of the checkout, on one thread; ``None`` unsets a variable."""
    changed = {**os.environ, "OMP_NUM_THREADS": "1", **(env or {})}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={name: value for name, value in changed.items() if value is not None},
        capture_output=True,
        text=True,
        timeout=480,
        check=False,
    )


@pytest.fixture(scope="session", autouse=True)
def _no_vllm_here() -> None:
    """TRL would import vLLM into this process, which takes ten seconds; tests of vLLM have a process of their own."""
    from synthetic1.trainers.trl_process import prepare_imports

    prepare_imports("transformers")


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    """Tensors this small are faster on one thread, and the other cores are other tests' to use."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def compose() -> Callable[..., GrpoSettings]:
    return composed


@pytest.fixture(scope="session")
def train() -> Callable[..., Run]:
    return train_here


@pytest.fixture(scope="session")
def run_child() -> Callable[..., subprocess.CompletedProcess[str]]:
    return child


@pytest.fixture(scope="session")
def ready() -> Iterator[ReadyTrainer]:
    """``ready.run("trainers/grpo.py", …)``: a program in a process of its own, without the ten seconds of its start."""
    from ready_trainer import ReadyTrainer

    started = ReadyTrainer()
    yield started
    started.close()


@pytest.fixture(scope="session")
def tokenizer() -> Any:
    """The embedded model's tokenizer."""
    from synthetic1.jobs.models import load_tokenizer

    return load_tokenizer(composed().model)


@pytest.fixture(scope="session")
def model() -> Any:
    """The embedded model."""
    from synthetic1.jobs.models import load_model

    return load_model(composed().model)


@pytest.fixture
def talkative(watched_network: Any) -> dict[str, str | None]:
    """The environment of someone who has turned no telemetry off, with the network watched."""
    silencers = ("CI", "DO_NOT_TRACK", "HF_DATASETS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "HF_HUB_OFFLINE")
    return {**watched_network.env, **dict.fromkeys((*silencers, "VLLM_NO_USAGE_STATS"))}


@pytest.fixture(scope="session")
def tiny() -> tuple[str, ...]:
    return TINY
