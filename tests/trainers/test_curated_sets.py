"""Sets that ``datagen/curate.py`` wrote are what ``env.tasks=`` reads: trained on, and opened by their environments."""

from __future__ import annotations

import json

import gymnasium
import pytest

from synthetic1.datagen.curation.pipeline import curate
from synthetic1.datagen.curation.settings import CurateSettings
from synthetic1.jobs.program import validate
from synthetic1.rewards.registry import get_verifier
from synthetic1.tasks.sources.spec import open_tasks

WAYS = (
    "are sold by the dozen",
    "stand on the shelf",
    "came by boat",
    "were counted twice",
    "are left over",
    "are ripe",
)
THINGS = ("apples", "pears", "plums", "figs", "dates")
ROWS = [
    {
        "source": "orca_math",
        "problem": f"Here are ${n + 3}$ boxes of {thing}, which {way}, with ${n * n}$ in each. How many {thing}?",
        "solution": f"They are $\\boxed{{{(n + 3) * n * n}}}$.",
        "answer": str((n + 3) * n * n),
    }
    for n, (thing, way) in enumerate(((thing, way) for thing in THINGS for way in WAYS), 2)
]
"""In NuminaMath's layout."""


@pytest.fixture
def curated(tmp_path):
    """``curated(recipe, rows, setting=…)``: the folder of the set."""

    def run(recipe, rows, **more):
        (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        given = {"recipe_name": recipe, "input": [str(tmp_path / "rows.jsonl")], "output": str(tmp_path / "sets/mine")}
        curate(validate(CurateSettings, {**given, "runs": str(tmp_path / "curated"), "workers": 1, **more}))
        return tmp_path / "sets/mine"

    return run


def test_a_curated_set_is_trained_on(curated, train, tmp_path):
    folder = curated("math", ROWS, math={"classify": "never"})
    run = train(
        f"runs={tmp_path / 'runs'}",
        "env=math",
        f"env.tasks={folder}",
        "~env.level",
        "~env.size",
        "trainer.max_steps=1",
        "rollout.max_completion_length=12",
    )
    assert [row["step"] for row in run.steps] == [1]
    assert run.result["completions"] == 8
    assert all(row["unscorable_share"] == 0.0 for row in run.steps)


@pytest.mark.parametrize("recipe", ["math", "repair"])
def test_its_environment_opens_it_and_rewards_its_golds(curated, recipe):
    folder = curated(recipe, ROWS)
    tasks = open_tasks(str(folder))
    assert len(tasks) == len(ROWS)
    env = gymnasium.make("synthetic1/math-v0", tasks=str(folder), split="all")
    for seed in range(3):
        prompt, info = env.reset(seed=seed)
        task = tasks.get(info["task_id"])
        assert prompt == task.prompt
        assert "curation" in task.metadata
        assert env.step(get_verifier(task.task_type).gold_completion(task))[1] == 1.0
    env.close()


def test_repaired_predictions_open_in_their_own(curated, sandbox_kind):
    ours = open_tasks("embedded:code_understanding")
    rows = [ours[place].to_row() for place in range(4)]
    rows[2]["verification_info"] = json.dumps({"ground_truth": "no", "compare": "string"})
    folder = curated("repair", rows)
    env = gymnasium.make("synthetic1/code_understanding-v0", tasks=str(folder), split="all")
    tasks = open_tasks(str(folder))
    assert [task.verification_info for task in tasks] == [ours[place].verification_info for place in range(4)]
    _, info = env.reset(seed=0)
    task = tasks.get(info["task_id"])
    assert env.step(get_verifier(task.task_type).gold_completion(task))[1] == 1.0
    env.close()
