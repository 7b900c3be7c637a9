"""What loads, and what it will need of memory."""

from __future__ import annotations

import pytest

from synthetic1.jobs import models
from synthetic1.jobs.model_settings import ModelSettings
from synthetic1.jobs.program import ProgramError
from synthetic1.trainers.reinforcement.memory import estimate_memory


def test_the_estimate_of_memory_is_of_the_right_size(compose, model, tokenizer):
    """Against what torch allocates for weights, gradients, moments and the activations of one update."""
    import torch

    settings = compose("trainer.prompts_per_step=16", "trainer.group_size=8", "rollout.max_completion_length=64")
    prompt, rows = 32, 128
    estimate = estimate_memory(model, settings, prompt, rows)
    parameters = sum(p.numel() for p in model.parameters())
    assert estimate.weights == 16 * parameters

    saved = 0

    def count(tensor: torch.Tensor) -> torch.Tensor:
        nonlocal saved
        saved += tensor.numel() * tensor.element_size()
        return tensor

    ids = torch.randint(0, len(tokenizer), (rows, prompt + 64))
    with torch.autograd.graph.saved_tensors_hooks(count, lambda t: t):
        hidden = model.model(input_ids=ids).last_hidden_state
    assert hidden.shape[:2] == (rows, prompt + 64)
    assert saved / 3 < estimate.activations < saved * 3

    with torch.no_grad():
        cache = model.model(input_ids=ids, use_cache=True).past_key_values
    measured = sum(t.numel() * t.element_size() for layer in cache.layers for t in (layer.keys, layer.values))
    assert estimate.cache == measured


@pytest.mark.parametrize(
    ("override", "part", "smaller"),
    [
        ("trainer.gradient_checkpointing=true", "activations", True),
        ("model.lora={r: 8}", "weights", True),
        ("model.dtype=bfloat16", "cache", True),
        ("trainer.updates_per_rollout=2", "cache", False),
        ("rollout.max_completion_length=200", "activations", False),
    ],
)
def test_the_estimate_moves_the_right_way(compose, model, override, part, smaller):
    before = getattr(estimate_memory(model, compose(), 32, 64), part)
    after = getattr(estimate_memory(model, compose(override), 32, 64), part)
    assert (after < before) if smaller else (after > before)


def test_vllm_keeps_its_own_cache(compose, model):
    assert estimate_memory(model, compose("rollout=vllm_colocate"), 32, 64).cache == 0


def test_a_chat_template_of_ones_own(tmp_path):
    path = tmp_path / "shout.jinja"
    path.write_text("{% for m in messages %}{{ m['content'] | upper }}{% endfor %}<think>")
    tokenizer = models.load_tokenizer(ModelSettings(name="embedded", chat_template=str(path)))
    text = tokenizer.apply_chat_template([{"role": "user", "content": "hi"}], tokenize=False)
    assert text == "HI<think>"


def test_a_template_that_opens_a_thought_is_noticed(tmp_path, tokenizer):
    from synthetic1.jobs.chat import prompt_opens_thinking

    path = tmp_path / "r1.jinja"
    path.write_text("{{ messages[0]['content'] }}{% if add_generation_prompt %}<think>\n{% endif %}")
    opened = models.load_tokenizer(ModelSettings(name="embedded", chat_template=str(path)))
    assert prompt_opens_thinking(opened)
    assert not prompt_opens_thinking(tokenizer)


def test_a_model_without_a_chat_template(tmp_path, tokenizer):
    tokenizer.save_pretrained(tmp_path)
    (tmp_path / "chat_template.jinja").unlink()
    with pytest.raises(ProgramError, match=r"has no chat template; give one with model\.chat_template=FILE\.jinja"):
        models.load_tokenizer(ModelSettings(name=str(tmp_path)))


def test_a_broken_model_folder(tmp_path, tokenizer):
    tokenizer.save_pretrained(tmp_path)
    with pytest.raises(ProgramError, match=r"the folder holds no config\.json"):
        models.load_model(ModelSettings(name=str(tmp_path)))
    (tmp_path / "config.json").write_text('{"model_type": "qwen3"}')
    with pytest.raises(ProgramError, match=r"cannot be loaded: .*no file named") as caught:
        models.load_model(ModelSettings(name=str(tmp_path)))
    assert "\n" not in str(caught.value)
