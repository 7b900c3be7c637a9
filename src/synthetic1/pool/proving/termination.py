"""How a completion may end, by its tokens alone; how plausible its end is, see ``likelihood``."""

from __future__ import annotations

from collections.abc import Collection, Sequence


def termination_fault(
    tokens: Sequence[int], finish_reason: str, *, max_tokens: int, end_tokens: Collection[int]
) -> str | None:
    """Why a completion cannot have ended so, in one line; ``None``: it can.

    Args:
        tokens: all that were sampled, the end token included.
        finish_reason: what the worker says of it.
        max_tokens: the limit that it was sampled with.
    """
    n = len(tokens)
    if n > max_tokens:
        return f"{n} tokens, more than max_tokens, {max_tokens}"
    if not n:
        return "no tokens: even an empty completion has the one that ends it"
    if (early := next((i for i, token in enumerate(tokens[:-1]) if token in end_tokens), None)) is not None:
        return f"token {early} of {n} ends it, and it goes on"
    if finish_reason == "stop":
        return None if tokens[-1] in end_tokens else "says it has stopped, and its last token is no end token"
    if finish_reason == "length":
        if tokens[-1] in end_tokens:
            return "says it ran into the limit, and its last token is an end token"
        return None if n == max_tokens else f"says it ran into max_tokens, {max_tokens}, with {n} tokens"
    return f"finish_reason is {finish_reason!r:.40}: it has to be `stop` or `length`"
