"""The funnels of the six recipes, once each on real and realistic input, with a scripted model.

    python benchmarks/funnels.py --quick
    python benchmarks/funnels.py --json benchmarks/results/funnels.json --pictures docs/funnels

The model is ``funnel_model.py``: what it says is known beforehand, so the counts show what the recipes do with such
rows and replies, and nothing of any model. ``../shared/data`` is used where it is there.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "support"))

from funnel_inputs import INPUTS
from funnel_model import SHARES, ScriptedModel
from funnel_rows import ROOT
from record import arguments, machine, print_table, versions
from scripted_server import ScriptedServer

from synthetic1.datagen.curation.pipeline import curate
from synthetic1.datagen.curation.settings import CurateSettings
from synthetic1.jobs.program import validate
from synthetic1.tasks.sources.spec import open_tasks

QUICK = 10  # a tenth of the rows


async def run_recipe(recipe: str, folder: Path, part: int) -> tuple[dict[str, Any], dict[str, Any], float]:
    """The funnel, what else there is to count, and the seconds."""
    made, title = INPUTS[recipe]
    (folder / recipe).mkdir()
    inputs = made(folder / recipe, part)
    planted = inputs.pop("planted", {})
    model = ScriptedModel()
    async with ScriptedServer(model) as server:
        given = {
            "recipe_name": recipe,
            "output": str(folder / recipe / "set"),
            "runs": str(folder / "runs"),
            "model": {"url": server.url, "attempts": 2},
            "card": {"pretty_name": title},
            **inputs,
        }
        began = time.monotonic()
        await asyncio.to_thread(curate, validate(CurateSettings, given))
    funnel = json.loads((folder / recipe / "set" / "funnel.json").read_text(encoding="utf-8"))
    seconds = time.monotonic() - began
    languages, done = Counter[str](), Counter[str]()
    for task in open_tasks(str(folder / recipe / "set")):
        languages[task.language or "none"] += 1
        history = task.metadata["curation"].get("history", {})
        done.update(list(history.get("repair", ())))
        done.update(["rewritten"] * ("rewrite" in history) + ["with a checker"] * ("checker" in history))
    others = {"calls": dict(model.calls), "languages": dict(languages), "tasks": dict(done), "planted": planted}
    return funnel, {name: dict(sorted(some.items())) for name, some in others.items()}, seconds


def tip() -> str:
    """The commit whose history recipe ``swe`` read."""
    found = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    return found.stdout.strip()


def main() -> None:
    """Run all, or those that are named, and write the counts and the pictures."""
    asked = arguments(
        __doc__ or "",
        pictures=(Path, "copy each funnel.png to RECIPE.png in this folder"),
        only=(str, "one recipe; its counts replace those in the file of --json"),
    )
    part = QUICK if asked.quick else 1
    record: dict[str, Any] = {"rows": [], "funnels": {}, "others": {}}
    if asked.only and asked.json and asked.json.is_file():
        record = json.loads(asked.json.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(prefix="funnels-") as scratch:
        for recipe in [asked.only] if asked.only else INPUTS:
            funnel, others, seconds = asyncio.run(run_recipe(recipe, Path(scratch), part))
            row = {
                "recipe": recipe,
                "in": funnel["in"],
                "dropped": sum(funnel["dropped"].values()),
                "set_aside": sum(funnel["quarantined"].values()),
                "kept": funnel["kept"],
                "tasks": funnel["tasks"],
                "calls": sum(others["calls"].values()),
                "seconds": round(seconds, 1),
            }
            record["rows"] = [one for one in record["rows"] if one["recipe"] != recipe] + [row]
            record["funnels"][recipe], record["others"][recipe] = funnel, others
            if asked.pictures:
                asked.pictures.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(Path(scratch, recipe, "set", "funnel.png"), asked.pictures / f"{recipe}.png")
    record["rows"].sort(key=lambda one: list(INPUTS).index(one["recipe"]))
    print_table(record["rows"])
    if asked.json is not None:
        about = {
            "model": SHARES,
            "history": tip(),
            "machine": machine(),
            "versions": versions(["datatrove", "pyarrow"]),
        }
        asked.json.parent.mkdir(parents=True, exist_ok=True)
        asked.json.write_text(json.dumps({**record, **about}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
