"""What loads."""

from __future__ import annotations

import pytest

from synthetic1.jobs import models
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
