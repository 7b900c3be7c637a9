"""Completions of trainers that work on rendered text: they stand behind a prompt, and may bear their end tokens."""

from __future__ import annotations

import re

from synthetic1.completion import OPEN, Completion

NAMED_ENDS = ("</s>", "<eos>", "<pad>", "<end_of_turn>", "<turn|>")
"""End tokens of the model families in use, and padding, as a tokenizer writes them out; ``<|…|>``, ``<｜…｜>`` too."""
_NAMED_REVERSED = "|".join(re.escape(token[::-1]) for token in NAMED_ENDS)
_ENDS_REVERSED = re.compile(rf"(?:\s*+(?:>\|[\w▁-]{{1,40}}+\|<|>｜[^｜<>]{{1,40}}+｜<|{_NAMED_REVERSED}))*+")
"""A run of these, and of space before each, from the last character to the first: so read, nothing is tried twice, and
a run of any length takes linear time."""


def opens_thinking(prompt: object) -> bool:
    """Whether a prompt, as rendered for the model, ends inside ``<think>``; messages do not tell."""
    return isinstance(prompt, str) and prompt.rstrip().endswith(OPEN)


def completion_behind(prompt: str, query: str) -> str:
    """What follows ``prompt`` in ``query``, which holds both.

    Raises:
        ValueError: ``query`` does not hold it.
    """
    start = query.find(prompt)  # whole, with a token in front perhaps
    if start >= 0:
        return query[start + len(prompt) :]
    tail = prompt[-200:]  # the beginning may have been cut off
    _, found, after = query.partition(tail)
    if not found:
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
    if not isinstance(text, str):
        raise TypeError(f"a completion is a text, got {type(text).__name__}")
    bare = _without_ends(text)
    if finish_reason is None and ends_written:
        finish_reason = "stop" if bare != text else "length"
    return Completion.parse(bare, thinking_open=thinking_open, finish_reason=finish_reason)


def _without_ends(text: str) -> str:
    """``text`` without the end tokens that stand last, in time linear in its length: models write thousands of them."""
    if not text.rstrip().endswith(">"):
        return text
    found = _ENDS_REVERSED.match(text[::-1])
    return text[: len(text) - found.end()] if found else text
