"""The engine contract: messages in, completions out, whatever produces them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from synthetic1.completion import Completion

Message = Mapping[str, str]
"""``{"role": …, "content": …}``, as in the OpenAI protocol."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How an engine samples. ``temperature`` 0 is greedy."""

    max_tokens: int
    """Length limit of a completion in tokens, the thought included."""
    temperature: float = 1.0
    top_p: float = 1.0
    seed: int = 0
    """Of the first of ``n`` completions; the others count on from it."""
    top_k: int | None = None
    """``None``: the engine's own; a server may take it from the model's ``generation_config.json``."""
    stop: tuple[str, ...] = ()
    """Texts that end a completion."""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


class Engine(Protocol):
    """Anything that completes conversations."""

    name: str
    """What it is, e.g. ``transformers``."""
    model: str

    async def complete(self, messages: Sequence[Message], n: int, sampling: Sampling) -> list[Completion]:
        """``n`` completions of one conversation. Callers ask for many conversations at once; the engine batches."""
        ...
