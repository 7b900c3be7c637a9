"""TOPLOC proofs of a real model: hidden states as they are while it generates, verified by one prefill."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import pytest

from synthetic1.jobs import models
from synthetic1.jobs.model_settings import ModelSettings
from synthetic1.pool.toploc.building import build_proofs
from synthetic1.pool.toploc.verifying import TopLocThresholds, proof_verdict
from synthetic1.tasks.code_understanding import GeneratedTasks

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
TOKENS = 70


@dataclass
class Generated:
    """What a worker hands in, and what it is about."""

    model: object
    prompt: object
    tokens: object
    """Of prompt and completion, shape (1, n)."""
    proofs: list

    def prefilled(self, model, tokens=None):
        """A validator's activations: the prompt's rows, then one row for each token of the completion."""
        with torch.inference_mode():
            rows = model.model(self.tokens if tokens is None else tokens).last_hidden_state[0]
        n = self.prompt.shape[1]
        return [rows[:n], *rows[n:]]


@pytest.fixture(scope="module")
def generated():
    """The embedded model in bfloat16, greedily, one token at a time."""
    settings = ModelSettings(name="embedded", dtype="bfloat16")
    model, tokenizer = models.load_model(settings).eval(), models.load_tokenizer(settings)
    task = GeneratedTasks(2, split="test", size=4)[0]
    text = tokenizer.apply_chat_template(
        [{"role": "user", "content": task.prompt}], add_generation_prompt=True, tokenize=False
    )
    prompt = tokenizer(text, return_tensors="pt", add_special_tokens=False).input_ids
    with torch.inference_mode():
        step = model.model(prompt, use_cache=True)
        parts, tokens = [step.last_hidden_state[0]], prompt
        for _ in range(TOKENS):
            token = model.lm_head(step.last_hidden_state[:, -1:]).argmax(-1)
            tokens = torch.cat([tokens, token], 1)
            step = model.model(token, past_key_values=step.past_key_values, use_cache=True)
            parts.append(step.last_hidden_state[0])
    return Generated(model, prompt, tokens, [proof.to_base64() for proof in build_proofs(parts)])


def changed(model, change):
    """The model with every weight put through ``change``."""
    model = copy.deepcopy(model)
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_(change(weight.float()))
    return model


def test_the_models_own_rollout_is_accepted(generated):
    verdict = proof_verdict(generated.prefilled(generated.model), generated.proofs)
    assert verdict.is_accepted
    assert len(verdict.comparisons) == 4  # the prompt, 32, 32 and 6 tokens
    # a cache and a prefill add up in other orders: near, as thresholds of a model's own would have it, not the same
    assert all(c.exp_mismatches < 10 and c.mant_err_mean < 2 for c in verdict.comparisons)


def test_another_models_is_not(generated):
    torch.manual_seed(0)
    noisy = changed(generated.model, lambda weight: weight * (1 + 0.2 * torch.randn_like(weight)))
    verdict = proof_verdict(generated.prefilled(noisy), generated.proofs)
    assert not verdict.is_accepted
    assert verdict.reason.startswith("chunk 0: ")


def test_weights_of_8_bits_need_thresholds_of_the_models_own(generated):
    """They pass by the defaults, which have to hold for any model. Figures are those of docs/pool.md."""

    def rounded(weight):
        scale = weight.abs().amax(-1, keepdim=True) / 127
        return (weight / scale).round() * scale if weight.ndim == 2 else weight

    own = generated.prefilled(changed(generated.model, rounded))
    honest = proof_verdict(generated.prefilled(generated.model), generated.proofs).comparisons
    rounded_ones = proof_verdict(own, generated.proofs)
    assert rounded_ones.is_accepted
    assert max(c.mant_err_mean for c in honest) < 0.9 < max(c.mant_err_mean for c in rounded_ones.comparisons)
    calibrated = TopLocThresholds(exp_mismatches=6, mant_err_mean=0.9)
    assert proof_verdict(generated.prefilled(generated.model), generated.proofs, thresholds=calibrated).is_accepted
    assert not proof_verdict(own, generated.proofs, thresholds=calibrated).is_accepted


def test_another_prompts_is_not(generated):
    n = generated.prompt.shape[1]
    tokens = generated.tokens.clone()
    tokens[:, 2 : n - 2] = tokens[:, 2 : n - 2].flip(1)
    assert not proof_verdict(generated.prefilled(generated.model, tokens), generated.proofs).is_accepted


def test_another_completions_is_not(generated):
    n = generated.prompt.shape[1]
    tokens = generated.tokens.clone()
    tokens[:, n:] = tokens[:, n:].flip(1)
    verdict = proof_verdict(generated.prefilled(generated.model, tokens), generated.proofs)
    assert not verdict.is_accepted
    assert verdict.reason.startswith("chunk 1: ")  # the prompt is its own
