"""The dataset card: README.md with the front matter that dataset hubs read, tables and three plots."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from synthetic1.datagen.exporting.hub_licenses import hub_license, license_name
from synthetic1.datagen.exporting.shards import DATA

FAMILY_NAMES = {
    "verifiable_math": "math",
    "verifiable_code": "code",
    "code_output_prediction": "code understanding",
    "swe": "software engineering",
    "stem": "STEM questions",
}
TITLES = {
    "synthetic1": "Reasoning traces with scores",
    "sft": "Verified reasoning traces",
    "preference": "Pairs of verified and refuted reasoning traces",
    "harbor": "Harbor tasks that a model has solved",
}
SAYS = {
    "synthetic1": "Every row is one completion with its score, if any, in SYNTHETIC-1's published columns.",
    "sft": "Every row is one verified completion, thought included, as a conversational prompt and completion.",
    "preference": "Every row is a pair for one task: a completion that was verified, and one that was refuted.",
    "harbor": "Every folder is a Harbor task, for agents, whose answer our verifier scores; a model has solved each.",
}

BLUE = "#2a78d6"
OUTCOMES = (("verified", BLUE), ("refuted", "#c9ced6"), ("not judged", "#f0d9a8"))
LABEL = 32  # characters of a family's name
LABELS = 8  # below an axis, of numbers as long as these


def write_card(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write ``README.md`` and ``plots/*.png`` into ``folder`` from what the manifest says."""
    counts = manifest["counts"]
    plots = folder / "plots"
    plots.mkdir()
    _plot_families(plots / "families.png", counts["families"])
    _plot_pass_rates(plots / "pass_rate.png", counts["pass_rate_tenths"])
    _plot_lengths(plots / "length.png", counts["tokens_log2"])
    (folder / "README.md").write_text(_text(manifest), encoding="utf-8")


def front_matter(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What hubs read; without a licence where neither the settings nor every task's source say one."""
    counts, kind, said = manifest["counts"], manifest["format"], manifest["settings"]["card"]
    stated = _licenses(manifest)
    licenses = sorted({hub_license(one) or "other" for one in stated})
    names = sorted({license_name(one) for one in stated if hub_license(one) is None})
    front: dict[str, Any] = {"pretty_name": said["pretty_name"] or _title(manifest)}
    if licenses:
        front["license"] = licenses[0] if len(licenses) == 1 else licenses
    if names:
        front["license_name"] = "-and-".join(names)
    front |= {"language": said["language"], "task_categories": said["task_categories"]}
    front["size_categories"] = [_size(counts["rows"])]
    front["tags"] = ["synthetic", "reasoning", *(["verified"] if _all_verified(manifest) else [])]
    if kind != "harbor":  # folders, which are no table
        files = {"split": "train", "path": f"{DATA}/train-*.{manifest['file']}"}
        front["configs"] = [{"config_name": "default", "data_files": [files]}]
    return front


def _all_verified(manifest: Mapping[str, Any]) -> bool:
    """Whether every row is, or holds, a completion that was verified."""
    kind = manifest["format"]
    return kind in ("sft", "preference") or (kind == "synthetic1" and bool(manifest["settings"]["verified"]))


def _title(manifest: Mapping[str, Any]) -> str:
    kind = manifest["format"]
    return TITLES["sft" if kind == "synthetic1" and _all_verified(manifest) else kind]


def _licenses(manifest: Mapping[str, Any]) -> list[str]:
    """As they are stated."""
    if (chosen := manifest["settings"]["card"]["license"]) is not None:
        return [chosen]
    found: Mapping[str, int] = manifest["counts"]["licenses"]
    return [] if "" in found else sorted(found)


def _shown_licenses(manifest: Mapping[str, Any]) -> list[str]:
    """By the hub's identifiers, those that it has none for in the words of the sources."""
    stated = [hub_license(one) or one for one in _licenses(manifest)]
    return sorted({" ".join(one.replace("|", "/").split()) for one in stated})


def _text(manifest: Mapping[str, Any]) -> str:
    import yaml

    counts, kind = manifest["counts"], manifest["format"]
    front = front_matter(manifest)
    says = SAYS[kind]
    if kind == "synthetic1" and _all_verified(manifest):
        says = says.replace("one completion with its score, if any", "one verified completion with its score")
    lines = [
        "---",
        yaml.safe_dump(front, sort_keys=False, allow_unicode=True).rstrip(),
        "---",
        "",
        f"# {front['pretty_name']}",
        "",
        f"{says} {counts['rows']:,} rows from {counts['kept_tasks']:,} tasks; "
        f"{counts['rollouts']:,} completions of {counts['tasks']:,} tasks were read.",
        "",
        "Made with synthetic1: each completion was scored by the verifier of its task's family as it arrived. "
        "`manifest.json` holds thresholds, counts, versions and a checksum for each file.",
        "",
        "| family | completions | verified | refuted | not judged | kept |",
        "|---|---|---|---|---|---|",
    ]
    for name, family in counts["families"].items():
        verified, refuted, unjudged = _outcomes(family)
        share = f" ({verified / (verified + refuted):.0%})" if verified + refuted else ""
        shown = f"{family['rollouts']:,} | {verified:,}{share} | {refuted:,} | {unjudged:,} | {family.get('kept', 0):,}"
        lines.append(f"| {FAMILY_NAMES.get(name, name)} | {shown} |")
    if any(_outcomes(family)[2] for family in counts["families"].values()):
        lines += ["", "Shares are of those judged. Not judged is what no verifier could score, or has scored yet."]
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
        f"| licence | {', '.join(_shown_licenses(manifest)) or 'not stated by the sources of all tasks'} |",
    ]
    for rates in (manifest.get("judge_calibration") or {}).values():
        lines.append(f"| judge of {rates['rates'].replace(': ', ' | ', 1)} |")
    if counts["left_out"]:
        lines += ["", "## What was left out", "", "| reason | completions |", "|---|---|"]
        lines += [f"| {reason.replace('_', ' ')} | {n:,} |" for reason, n in counts["left_out"].items()]
    return "\n".join(lines) + "\n"


