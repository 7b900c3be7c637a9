"""Completions of trainers that work on rendered text: they stand behind a prompt, and may bear their end tokens."""

from __future__ import annotations

import re

from synthetic1.adapters.scoring import as_completion
from synthetic1.completion import OPEN, Completion

END_TOKEN = re.compile(r"(?:<\|[\w▁-]{1,40}\|>|<｜[^｜<>]{1,40}｜>|</s>|<eos>|<end_of_turn>|<turn\|>)\Z")
"""End tokens of the model families in use, as a tokenizer writes them out."""
LONGEST = 44
"""Characters of the longest end token that is recognised."""


def opens_thinking(prompt: object) -> bool:
    """Whether a prompt, as rendered for the model, ends inside ``<think>``; messages do not tell."""
    return isinstance(prompt, str) and prompt.rstrip().endswith(OPEN)


def completion_behind(prompt: str, query: str) -> str:
    """What follows ``prompt`` in ``query``, which holds both.

    Raises:
        ValueError: ``query`` does not hold it.
    """
    if query.startswith(prompt):
        return query[len(prompt) :]
    tail = prompt[-200:]  # the beginning may have been cut off, or have got a token in front
    _, found, after = query.partition(tail)
    if not found or not tail:
        raise ValueError(f"the query does not contain its prompt's end {tail[-60:]!r}; it begins with {query[:60]!r}")
    return after


def rendered_completion(
    text: str, *, finish_reason: str | None = None, thinking_open: bool = False, ends_written: bool = True
) -> Completion:
    """A completion whose text may still bear its end token.

    Args:
        finish_reason: as the trainer says it; where it does not, an end token tells.
        ends_written: a completion that ended by itself bears its end token: one without was cut off.

    Raises:
        TypeError: not a text.
    """
    bare = _without_ends(text) if isinstance(text, str) else text
    if finish_reason is None and ends_written:
        finish_reason = "stop" if bare != text else "length"
    return as_completion(bare, finish_reason=finish_reason, thinking_open=thinking_open)


def _without_ends(text: str) -> str:
    """``text`` without the end tokens that stand last, in time linear in its length: models write thousands of them."""
    stop = len(text)
    while True:
        end = stop
        while end and text[end - 1].isspace():
            end -= 1
        found = END_TOKEN.search(text[max(0, end - LONGEST) : end])
        if found is None:
            return text[:stop]
        stop = end - len(found.group())
