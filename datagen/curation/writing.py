"""The finished set: tasks in Parquet under ``data/``, a card, the funnel in numbers and drawn, what was left out.

The same input, settings and replies give the same bytes. ``manifest.json`` comes last: where it is, the set is whole.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from synthetic1.datagen.curation.funnel import Funnel, draw_funnel
from synthetic1.datagen.curation.prompt_files import Prompt
from synthetic1.datagen.curation.recipe import CurationRecipe
from synthetic1.datagen.curation.set_card import SetFacts, card
from synthetic1.datagen.curation.settings import RECIPES, CurateSettings
from synthetic1.datagen.curation.work_store import WorkStore
from synthetic1.datagen.exporting.shards import MANIFEST, ShardWriter, as_rows, staged
from synthetic1.jobs.provenance import versions
from synthetic1.task import TASK_FIELDS, Task

LEFT_OUT = "left_out.jsonl.gz"
UNTOLD = {"imports", "output", "runs", "run_name", "overwrite", "workers", "at_once", "dry_run", "prompts", "sift"} | {
    "engine",
    "ray",
}
"""Settings that say where things are and how fast, not what is in the set."""


def write_set(
    settings: CurateSettings,
    recipe: CurationRecipe,
    store: WorkStore,
    funnel: Funnel,
    prompts: Mapping[str, Prompt],
    announce: Callable[[str], None] = lambda manifest: None,
) -> None:
    """Write all of it to ``settings.output``, in place of a set that is there only if the settings say so.

    Args:
        announce: is told the manifest's SHA-256 before the set is where it belongs: a process that is killed after that
            finds that it was its own.

    Raises:
        ProgramError: there is one already, or the place cannot be written.
    """
    title = settings.card.pretty_name or settings.name
    with staged(settings.output, overwrite=settings.overwrite, setting="output") as folder:
        data = folder / "data"
        data.mkdir()
        facts = SetFacts()
        writer = ShardWriter(data, _schema(), "parquet", settings.rows_per_shard)
        for task in unique_ids(task for _, tasks in store.tasks() for task in tasks):
            facts.count(task)
            writer.write(dict(task.to_row()))
        shards = [replace(shard, name=f"data/{shard.name}") for shard in writer.finish()]
        _write_left_out(store, folder / LEFT_OUT)
        (folder / "funnel.json").write_text(json.dumps(funnel.to_dict(), indent=1) + "\n", encoding="utf-8")
        draw_funnel(funnel, folder / "funnel.png", title)
        for name, prompt in prompts.items():
            (folder / "prompts").mkdir(exist_ok=True)
            (folder / "prompts" / f"{name}.md").write_text(prompt.text, encoding="utf-8")
        (folder / "README.md").write_text(card(settings, recipe, funnel, facts, title), encoding="utf-8")
        manifest = {
            "manifest_version": 1,
            "recipe": settings.recipe_name,
            "files": as_rows(shards),
            "funnel": funnel.to_dict(),
            "settings": _settings(settings),
            "prompts": {name: prompt.label for name, prompt in prompts.items()},
            "versions": versions(("synthetic1", "datatrove", "pyarrow")),
        }
        text = json.dumps(manifest, indent=1, ensure_ascii=False, sort_keys=True)
        (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")
        announce(hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest())


def unique_ids(tasks: Iterator[Task]) -> Iterator[Task]:
    """The tasks, of which later ones of a ``problem_id`` get a number behind it: inputs may count alike."""
    seen: Counter[str] = Counter()
    for task in tasks:
        seen[task.problem_id] += 1
        many = seen[task.problem_id]
        yield task if many == 1 else replace(task, problem_id=f"{task.problem_id}/{many}")


def _schema() -> Any:
    import pyarrow as pa

    return pa.schema([(name, pa.string()) for name in TASK_FIELDS])


def _write_left_out(store: WorkStore, path: Path) -> None:
    """A line a row that was left out, with the reason; quarantined ones whole."""
    with path.open("wb") as raw, gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as file:
        for row in store.gone_rows():
            said = row._asdict() if row.raw is not None else {k: v for k, v in row._asdict().items() if k != "raw"}
            file.write(json.dumps(said).encode("ascii") + b"\n")


def _settings(settings: CurateSettings) -> dict[str, Any]:
    """The settings without places and servers: inputs by their names alone."""
    chosen = settings.model_dump(mode="json", exclude=UNTOLD)
    other = RECIPES - {settings.recipe_name}
    chosen = {name: value for name, value in chosen.items() if name not in other}
    chosen["input"] = [name if "://" in name else Path(name.rstrip("/")).name for name in settings.input]
    chosen["decontaminate"]["benchmarks"] = [Path(name).name for name in settings.decontaminate.benchmarks]
    name = chosen["model"]["name"]
    if name and name.startswith(("/", ".", "~")):  # a folder of model.launch=vllm
        chosen["model"]["name"] = Path(name).name
    chosen["model"] = {name: chosen["model"][name] for name in ("name", "max_tokens", "attempts", "extra_body")}
    return chosen
