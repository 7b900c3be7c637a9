"""The dataset card of a curated set: the front matter that hubs read, the funnel, licences and sources."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field

from synthetic1.datagen.curation.funnel import Funnel
from synthetic1.datagen.curation.recipe import CurationRecipe
from synthetic1.datagen.curation.settings import CurateSettings
from synthetic1.task import Task

CATEGORIES = {
    "math": "math word problems and competition problems with one verifiable answer",
    "code": "programming problems with tests",
    "swe": "changes to real files, with the file after the change as reference",
    "stem": "questions of science with the top answer as reference",
    "code_understanding": "programs whose output is to be predicted",
    "repair": "tasks of a set that was audited and repaired",
}
NAMED = 20
"""Sources and licences that are named in the card."""
SIZES = ((1e3, "n<1K"), (1e4, "1K<n<10K"), (1e5, "10K<n<100K"), (1e6, "100K<n<1M"), (1e7, "1M<n<10M"))


@dataclass
class SetFacts:
    """What is counted of the tasks as they are written."""

    tasks: int = 0
    types: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)
    licenses: Counter[str] = field(default_factory=Counter)
    repairs: Counter[str] = field(default_factory=Counter)

    def count(self, task: Task) -> None:
        self.tasks += 1
        self.types[task.task_type] += 1
        if task.language:
            self.languages[task.language] += 1
        self.sources[task.source or "–"] += 1
        said = task.metadata.get("curation", {})
        self.repairs.update(said.get("history", {}).get("repair", {}).keys())
        origin = said.get("origin", {})
        self.licenses[str(origin.get("license") or "not said")] += 1


def card(settings: CurateSettings, recipe: CurationRecipe, funnel: Funnel, facts: SetFacts, title: str) -> str:
    """The text of ``README.md``."""
    size = next((name for limit, name in SIZES if facts.tasks < limit), "10M<n<100M")
    said = settings.card
    lines = [
        "---",
        f"pretty_name: {json.dumps(title)}",
        f"license: {said.license}",
        "language:",
        *(f"- {json.dumps(code)}" for code in said.language),  # a bare `no` is no language in YAML
        "task_categories:",
        "- text-generation",
        "size_categories:",
        f"- {size}",
        "configs:",
        "- config_name: default",
        "  data_files:",
        "  - split: train",
        "    path: data/train-*.parquet",
        "tags:",
        "- reasoning",
        "- verifiable-rewards",
        "---",
        f"# {title}",
        "",
        f"{facts.tasks:,} {CATEGORIES[recipe.name]}, curated by `synthetic1 curate recipe={recipe.name}`.",
        "The gold of every task scores 1 with the verifier of its type. `metadata.curation` of a row says where it",
        "came from, what was done to it, and by which version of which prompt (`prompts/`).",
        "",
        "![funnel](funnel.png)",
        "",
        *funnel.markdown(),
        "",
        *_repaired(facts),
        "Every row that was left out stands in `left_out.jsonl.gz`, with its reason.",
        "",
        "| | tasks |",
        "|---|---|",
        *(f"| {name} | {many:,} |" for name, many in sorted(facts.types.items())),
        *(f"| language: {name} | {many:,} |" for name, many in sorted(facts.languages.items())),
        *_counted("source", facts.sources),
        *_counted("licence", facts.licenses),
    ]
    return "\n".join(lines) + "\n"


def _counted(what: str, counts: Counter[str]) -> list[str]:
    """Lines of the table: the most frequent by name, the others together."""
    most = counts.most_common(NAMED)
    lines = [f"| {what}: {_cell(name)} | {many:,} |" for name, many in most]
    if len(counts) > len(most):
        many = counts.total() - sum(many for _, many in most)
        lines.append(f"| {what}: {len(counts) - len(most):,} others | {many:,} |")
    return lines


def _cell(name: str) -> str:
    """A name out of the rows, as a cell of Markdown: on one line, and nothing in it ends the cell or begins a tag."""
    text = " ".join(name.split())
    text = text if len(text) <= 80 else f"{text[:79]}…"
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;") or "–"


def _repaired(facts: SetFacts) -> list[str]:
    if not facts.repairs:
        return []
    lines = [f"| {what.replace('_', ' ')} | {many:,} |" for what, many in sorted(facts.repairs.items())]
    return ["## What was repaired", "", "| repair | tasks |", "|---|---|", *lines, ""]
