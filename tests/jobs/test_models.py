"""What loads."""

from __future__ import annotations

import json

import pytest

from synthetic1.jobs import embedded_model, models
from synthetic1.jobs.model_settings import ModelSettings
from synthetic1.jobs.program import ProgramError


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


# A folder of adapters -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def adapters(tmp_path_factory):
    """What a LoRA run on the embedded model leaves, and its logits for some tokens."""
    import torch
    from peft import get_peft_model

    folder = tmp_path_factory.mktemp("run") / "model"
    settings = ModelSettings(name="embedded", lora={"r": 4})
    trained = get_peft_model(models.load_model(settings), models.lora_config(settings))
    with torch.no_grad():
        for name, weights in trained.named_parameters():
            if "lora_B" in name:
                weights.normal_(generator=torch.Generator().manual_seed(weights.numel()))
        trained.save_pretrained(folder)
        models.load_tokenizer(settings).save_pretrained(folder)
        return folder, trained.eval()(torch.arange(20)[None]).logits


def logits_of(model):
    import torch

    with torch.no_grad():
        return model.eval()(torch.arange(20)[None]).logits


def test_adapters_are_merged_into_the_model_that_they_are_for(adapters):
    import torch

    folder, logits = adapters
    settings = ModelSettings(name=str(folder))
    merged = models.load_model(settings)
    torch.testing.assert_close(logits_of(merged), logits, rtol=1e-3, atol=1e-3)
    assert not torch.allclose(logits_of(models.load_model(ModelSettings(name="embedded"))), logits, atol=0.1)
    assert not any("lora" in name for name, _ in merged.named_parameters())
    assert merged.name_or_path == str(folder)  # what new adapters say that they are for
    assert models.load_config(settings).hidden_size == merged.config.hidden_size
    assert models.load_tokenizer(settings).chat_template
    assert embedded_model.is_trained_from(folder)


def test_adapters_of_adapters(adapters, tmp_path):
    """A LoRA run that begins from one: its adapters are for the merged model, not for the first one's base."""
    import torch
    from peft import get_peft_model

    folder, logits = adapters
    settings = ModelSettings(name=str(folder), lora=True)
    get_peft_model(models.load_model(settings), models.lora_config(settings)).save_pretrained(tmp_path)  # B is 0 yet
    second = ModelSettings(name=str(tmp_path))
    torch.testing.assert_close(logits_of(models.load_model(second)), logits, rtol=1e-3, atol=1e-3)
    assert models.load_tokenizer(second).chat_template  # of the base: peft writes none
    names = models.weights_of(second)
    file = folder / "tokenizer_config.json"
    file.write_text(file.read_text() + "\n")
    assert models.weights_of(second) != names


def test_who_takes_no_adapters_is_told_how_to_merge_them(adapters, tmp_path):
    import torch

    folder, logits = adapters
    said = r"holds adapters for .*embedded_model, and vLLM wants a whole model; merge them: python -c .*-merged"
    with pytest.raises(ProgramError, match=said) as caught:
        models.check_whole(ModelSettings(name=str(folder)), "vLLM")
    assert "\n" not in str(caught.value)
    models.merge_adapters(str(folder), str(tmp_path / "whole"))
    whole = ModelSettings(name=str(tmp_path / "whole"))
    models.check_whole(whole, "vLLM")
    torch.testing.assert_close(logits_of(models.load_model(whole)), logits, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"base_model_name_or_path": "./nowhere"}, "holds adapters for another model: .*nowhere`: there is no such"),
        ({"base_model_name_or_path": None}, "the folder holds no config"),
        ({}, "the folder holds no config"),
        ({"base_model_name_or_path": "embedded", "peft_type": "LORA"}, "adapters that do not fit embedded: "),
    ],
)
def test_broken_adapters(tmp_path, config, said):
    (tmp_path / "adapter_config.json").write_text(json.dumps(config))
    with pytest.raises(ProgramError, match=said) as caught:
        models.load_model(ModelSettings(name=str(tmp_path)))
    assert "\n" not in str(caught.value)


def test_lora_is_a_switch_too():
    assert ModelSettings(name="x", lora=True).lora == ModelSettings(name="x", lora={}).lora
    assert ModelSettings(name="x", lora=False).lora is None
    with pytest.raises(ValueError, match=r"is a section, got 8: model\.lora=true, model\.lora\.r=16"):
        ModelSettings(name="x", lora=8)
