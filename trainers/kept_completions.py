"""An engine whose completions outlive the process: the same evaluation, begun again, asks only for what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from synthetic1.completion import Completion
from synthetic1.inference.engine import Engine, Message, Sampling
from synthetic1.keys import content_key
from synthetic1.reports.storage import JsonLines


class KeptCompletions:
    """``engine``, and a file of all that it has answered, a line a conversation.

    Args:
        model: names the weights. What others have answered is not taken.

    Raises:
        RunFolderError: the file cannot be read.
    """

    def __init__(self, engine: Engine, path: Path, model: str) -> None:
        self.name, self.model = engine.name, model
        self._engine, self._file = engine, JsonLines(path)
        self._file.repair()
        self._kept = {row["key"]: [Completion(**one) for one in row["completions"]] for row in self._file.read()}
        self.found = len(self._kept)
        """Conversations that were answered before."""

    async def complete(self, messages: Sequence[Message], n: int, sampling: Sampling) -> list[Completion]:
        """As the engine does, once."""
        asked = {"model": self.model, "messages": [dict(m) for m in messages], "n": n, "sampling": sampling.to_dict()}
        key = content_key(asked)
        if (kept := self._kept.get(key)) is not None:
            return kept
        made = await self._engine.complete(messages, n, sampling)
        self._file.append({"key": key, "completions": [asdict(one) for one in made]})
        return made

    async def aclose(self) -> None:
        if (aclose := getattr(self._engine, "aclose", None)) is not None:
            await aclose()

    def remove(self) -> None:
        """What they were kept for is written."""
        self._file.close()
        self._file.path.unlink(missing_ok=True)
