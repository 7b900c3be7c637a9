"""A run of recipe=code_understanding from a folder of articles to a set that the environment takes."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from planted_functions import functions

from synthetic1.datagen.curation.pipeline import curate
from synthetic1.datagen.curation.settings import CurateSettings
from synthetic1.envs.code_understanding import CodeUnderstandingEnv
from synthetic1.jobs.program import ProgramError, validate
from synthetic1.rewards.code_understanding import CodeUnderstanding
from synthetic1.tasks.code_understanding import examples
from synthetic1.tasks.sources.spec import open_tasks

TOWNS = ("Askvik", "Berga", "Corvo", "Dunmore", "Elsted", "Farum", "Gilze", "Harlow", "Imst", "Jevnaker", "Lunde")


def model() -> Callable[[Any, int], str]:
    """A model that writes the grammar's programs, and something unfit in a third of its replies."""
    sound = [one.source for level in (3, 5, 7) for one in islice(examples(level, seed=23), 40)]
    unfit = [some[0] for kind in ("seen", "run") for reason, some in functions(kind).items() if reason != "too_slow"]

    def reply(messages: Any, sample: int) -> str:
        drawn = int.from_bytes(hashlib.blake2b(json.dumps(messages).encode(), digest_size=6).digest())
        if drawn % 13 == 0:
            return "I'm sorry, but I can't help with that."
        pool = unfit if drawn % 3 == 0 else sound
        return f"Here it is.\n\n```python\n{pool[drawn // 40 % len(pool)]}\n```"

    return reply


def article(n: int) -> str:
    return (
        f"In {TOWNS[n]}, {n + 3} boats left the harbour at dawn; the {'north' if n % 2 else 'south'} quay is closed. "
        f"“It will open in {n + 2} weeks,” said the master of {TOWNS[n - 1]}."
    )


def articles(folder: Path) -> Path:
    folder.mkdir()
    lines = [{"article": article(n), "license": "cc0-1.0"} for n in range(len(TOWNS))]
    rows = [*map(json.dumps, lines), "{broken", json.dumps({"title": "no text"}), json.dumps({"article": ""})]
    (folder / "news.jsonl").write_text("\n".join(rows), encoding="utf-8")
    (folder / "more.md").write_text("# A diary\n\nRain again, the third day of it.\n", encoding="utf-8")
    return folder


def settings(tmp_path: Path, url: str | None, name: str, **more: Any) -> CurateSettings:
    given = {"recipe_name": "code_understanding", "input": [str(tmp_path / "articles")], "output": str(tmp_path / name)}
    asked = {"url": url, "attempts": 2} if url else {}
    found: CurateSettings = validate(
        CurateSettings, {**given, "runs": str(tmp_path / "runs"), "workers": 1, "model": asked, **more}
    )
    return found


@pytest.mark.usefixtures("sandbox_kind")
async def test_articles_become_a_set_twice_the_same(tmp_path: Path, scripted_server: Any) -> None:
    articles(tmp_path / "articles")
    async with scripted_server(model()) as server:
        for name in ("one", "two"):
            await asyncio.to_thread(curate, settings(tmp_path, server.url, name, card={"pretty_name": "evolved"}))
    funnel = json.loads((tmp_path / "one" / "funnel.json").read_text())
    assert funnel["in"] == 15
    assert funnel["in"] == funnel["kept"] + sum(funnel["dropped"].values()) + sum(funnel["quarantined"].values())
    assert funnel["dropped"]["empty_text"] == 1
    assert funnel["quarantined"]["not_json"] == funnel["quarantined"]["no_text_column"] == 1
    assert funnel["kept"] >= 9
    name = "data/train-00000.parquet"
    assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()

    tasks = list(open_tasks(str(tmp_path / "one")))
    assert len(tasks) == funnel["tasks"]
    assert {task.metadata["complexify_iteration"] for task in tasks} >= {0, 1, 2}
    outcomes = [said["outcome"] for task in tasks for said in task.metadata["curation"]["history"]["versions"]]
    assert set(outcomes) - {"kept"}, "what was thrown away on the way is told"
    assert {task.metadata["curation"]["origin"].get("license") for task in tasks} >= {"cc0-1.0"}
    env = CodeUnderstandingEnv(tasks=str(tmp_path / "one"), split="all")
    prompt, _ = env.reset(seed=1)
    (task,) = [task for task in tasks if task.prompt == prompt]
    completion = CodeUnderstanding().gold_completion(task)
    assert completion is not None
    assert env.step(completion)[1] == 1.0
    env.close()


def test_without_a_model_it_says_so_and_counts_in_a_dry_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    articles(tmp_path / "articles")
    with pytest.raises(ProgramError, match="asks a language model"):
        curate(settings(tmp_path, None, "none"))
    curate(settings(tmp_path, None, "dry", dry_run=True))
    said = capsys.readouterr().out
    assert "understanding_evolve" in said
