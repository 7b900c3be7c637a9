"""What the R1 recipe says at its end: one table, one plot, ``result.json``."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from synthetic1.jobs.provenance import versions
from synthetic1.reports.before_after import Score
from synthetic1.trainers.recipe.settings import R1Settings


def result(
    settings: R1Settings, folder: Path, measured: Sequence[tuple[str, Mapping[str, Any]]], seconds: Mapping[str, float]
) -> dict[str, Any]:
    """``result.json``: ``stages`` in order, each compared with the one before on the same tasks."""
    stages = []
    for name, evaluation in measured:
        compared = evaluation.get("compared")
        stage = {key: evaluation[key] for key in ("pass_at_1", "ci95", "n", "think_share", "length_mean", "by_level")}
        against = ("difference", "difference_ci95", "p_value")
        stages.append(
            {"name": name, **stage, "against_previous": {k: compared[k] for k in against} if compared else None}
        )
    manifest = json.loads((folder / "traces" / "manifest.json").read_text(encoding="utf-8"))
    counts = manifest["counts"]
    return {
        "program": "r1",
        "env": settings.env.name,
        "env_kwargs": settings.env.kwargs,
        "base": settings.base,
        "teacher": settings.traces.teacher or settings.base,
        "seed": settings.seed,
        "stages": stages,
        "traces": {
            "tasks": counts["tasks"],
            "completions": counts["rollouts"],
            "verified_share": sum(f["verified"] for f in counts["families"].values()) / max(counts["rollouts"], 1),
            "kept": counts["rows"],
        },
        "seconds": {name: round(value, 1) for name, value in seconds.items()},
        "versions": versions(),
    }


def show(result: Mapping[str, Any]) -> None:
    """The table on the screen."""
    from rich.console import Console
    from rich.table import Table

    traces = result["traces"]
    print(
        f"\n{traces['completions']:,} completions of {traces['tasks']:,} tasks by {result['teacher']}, "
        f"{traces['verified_share']:.0%} verified, {traces['kept']:,} learned from"
    )
    table = Table("stage", "pass@1, held out", "against the stage before", "thinks", "tokens", box=None, pad_edge=False)
    for stage in result["stages"]:
        compared, change = stage["against_previous"], "-"
        if compared is not None:
            low, high = compared["difference_ci95"]
            p = compared["p_value"]
            shown = "p < 0.0001" if p < 1e-4 else f"p = {p:.2g}"
            change = f"{compared['difference']:+.3f} [{low:+.3f}, {high:+.3f}], {shown}"
        score = Score(stage["pass_at_1"], *stage["ci95"])
        table.add_row(stage["name"], str(score), change, f"{stage['think_share']:.0%}", f"{stage['length_mean']:.0f}")
    Console(highlight=False, width=None if sys.stdout.isatty() else 120).print(table)
    print(f"n = {result['stages'][-1]['n']} tasks, the same at every stage; 95% intervals in brackets")


def plot(result: Mapping[str, Any], path: Path) -> None:
    """pass@1 by stage with its interval, in all and by level."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    stages = result["stages"]
    figure = Figure(figsize=(7.0, 3.4), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    spots = range(len(stages))
    levels = sorted({level for stage in stages for level in stage["by_level"]}, key=lambda name: (len(name), name))
    for level in levels:
        values = [stage["by_level"].get(level, {}).get("pass_at_1") for stage in stages]
        axes.plot(spots, values, color="#9aa3b0", linewidth=1, marker="o", markersize=3)
        axes.annotate(f"level {level}", (len(stages) - 1, values[-1] or 0), xytext=(8, -3), textcoords="offset points",
                      fontsize=8, color="#6b7480")  # fmt: skip
    means = [stage["pass_at_1"] for stage in stages]
    ends = [[m - s["ci95"][0] for m, s in zip(means, stages, strict=True)],
            [s["ci95"][1] - m for m, s in zip(means, stages, strict=True)]]  # fmt: skip
    axes.errorbar(spots, means, yerr=ends, color="#2a78d6", linewidth=2.2, marker="o", capsize=4, label="all")
    for spot, mean in zip(spots, means, strict=True):
        axes.annotate(
            f"{mean:.2f}", (spot, mean), xytext=(-8, 8), textcoords="offset points", ha="right", color="#2a78d6"
        )
    axes.set_xticks(list(spots), [stage["name"] for stage in stages])
    axes.set_xlim(-0.35, len(stages) - 0.55)
    axes.set_ylim(0, 1)
    axes.set_ylabel("pass@1 on held-out tasks")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.savefig(path)
