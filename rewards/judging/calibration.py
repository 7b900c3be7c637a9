"""Calibration: how often a judge was wrong where the truth is known, kept for as long as the judge stays the same.

A record belongs to a model, the way it is asked, and a rubric; any change of these wants a new one. Records lie in the
user's cache folder, one JSON file each, and every run that trusts a judge quotes its own.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from synthetic1.keys import content_key
from synthetic1.rewards.judging.rubrics import Rubric
from synthetic1.rewards.judging.settings import JudgeSettings
from synthetic1.verdict import Verdict

FORMAT = 1
JUDGE_VERSION = 3
"""Raise it with any change of gate, quoting or reading that can move a verdict; rubrics have versions of their own."""
ACCEPTED = 0.5
"""A candidate is accepted if it scores more than this."""
RIGHT, WRONG = "right", "wrong"
"""Kinds of candidates whose worth is known; all other kinds are attacks."""


@dataclass(frozen=True)
class Count:
    """Candidates of one kind, and what became of them."""

    kind: str
    """``right``, ``wrong``, or a kind of attack."""
    decided: int = 0
    """By rules or the gate, without a call."""
    judged: int = 0
    """Scored by the judge."""
    errors: int = 0
    """Of the judged: right ones not accepted; wrong ones and attacks accepted."""
    slips: int = 0
    """Of the decided: the same. Any but 0 is a defect of ours, or of the candidates."""
    unscored: int = 0

    def add(self, verdict: Verdict) -> Count:
        """The count with one more candidate."""
        values = asdict(self)
        if verdict.score is None:
            return Count(**values | {"unscored": self.unscored + 1})
        mistaken = (verdict.score > ACCEPTED) != (self.kind == RIGHT)
        by_judge = verdict.details.get("decided_by") == "judge"
        places = ("judged", "errors") if by_judge else ("decided", "slips")
        return Count(**values | {places[0]: values[places[0]] + 1, places[1]: values[places[1]] + mistaken})

    def __add__(self, other: Count) -> Count:
        totals = {name: getattr(self, name) + getattr(other, name) for name in list(asdict(self))[1:]}
        return Count(self.kind, **totals)


@dataclass(frozen=True)
class Thresholds:
    """What a judge may get wrong, as shares of the candidates it judged."""

    false_accept: float = 0.02
    false_reject: float = 0.2
    unscored: float = 0.05


@dataclass(frozen=True)
class Calibration:
    """What became of the known candidates of one rubric."""

    identity: str
    """Of the judge and the rubric; see ``identity_of``."""
    model: str
    rubric: str
    """Name and version, ``claims/1``."""
    family: str
    made: str
    """When, in UTC: ``2026-11-24T02:00:00Z``."""
    counts: tuple[Count, ...]

    def total(self, *kinds: str) -> Count:
        """The sum over some kinds."""
        total = Count(" + ".join(kinds))
        for count in self.counts:
            if count.kind in kinds:
                total += count
        return total

    @property
    def attack_kinds(self) -> tuple[str, ...]:
        return tuple(count.kind for count in self.counts if count.kind not in (RIGHT, WRONG))

    @property
    def false_accept_rate(self) -> float:
        """Of what the judge itself decided: the higher of the rates for wrong answers and for attacks. What the gate
        stops is left out, lest a hundred refused colons make a gullible judge look sound."""
        return max(_rate(self.total(WRONG)), _rate(self.total(*self.attack_kinds)))

    @property
    def false_reject_rate(self) -> float:
        return _rate(self.total(RIGHT))

    @property
    def unscored_rate(self) -> float:
        total = self.total(RIGHT, WRONG, *self.attack_kinds)
        asked = total.judged + total.unscored
        return total.unscored / asked if asked else 0.0

    def shortfall(self, allowed: Thresholds) -> str | None:
        """Why this judge is not to be trained on; ``None`` if it is good enough."""
        if not (self.total(RIGHT).judged and self.total(WRONG).judged and self.total(*self.attack_kinds).judged):
            return "it scored no right answer, no wrong one, or no attack"
        for name, rate, limit in (
            ("accepts {:.1%} of wrong answers or attacks", self.false_accept_rate, allowed.false_accept),
            ("rejects {:.1%} of right answers", self.false_reject_rate, allowed.false_reject),
            ("leaves {:.1%} unscored", self.unscored_rate, allowed.unscored),
        ):
            if rate > limit:
                return f"it {name.format(rate)}, more than {limit:.1%}"
        return None

    def summary(self) -> dict[str, Any]:
        """What result.json quotes."""
        return {
            "model": self.model,
            "rubric": self.rubric,
            "calibrated": self.made,
            "false_accept_rate": self.false_accept_rate,
            "false_reject_rate": self.false_reject_rate,
            "unscored_rate": self.unscored_rate,
        }

    def to_dict(self) -> dict[str, Any]:
        return {"format": FORMAT, **asdict(self), "counts": [asdict(count) for count in self.counts]}

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> Calibration:
        """Raises ValueError, KeyError or TypeError for what ``to_dict`` did not write."""
        if row["format"] != FORMAT:
            raise ValueError(f"format {row['format']!r}")
        values = {name: row[name] for name in ("identity", "model", "rubric", "family", "made")}
        return cls(**values, counts=tuple(Count(**count) for count in row["counts"]))


def counted(verdicts: Sequence[tuple[str, Verdict]]) -> tuple[Count, ...]:
    """What became of candidates, by their kind."""
    counts: dict[str, Count] = {}
    for kind, verdict in verdicts:
        counts[kind] = counts.get(kind, Count(kind)).add(verdict)
    return tuple(counts.values())


def identity_of(settings: JudgeSettings, model: str, rubric: Rubric) -> str:
    """Names a judge under a rubric: the model as served, all that can move its verdicts, and our own versions."""
    return content_key([JUDGE_VERSION, rubric.key, model, settings.key_settings() | {"model": model}])


def store(calibration: Calibration) -> Path:
    """Keep a record, in the place of an older one of the same identity; where it lies.

    Raises:
        OSError: it cannot be written.
    """
    path = _path(calibration.identity)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}.part")
    part.write_text(json.dumps(calibration.to_dict(), indent=2) + "\n", encoding="utf-8")
    part.replace(path)
    return path


def load(settings: JudgeSettings, model: str, rubric: Rubric) -> Calibration | None:
    """The record of this judge under this rubric; ``None`` if there is none that can be read."""
    identity = identity_of(settings, model, rubric)
    try:
        found = Calibration.from_dict(json.loads(_path(identity).read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if found.identity == identity else None


def _path(identity: str) -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "synthetic1" / "judge" / f"{identity}.json"


def _rate(count: Count) -> float:
    return count.errors / count.judged if count.judged else 0.0
