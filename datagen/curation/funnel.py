"""The funnel: how many rows came in, where they left and why, and how many came out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import shorten
from typing import Any

from synthetic1.datagen.curation.draft import LeftOut

READ = "read"
DUPLICATES = "duplicates"
CONTAMINATION = "contamination"
GOLD = "gold"
DIFFICULTY = "difficulty"
RESULT = "result"
INK, KEPT, DROPPED, ASIDE = "#52606d", "#2a78d6", "#c9ced6", "#e8a33d"
SHOWN = 88
"""Characters of reasons that stand beside a bar of the picture."""


@dataclass
class Funnel:
    """Counts by step and reason. Rows in = kept + dropped + quarantined, always."""

    steps: Sequence[str]
    """In order."""
    rows: int = 0
    kept: int = 0
    tasks: int = 0
    """A row can become several tasks."""
    left: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """(outcome, step, reason) → rows."""

    def add(self, outcome: str, step: str, reason: str, many: int = 1) -> None:
        if step not in self.steps:
            raise ValueError(f"there is no step `{step}`; there are: {', '.join(self.steps)}")
        self.left[outcome, step, reason] += many

    def leave(self, error: LeftOut) -> None:
        self.add(error.outcome, error.step, error.reason)

    def check(self) -> None:
        """Raises ValueError where the books do not balance."""
        gone = self.left.total()
        if self.rows != self.kept + gone:
            raise ValueError(f"the books do not balance: {self.rows} in, {self.kept} kept, {gone} left out")

    def of(self, outcome: str, step: str | None = None) -> dict[str, int]:
        """Reason → rows, by number."""
        found: Counter[str] = Counter()
        for (its, where, reason), many in self.left.items():
            if its == outcome and step in (None, where):
                found[reason] += many
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    def by_step(self) -> list[dict[str, Any]]:
        """What each step got, took out and handed on."""
        found, there = [], self.rows
        for step in self.steps:
            dropped, aside = self.of("dropped", step), self.of("quarantined", step)
            out = there - sum(dropped.values()) - sum(aside.values())
            found.append({"step": step, "in": there, "dropped": dropped, "quarantined": aside, "out": out})
            there = out
        return found

    def to_dict(self) -> dict[str, Any]:
        """What ``funnel.json`` holds."""
        return {
            "in": self.rows,
            "kept": self.kept,
            "dropped": self.of("dropped"),
            "quarantined": self.of("quarantined"),
            "tasks": self.tasks,
            "steps": self.by_step(),
        }

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> Funnel:
        made = cls([step["step"] for step in said["steps"]], said["in"], said["kept"], said["tasks"])
        for step in said["steps"]:
            for outcome in ("dropped", "quarantined"):
                for reason, many in step[outcome].items():
                    made.add(outcome, step["step"], reason, many)
        return made

    def table(self) -> str:
        """For a terminal."""
        width = max([len(reason) for _, _, reason in self.left] + [len(step) for step in self.steps] + [10])
        lines = [f"{'in':<{width + 2}}{self.rows:>12,}"]
        for step in self.by_step():
            gone = [(reason, many, "") for reason, many in step["dropped"].items()]
            gone += [(reason, many, "  set aside") for reason, many in step["quarantined"].items()]
            if gone:
                lines.append(step["step"])
                lines += [f"  {reason:<{width}}{-many:>12,}{how}" for reason, many, how in gone]
        lines.append(f"{'kept':<{width + 2}}{self.kept:>12,}  rows, {self.tasks:,} tasks")
        return "\n".join(lines)

    def markdown(self) -> Iterable[str]:
        """The lines of a table."""
        yield from ("| step | rows in | left out | rows on |", "|---|---|---|---|")
        for step in self.by_step():
            gone = [f"{reason.replace('_', ' ')} {many:,}" for reason, many in step["dropped"].items()]
            gone += [f"{reason.replace('_', ' ')} {many:,} (set aside)" for reason, many in step["quarantined"].items()]
            yield f"| {step['step']} | {step['in']:,} | {', '.join(gone) or '–'} | {step['out']:,} |"


def draw_funnel(funnel: Funnel, path: Path, title: str) -> None:
    """A picture: a bar a step, as long as what it hands on, behind it what it took out, and the reasons in words."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    steps, most = funnel.by_step(), max(funnel.rows, 1)
    bars = len(steps) + 2
    height = 0.85 + 0.3 * bars  # in inches: what stands above and below the bars, and they
    figure = Figure(figsize=(9.2, height), dpi=110)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.125, 0.4 / height, 0.87, 0.3 * bars / height))
    figure.text(0.012, 1 - 0.14 / height, shorten(title, 120, placeholder=" …"), fontsize=10, va="top")
    axes.barh(0, funnel.rows, color=KEPT, height=0.62, label="handed on")
    said = [f"{funnel.rows:,}"]
    for place, step in enumerate(steps, 1):
        dropped, aside = sum(step["dropped"].values()), sum(step["quarantined"].values())
        first = place == 1  # whose bars name the colours
        axes.barh(place, step["out"], color=KEPT, height=0.62)
        axes.barh(place, dropped, left=step["out"], color=DROPPED, height=0.62, label="dropped" if first else None)
        left = step["out"] + dropped
        axes.barh(place, aside, left=left, color=ASIDE, height=0.62, label="set aside" if first else None)
        said.append(f"{step['out']:,}{_reasons(step)}")
    axes.barh(bars - 1, funnel.kept, color=KEPT, height=0.62)
    said.append(f"{funnel.kept:,}   rows, {funnel.tasks:,} tasks")
    for place, words in enumerate(said):
        axes.text(most * 1.02, place, words, va="center", fontsize=7)
    axes.set_yticks(range(bars), ["in", *(step["step"] for step in steps), "kept"], fontsize=8)
    axes.tick_params(left=False)
    axes.set_ylim(bars - 0.5, -0.5)
    axes.set_xlim(0, most * 2.6)  # the words want more room than the bars
    axes.set_xticks([])
    for side in ("top", "right", "bottom"):
        axes.spines[side].set_visible(False)
    figure.legend(frameon=False, fontsize=7, loc="lower left", ncols=3, bbox_to_anchor=(0.115, 0.0))
    figure.savefig(path, metadata={"Software": None})  # no version in the picture: the same data, the same bytes


def _reasons(step: Mapping[str, Any]) -> str:
    """Why rows left at a step, the most frequent reasons first: as many as there is room for."""
    said = ""
    for name, words in (("dropped", "   − "), ("quarantined", "   aside: ")):
        found = [f"{reason.replace('_', ' ')} {many:,}" for reason, many in step[name].items()]
        room = SHOWN - len(said) - (SHOWN // 2 if name == "dropped" and step["quarantined"] else 0)
        for shown in range(len(found), 0, -1):
            more = f" and {len(found) - shown} more" if len(found) > shown else ""
            text = words + ", ".join(found[:shown]) + more
            if len(text) <= room or shown == 1:
                said += text
                break
    return said
