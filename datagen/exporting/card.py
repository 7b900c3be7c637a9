"""The dataset card: README.md with the front matter that dataset hubs read, tables and three plots."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

FAMILY_NAMES = {
    "verifiable_math": "math",
    "verifiable_code": "code",
    "code_output_prediction": "code understanding",
    "swe": "software engineering",
    "stem": "STEM questions",
}
SAYS = {
    "synthetic1": "Every row is one completion with its score, in the columns of the published SYNTHETIC-1 set.",
    "sft": "Every row is one verified completion, thought included, as a conversational prompt and completion.",
    "preference": "Every row is a pair for one task: a completion that was verified, and one that was refuted.",
    "harbor": "Every folder is a Harbor task, for agents, whose answer our verifier scores; a model has solved each.",
}


def write_card(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write ``README.md`` and ``plots/*.png`` into ``folder`` from what the manifest says."""
    counts = manifest["counts"]
    plots = folder / "plots"
    plots.mkdir()
    _plot_families(plots / "families.png", counts["families"])
    _plot_pass_rates(plots / "pass_rate.png", counts["pass_rate_tenths"])
    _plot_lengths(plots / "length.png", counts["tokens_log2"])
    (folder / "README.md").write_text(_text(manifest), encoding="utf-8")


def _text(manifest: Mapping[str, Any]) -> str:
    counts, kind = manifest["counts"], manifest["format"]
    pattern = f"train-*.{manifest['file']}"
    files = ["configs:", "- config_name: default", "  data_files:", "  - split: train", f"    path: {pattern}"]
    lines = [
        "---",
        *(files if kind != "harbor" else []),  # folders, which are no table
        "tags: [synthetic, reasoning, verified]",
        f"size_categories: [{_size(counts['rows'])}]",
        "---",
        "",
        "# Verified reasoning traces",
        "",
        f"{SAYS[kind]} {counts['rows']:,} rows from {counts['kept_tasks']:,} tasks; "
        f"{counts['rollouts']:,} completions of {counts['tasks']:,} tasks were read.",
        "",
        "Made with synthetic1: each completion was scored by the verifier of its task's family as it arrived. "
        "`manifest.json` holds thresholds, counts, versions and a checksum for each file.",
        "",
        "| family | completions | verified | kept |",
        "|---|---|---|---|",
    ]
    for name, family in counts["families"].items():
        share = family["verified"] / max(family["rollouts"], 1)
        kept = family.get("kept", 0)
        shown = f"{family['rollouts']:,} | {family['verified']:,} ({share:.0%}) | {kept:,}"
        lines.append(f"| {FAMILY_NAMES.get(name, name)} | {shown} |")
    lines += [
        "",
        "![Completions by family and outcome](plots/families.png)",
        "![Tasks by pass rate](plots/pass_rate.png)",
        "![Completions kept, by length](plots/length.png)",
        "",
        "## How it was made",
        "",
        "| | |",
        "|---|---|",
        f"| models | {', '.join(counts['models'])} |",
        f"| sampling | {'; '.join(counts['sampling'])} |",
        f"| verifiers | {', '.join(counts['verifiers'])} |",
        f"| verified from | {_thresholds(manifest['thresholds'])} |",
    ]
    for rates in (manifest.get("judge_calibration") or {}).values():
        lines.append(f"| judge of {rates['rates'].replace(': ', ' | ', 1)} |")
    if counts["left_out"]:
        lines += ["", "## What was left out", "", "| reason | completions |", "|---|---|"]
        lines += [f"| {reason.replace('_', ' ')} | {n:,} |" for reason, n in counts["left_out"].items()]
    return "\n".join(lines) + "\n"


def _thresholds(thresholds: Mapping[str, float]) -> str:
    others = [f"{FAMILY_NAMES.get(name, name)}: {value:g}" for name, value in thresholds.items() if name != "default"]
    return ", ".join([f"score {thresholds['default']:g}", *others])


def _size(rows: int) -> str:
    for limit, name in ((1e3, "n<1K"), (1e4, "1K<n<10K"), (1e5, "10K<n<100K"), (1e6, "100K<n<1M"), (1e7, "1M<n<10M")):
        if rows < limit:
            return name
    return "10M<n<100M"


def _axes(title: str, ylabel: str) -> tuple[Any, Any]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 3.0), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_title(title, loc="left", fontsize=10)
    axes.set_ylabel(ylabel, fontsize=9)
    axes.tick_params(labelsize=8)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return figure, axes


def _save(figure: Any, path: Path) -> None:
    figure.savefig(path, metadata={"Software": None})  # no version in the picture: the same data, the same bytes


def _plot_families(path: Path, families: Mapping[str, Mapping[str, int]]) -> None:
    figure, axes = _axes("Completions by outcome", "completions")
    names = [FAMILY_NAMES.get(name, name) for name in families] or ["none"]
    verified = [family["verified"] for family in families.values()] or [0]
    rest = [family["rollouts"] - family["verified"] for family in families.values()] or [0]
    axes.bar(names, verified, color="#2a78d6", label="verified", width=0.6)
    axes.bar(names, rest, bottom=verified, color="#c9ced6", label="not", width=0.6)
    axes.set_xlim(-0.6, max(len(names), 4) - 0.4)  # a single bar is a bar, not a wall
    axes.legend(frameon=False, fontsize=8, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2)  # above the bars
    _save(figure, path)


def _plot_pass_rates(path: Path, tenths: list[int]) -> None:
    figure, axes = _axes("Tasks by pass rate", "tasks")
    axes.bar([f"{i / 10:g}–{(i + 1) / 10:g}" for i in range(10)] + ["1"], tenths, color="#2a78d6", width=0.8)
    axes.tick_params(axis="x", rotation=30)
    _save(figure, path)


def _plot_lengths(path: Path, powers: Mapping[str, int]) -> None:
    figure, axes = _axes("Completions kept, by length", "completions")
    exponents = sorted(map(int, powers)) or [0]
    span = range(exponents[0], exponents[-1] + 1)
    axes.bar([f"{2**k}–" for k in span], [powers.get(str(k), 0) for k in span], color="#2a78d6", width=0.8)
    axes.set_xlabel("tokens", fontsize=9)
    _save(figure, path)
