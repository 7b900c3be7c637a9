"""What the page shows, made fit to be shown: names and texts come from strangers."""

from __future__ import annotations

import unicodedata
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

NAME_CHARACTERS, REASON_CHARACTERS, TEXT_CHARACTERS = 40, 300, 4_000
SHORT_KEY = 12
_LINES = "\n\t"


@dataclass(frozen=True, slots=True)
class FamilyCount:
    """Of a family, so many have a verdict, and of these so many are right."""

    name: str
    judged: int
    verified: int


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """Why so many are not verified."""

    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class NodeRow:
    """A contributor. ``name``, ``region`` and ``device`` are what it says of itself."""

    node: str
    name: str
    region: str
    device: str
    status: Literal["new", "active", "quarantined", "gone"]
    judged: int
    verified: int
    rejected: int
    units: int
    last_seen_s: float
    """Seconds since it was heard of."""


@dataclass(frozen=True, slots=True)
class TraceRow:
    """A rollout that was settled."""

    key: str
    node: str
    family: str
    prompt: str
    completion: str
    score: float | None
    reason: str
    proof: Literal["accept", "reject", "crashed", "pending", "none"]
    at: float
    """Seconds since 1970."""


@dataclass(frozen=True, slots=True)
class PoolState:
    """All of it, at one moment. Times are in seconds since 1970, paces a second."""

    run: str
    environment: str
    model: str
    wanted: int | None
    """Rollouts that the run asks for."""
    started_at: float
    now: float
    rollouts: int
    judged: int
    verified: int
    pending: int
    tokens: int
    tokens_per_s: float
    eta_s: float | None
    families: list[FamilyCount]
    reasons: list[ReasonCount]
    nodes: list[NodeRow]
    traces: list[TraceRow]


def shown(state: PoolState, *, public: bool) -> dict[str, Any]:
    """The state as JSON, with every text cut and made visible.

    Args:
        public: whether prompts and completions are left out, and keys shortened.
    """
    keep = SHORT_KEY if public else None

    def node(row: NodeRow) -> dict[str, Any]:
        said = {name: visible(getattr(row, name), NAME_CHARACTERS) for name in ("name", "region", "device")}
        return {**asdict(row), "node": row.node[:keep], "last_seen_s": round(row.last_seen_s), **said}

    def trace(row: TraceRow) -> dict[str, Any]:
        texts = {name: None if public else visible(getattr(row, name), TEXT_CHARACTERS) for name in _TEXTS}
        said = {"family": visible(row.family, NAME_CHARACTERS), "reason": visible(row.reason, REASON_CHARACTERS)}
        return {**asdict(row), "node": row.node[:keep], **said, **texts}

    return {
        **asdict(replace(state, nodes=[], traces=[])),
        **{name: visible(getattr(state, name), NAME_CHARACTERS) for name in ("run", "environment", "model")},
        "public": public,
        "families": [{**asdict(row), "name": visible(row.name, NAME_CHARACTERS)} for row in state.families],
        "reasons": [{**asdict(row), "reason": visible(row.reason, REASON_CHARACTERS)} for row in state.reasons],
        "nodes": [node(row) for row in state.nodes],
        "traces": [trace(row) for row in state.traces],
    }


_TEXTS = ("prompt", "completion")


def visible(text: str, most: int) -> str:
    """At most so many characters, none of which moves or hides others: control and format characters, such as those
    that turn the direction of writing, and lone surrogates, are written as their numbers."""
    cut = text[:most]
    if not cut.isprintable():
        cut = "".join(_visible(character) for character in cut)[: 2 * most]
    return cut + "…" if len(text) > most else cut


def _visible(character: str) -> str:
    if character in _LINES or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"):
        return character
    return f"\\u{ord(character):04x}"
