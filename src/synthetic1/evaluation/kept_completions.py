"""An engine whose completions outlive the process: an evaluation begun again asks only for the rollouts it lacks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from synthetic1.completion import Completion
from synthetic1.inference.engine import Engine, Message, Sampling
from synthetic1.keys import content_key
from synthetic1.reports.storage import JsonLines, RunFolderError

FILE = "completions.jsonl"
"""In an evaluation's folder, until it has ended."""


class KeptCompletions:
    """``engine``, and a file of all that it has answered, a line for the rollouts of one task.

    An engine knows conversations and no tasks, so a line is named by what was asked and not by rollouts' keys. Two
    tasks may have the same prompt: what is asked twice has two answers.

    Args:
        model: names the weights. What others have answered is not taken.

    Raises:
        RunFolderError: the file cannot be read.
    """

    def __init__(self, engine: Engine, path: Path, model: str) -> None:
        self.name, self.model = engine.name, model
        self._engine, self._file = engine, JsonLines(path)
        self._kept: dict[str, list[list[Completion]]] = {}
        self.found = 0
        """Tasks whose rollouts were there before."""
        self._file.repair()
        for number, row in enumerate(self._file.read(), 1):
            try:
                if row["model"] == model:
                    made = [Completion(**one) for one in row["completions"]]
                    self._kept.setdefault(row["key"], []).append(made)
                    self.found += 1
            except (KeyError, TypeError):
                raise RunFolderError(f"{path}, line {number} holds no completions: delete that line") from None

    async def complete(self, messages: Sequence[Message], n: int, sampling: Sampling) -> list[Completion]:
        """As the engine does, once."""
        key = request_key(messages, n, sampling)
        if kept := self._kept.get(key):
            return kept.pop(0)
        made = await self._engine.complete(messages, n, sampling)
        self._file.append({"model": self.model, "key": key, "completions": [asdict(one) for one in made]})
        return made

    async def aclose(self) -> None:
        if (aclose := getattr(self._engine, "aclose", None)) is not None:
            await aclose()

    def remove(self) -> None:
        """What they were kept for is written."""
        self._file.close()
        self._file.path.unlink(missing_ok=True)


def request_key(messages: Sequence[Message], n: int, sampling: Sampling) -> str:
    """Names what is asked of an engine: ``n`` completions of one conversation."""
    return content_key({"messages": [dict(m) for m in messages], "n": n, "sampling": sampling.to_dict()})
