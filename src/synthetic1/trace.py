"""The trace: one completion, and all that is needed to know where it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from synthetic1.completion import Completion
from synthetic1.keys import content_key


@dataclass(frozen=True, slots=True)
class Trace:
    """The row of the journal and of ``samples.jsonl``. Verdicts are separate rows, so they can be made anew."""

    task_key: str
    completion: Completion
    engine: str
    """What produced it, e.g. ``transformers``, ``vllm_colocate``, or a server's base URL without credentials."""
    model: str
    sampling: Mapping[str, Any] = field(default_factory=dict)
    """Sampling parameters: ``temperature``, ``top_p``, ``max_tokens`` …"""
    sample_index: int = 0

    @property
    def key(self) -> str:
        """Names the request, not its outcome: the same task, model, sampling and index give the same key."""
        return content_key([self.task_key, self.model, dict(self.sampling), self.sample_index])

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)
