"""The rollout: one completion of a task, and where it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from synthetic1.completion import CLOSE, OPEN, Completion
from synthetic1.keys import content_key


@dataclass(frozen=True)
class Rollout:
    """What journals, exports, evaluation and training speak of. Its verdicts are kept apart, so they can be made anew.

    Treat ``sampling`` as read-only.
    """

    task_key: str
    completion: Completion
    model: str
    """Whose completion it is; while a model is trained, with the number of steps behind it."""
    sampling: Mapping[str, Any] = field(default_factory=dict)
    """Sampling parameters: ``temperature``, ``top_p``, ``max_tokens`` …"""
    sample_index: int = 0
    """Tells the completions of one task apart that are sampled alike."""
    engine: str | None = None
    """What produced it, e.g. ``transformers`` or a server's base URL; ``None`` where nobody wrote it down."""

    @cached_property
    def key(self) -> str:
        """As ``rollout_key``; neither the completion nor the engine changes it."""
        return rollout_key(self.task_key, self.model, self.sampling, self.sample_index)

    @property
    def tokens(self) -> int | None:
        """Completion tokens as the engine counted them."""
        count = (self.completion.usage or {}).get("completion_tokens")
        return count if isinstance(count, int) else None

    @property
    def truncated(self) -> bool:
        """Whether it ran into the length limit."""
        return self.completion.finish_reason == "length"

    @property
    def thinking(self) -> bool:
        """Whether the model thought before it answered."""
        return self.completion.reasoning is not None

    @property
    def text(self) -> str:
        """What a model is to write to say the same: the thought in its tags, then the answer, every byte as sent.

        A server whose template had opened the thought sends no opening tag; it is put back.
        """
        raw = self.completion.raw
        if self.thinking and not raw.lstrip().startswith(OPEN) and CLOSE in raw:
            return OPEN + raw
        return raw


def rollout_key(task_key: str, model: str, sampling: Mapping[str, Any], sample_index: int) -> str:
    """32 hexadecimal digits that name a request, not its outcome: known before there is a completion.

    The same task, model, sampling parameters and sample index give the same key; whichever engine is asked.
    """
    return content_key([task_key, model, dict(sampling), sample_index])
