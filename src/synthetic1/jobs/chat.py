"""Between text and tokens: a prompt in the model's chat template, a completion read back."""

from __future__ import annotations

import re
from typing import Any

from synthetic1.completion import Completion

OPENING = re.compile(r"deepseek.*\br1\b", re.IGNORECASE)
"""Names of models whose chat templates open the thought."""


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


def opens_thinking(model: str, tokenizer: Any = None) -> bool:
    """Whether a model's prompts end inside ``<think>``, where no setting ``thinking_open`` says it.

    The chat template says it, where ``tokenizer`` is at hand; else the model's name does. A server without a reasoning
    parser does not send the ``<think>`` that its template has written.
    """
    return prompt_opens_thinking(tokenizer) if tokenizer is not None else OPENING.search(model) is not None


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
