"""A row on its way to tasks, and the two ways in which it can leave that way early."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(slots=True)
class Draft:
    """A row of the input, read by a recipe. All of it is JSON: drafts wait on disk."""

    number: int
    """Its place in the input, from 0: the order of everything that is written."""
    where: str
    """For people: ``train.jsonl, row 12``."""
    text: str
    """In what duplicates and contamination are looked for: the problem, without what a recipe puts around it."""
    data: dict[str, Any]
    """The recipe's own."""
    origin: dict[str, Any] = field(default_factory=dict)
    """Where the row came from: ``dataset``, ``file``, ``row``, and whatever is known of ``license``, ``author``,
    ``url``. Every task made of the row carries it."""
    history: dict[str, Any] = field(default_factory=dict)
    """What has been done to it, by step: a rewrite, a repair, a verdict. Every task made of the row carries it."""
    prompts: dict[str, str] = field(default_factory=dict)
    """The prompts that were asked about it, and their versions."""

    def to_line(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=True, separators=(",", ":"))

    @classmethod
    def from_line(cls, line: str | bytes) -> Draft:
        return cls(**json.loads(line))

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What stands in the metadata of its tasks, under ``curation``."""
        said = {"origin": self.origin, "history": self.history, "prompts": self.prompts}
        return {name: value for name, value in said.items() if value}


AGAIN = frozenset({"no_reply", "no_model", "runner_failed", "unscorable_infra", "unscorable_judge"})
"""Reasons that are not the row's: the same command tries such rows once more."""


class LeftOut(Exception):
    """A row leaves the pipeline before its end.

    Args:
        step: which step says so, one of the recipe's ``steps``.
        reason: a short constant, as it is counted: ``proof``, ``gold_fails``.
        detail: what it was in this row.
    """

    outcome = ""

    def __init__(self, step: str, reason: str, detail: str = "") -> None:
        super().__init__(f"{step}: {reason}{f' ({detail})' if detail else ''}")
        self.step, self.reason, self.detail = step, reason, " ".join(detail.split())[:500]


class Dropped(LeftOut):
    """The row is not one to train on: its own fault, found out."""

    outcome = "dropped"


class Quarantined(LeftOut):
    """Nobody knows about the row: it cannot be read, or who was asked did not answer. It is kept aside, whole."""

    outcome = "quarantined"
