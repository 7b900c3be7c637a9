"""Real vLLM, on the CPU: rollouts come from it, and it samples from the weights that are trained."""

from __future__ import annotations

import importlib.util
import json

import pytest

FRESH = 0.01  # a larger mean difference of log-probabilities means that vLLM samples from other weights
PUSHES = 2
STEPS = ("trainer.max_steps=4", "trainer.learning_rate=3e-3", "eval.n=12", "rollout=vllm_colocate")
QUICK = {"TORCH_COMPILE_DISABLE": "1", "VLLM_CPU_OMP_THREADS_BIND": "nobind", "VLLM_LOGGING_LEVEL": "ERROR"}
GOES_STALE = f"""
import json
from functools import partial

from synthetic1.trainers import grpo


def goes_stale(settings, train=grpo.train):
    # here, not above: the program turns telemetry off before it imports anything of Hugging Face
    from synthetic1.trainers import trl_process
    trl_process.prepare_imports("vllm_colocate")
    from trl.generation.vllm_generation import VLLMGeneration

    from synthetic1.evaluation.transformers_engine import TransformersEngine
    from synthetic1.trainers.reinforcement import evaluating

    push, steps, measured = VLLMGeneration.sync_weights, [*range({PUSHES}), 4], evaluating.HeldOut.__call__
    states = []

    def some_pushes(self):
        if not states or states[-1].global_step in steps:
            push(self)

    def twice(self, n, temperature, step):
        states.append(self.trainer.state)
        own = self.engine
        assert isinstance(own, evaluating.RolloutVllm)
        first = measured(self, n, temperature, step)
        if temperature == 0.0:  # by the trained model itself
            opened = partial(evaluating.unwrapped, self.trainer)
            self.engine = TransformersEngine(self.trainer.model, own._tokenizer, opened=opened)
        again, self.engine = measured(self, n, temperature, step), own
        print("TWICE", json.dumps([[r.rollout.completion.raw for r in made.rollouts] for made in (first, again)]))
        return first

    VLLMGeneration.sync_weights = some_pushes
    evaluating.HeldOut.__call__ = twice
    train(settings)


grpo.train = goes_stale
grpo.main()
"""
"""New weights are pushed for the first steps, and for the evaluation at the end. What is measured is measured twice."""


@pytest.fixture(scope="module")
def kept_away(kept_vllm):
    """The shared server has ended: the one that trains wants its memory."""
    kept_vllm.end()


@pytest.fixture
def ran(kept_away, run_child, tiny, tmp_path, require, talkative):
    """The rows of a run's steps, in a process of its own, and the completions of its evaluations."""
    require("vLLM", importlib.util.find_spec("vllm"), "make venv")
    done = run_child("-c", GOES_STALE, *tiny, f"runs={tmp_path}", *STEPS, env={**talkative, **QUICK})
    assert done.returncode == 0, done.stderr[-3000:]
    (metrics,) = tmp_path.glob("grpo/*/metrics.jsonl")
    rows = [row for line in metrics.read_text().splitlines() if "eval" not in (row := json.loads(line))]
    assert [row["step"] for row in rows] == [1, 2, 3, 4]
    said = [line.removeprefix("TWICE ") for line in done.stdout.splitlines() if line.startswith("TWICE ")]
    return rows, list(map(json.loads, said))


def test_colocated_vllm_samples_from_the_weights_that_are_trained(ran, watched_network):
    """And the control: without the push of new weights the measure exceeds its limit, and the run says so."""
    rows, (sampled, greedy, sampled_after, greedy_after) = ran
    fresh, stale = rows[:PUSHES], rows[PUSHES:]
    assert all(row["loss"] is not None and row["tokens"] > 0 for row in rows)
    assert any(row["grad_norm"] > 0 for row in rows)
    assert all(row["logp_difference"] < FRESH for row in fresh)
    assert all(row["seconds"]["sync"] > 0 for row in fresh[1:])
    assert not any("stale weights" in warning for row in fresh for warning in row["warnings"])
    assert all(row["logp_difference"] > FRESH for row in stale)
    assert any("stale weights" in warning for row in stale for warning in row["warnings"])
    assert watched_network.attempts == []  # no usage statistics

    def alike(one, other):
        return sum(a == b for a, b in zip(one, other, strict=True))

    # Held-out tasks are measured by the same vLLM, with the weights of then and with seeds of its own.
    for first, again in (sampled, sampled_after):
        assert first == again
        assert len(set(first)) > 6  # each prompt has its own
    for of_vllm, of_the_model in (greedy, greedy_after):  # a near tie may fall to either side
        assert alike(of_vllm, of_the_model) >= 10
    assert alike(greedy[0], greedy_after[0]) < 9
