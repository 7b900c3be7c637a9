"""Between text and tokens: a prompt in the model's chat template, a completion read back."""

from __future__ import annotations

from typing import Any

from synthetic1.completion import Completion


def render(tokenizer: Any, prompt: str) -> list[int]:
    """The token ids of a prompt as the model sees it, up to where its completion begins."""
    messages = [{"role": "user", "content": prompt}]
    ids: list[int] = tokenizer.apply_chat_template(
        messages,
        add_generation_prompt=True,
        return_dict=False,
        tokenizer_kwargs={"verbose": False},  # a prompt that is too long is our error to explain
    )
    return ids


def prompt_opens_thinking(tokenizer: Any) -> bool:
    """Whether the chat template ends inside ``<think>``, as R1's does: then an unfinished thought is not an answer."""
    messages = [{"role": "user", "content": "?"}]
    text: str = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    return text.rstrip().endswith("<think>")


def model_opens_thinking(model: str) -> bool:
    """As ``prompt_opens_thinking``, of a model by folder or name; False where its tokenizer cannot be loaded."""
    from transformers import AutoTokenizer

    try:
        return prompt_opens_thinking(AutoTokenizer.from_pretrained(model))
    except (OSError, ValueError):
        return False  # whoever loads the model says what is wrong with it


def decode(tokenizer: Any, ids: list[int], *, thinking_open: bool) -> Completion:
    """Token ids of a completion as a ``Completion``; it was cut off if it does not end with an end token.

    Special tokens are kept but for the ending: some tokenizers count ``<think>`` among them, and the split needs it.
    """
    ends = {tokenizer.eos_token_id, tokenizer.pad_token_id}
    stop = len(ids)
    while stop and ids[stop - 1] in ends:
        stop -= 1
    text = tokenizer.decode(ids[:stop], skip_special_tokens=False)
    finish = "stop" if stop < len(ids) else "length"
    usage = {"completion_tokens": min(stop + 1, len(ids))}
    return Completion.parse(text, thinking_open=thinking_open, finish_reason=finish, usage=usage)
