"""Real vLLM, on the CPU: rollouts come from it, and it samples from the weights that are trained."""

from __future__ import annotations

import importlib.util
import json

import pytest

FRESH = 0.01  # a larger mean difference of log-probabilities means that vLLM samples from other weights
STEPS = ("trainer.max_steps=3", "trainer.learning_rate=3e-3", "eval.n=0", "rollout=vllm_colocate")
QUICK = {"TORCH_COMPILE_DISABLE": "1", "VLLM_CPU_OMP_THREADS_BIND": "nobind", "VLLM_LOGGING_LEVEL": "ERROR"}


@pytest.fixture
def rows(run_child, tiny, tmp_path, require, talkative, kept_vllm):
    """Train in a process of its own; the rows of its steps."""
    require("vLLM", importlib.util.find_spec("vllm"), "make venv")
    kept_vllm.end()  # this one's own wants its memory

    def run(*program: str) -> list[dict[str, object]]:
        done = run_child(*program, *tiny, f"runs={tmp_path}", *STEPS, env={**talkative, **QUICK})
        assert done.returncode == 0, done.stderr[-3000:]
        (metrics,) = tmp_path.glob("grpo/*/metrics.jsonl")
        found = [json.loads(line) for line in metrics.read_text().splitlines()]
        assert [row["step"] for row in found] == [1, 2, 3]
        return found

    return run


def test_colocated_vllm_samples_from_the_weights_that_are_trained(rows, watched_network):
    found = rows("trainers/grpo.py")
    assert all(row["logp_difference"] < FRESH for row in found)
    assert all(row["loss"] is not None and row["tokens"] > 0 for row in found)
    assert any(row["grad_norm"] > 0 for row in found)
    assert all(row["seconds"]["sync"] > 0 for row in found[1:])
    assert watched_network.attempts == []  # no usage statistics


STALE = """
from synthetic1.trainers import grpo, trl_process
trl_process.prepare_imports("vllm_colocate")
from trl.generation.vllm_generation import VLLMGeneration

VLLMGeneration.sync_weights = lambda self: None
grpo.main()
"""


def test_stale_weights_would_be_seen(rows):
    """The control: without the push of new weights the measure above exceeds its limit, and the run says so."""
    found = rows("-c", STALE)
    assert found[0]["logp_difference"] < FRESH  # nothing has been trained yet
    assert all(row["logp_difference"] > FRESH for row in found[1:])
    assert any("stale weights" in warning for row in found for warning in row["warnings"])