def _outcomes(family: Mapping[str, int]) -> tuple[int, int, int]:
    """Completions that were verified, refuted, and not judged."""
    return family["verified"], family["judged"] - family["verified"], family["rollouts"] - family["judged"]


def _thresholds(thresholds: Mapping[str, float]) -> str:
    others = [f"{FAMILY_NAMES.get(name, name)}: {value:g}" for name, value in thresholds.items() if name != "default"]
    return ", ".join([f"score {thresholds['default']:g}", *others])


def _size(rows: int) -> str:
    names = ["n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M", "10M<n<100M", "100M<n<1B", "1B<n<10B"]
    return next((name for power, name in enumerate(names, 3) if rows < 10**power), "10B<n<100B")


def _axes(title: str, *, xlabel: str = "", ylabel: str = "", height: float = 3.0) -> tuple[Any, Any]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, height), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_title(title, loc="left", fontsize=10)
    axes.set_xlabel(xlabel, fontsize=9)
    axes.set_ylabel(ylabel, fontsize=9)
    axes.tick_params(labelsize=8)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return figure, axes


def _save(figure: Any, path: Path) -> None:
    figure.savefig(path, metadata={"Software": None})  # no version in the picture: the same data, the same bytes


def _plot_families(path: Path, families: Mapping[str, Mapping[str, int]]) -> None:
    names = [FAMILY_NAMES.get(name, name) for name in families] or ["none"]
    counts = [_outcomes(family) for family in families.values()] or [(0, 0, 0)]
    rows = max(len(names), 3)  # a single bar is a bar, not a wall
    figure, axes = _axes("Completions by outcome", xlabel="completions", height=1.2 + 0.3 * rows)
    left = [0] * len(names)
    for place, (label, colour) in enumerate(OUTCOMES):
        some = [one[place] for one in counts]
        axes.barh(range(len(names)), some, left=left, color=colour, label=label, height=0.6)
        left = [before + more for before, more in zip(left, some, strict=True)]
    axes.set_yticks(range(len(names)), [textwrap.shorten(name, LABEL, placeholder="…") for name in names])
    axes.set_ylim(rows - 0.5, -0.5)  # the first at the top
    axes.legend(frameon=False, fontsize=8, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=3)  # above the bars
    axes.set_title(axes.get_title(loc="left"), loc="left", fontsize=10, pad=22)  # above the legend: both may be wide
    _save(figure, path)


def _plot_pass_rates(path: Path, tenths: list[int]) -> None:
    figure, axes = _axes("Tasks by pass rate", ylabel="tasks")
    axes.bar([f"{i / 10:g}–{(i + 1) / 10:g}" for i in range(10)] + ["1"], tenths, color=BLUE, width=0.8)
    _save(figure, path)


def _plot_lengths(path: Path, powers: Mapping[str, int]) -> None:
    figure, axes = _axes("Completions kept, by length", xlabel="tokens", ylabel="completions")
    exponents = sorted(map(int, powers)) or [0]
    span = range(exponents[0], exponents[-1] + 1)
    axes.bar(span, [powers.get(str(k), 0) for k in span], color=BLUE, width=0.8)
    shown = span[:: -(-len(span) // LABELS)]
    axes.set_xticks(shown, [f"{2**k}–" for k in shown])
    _save(figure, path)
