"""Programs with ``engine=ray``: what they write is what they write with ``engine=local``."""

from __future__ import annotations

import json
import sqlite3

import pytest
import recorded_runs

from synthetic1 import Completion, Scorer
from synthetic1.datagen.verify import verify
from synthetic1.datagen.verify_settings import VerifySettings
from synthetic1.evaluation import audit
from synthetic1.jobs.program import ProgramError, refuse_idle, validate
from synthetic1.scale.choice import chosen_scorer
from synthetic1.scale.cost import estimated_cost
from synthetic1.scale.settings import RaySection
from synthetic1.tasks.sources.spec import open_tasks


def recorded(folder, count=30):
    """A run whose completions nobody has scored yet."""
    rows = [recorded_runs.task(n) for n in range(1, count)]
    (folder / "tasks.jsonl").write_text("".join(json.dumps(one.to_row()) + "\n" for one in rows))
    env = {"id": "synthetic1/math-v0", "tasks": str(folder / "tasks.jsonl"), "split": "train"}
    samples = {one: [(f"\\boxed{{{k}}}", None) for k in range(6)] for one in rows}
    recorded_runs.write_run(folder / "runs", "a", samples, config={"env": env})
    return str(folder / "runs")


def test_verify_writes_the_same_rows(raylets, tmp_path, capsys):
    rows, said = [], []
    for engine in ("local", "ray"):
        folder = tmp_path / engine
        folder.mkdir()
        settings = {"run": "a", "runs": recorded(folder), "engine": engine, "tasks_at_once": 7}
        if engine == "ray":
            settings["ray"] = raylets.section.model_dump()
        verify(validate(VerifySettings, settings))
        said.append(capsys.readouterr().out)
        with sqlite3.connect(folder / "runs/generate/a/journal.sqlite") as connection:
            rows.append(connection.execute("SELECT * FROM verdicts").fetchall())
            columns = [column[1] for column in connection.execute("PRAGMA table_info(verdicts)")]
    clocks = [place for place, name in enumerate(columns) if name in ("at", "time", "created", "recorded")]
    local, far = ([[v for place, v in enumerate(row) if place not in clocks] for row in one] for one in rows)
    assert len(local) == len(far) > 150
    assert local == far
    assert said[0] == said[1]


def test_audit_finds_the_same(raylets, tmp_path, capsys):
    found = []
    for cluster in (None, raylets.section):
        out = tmp_path / "audit.json"
        assert audit.run(["embedded:math"], limit=6, json_file=str(out), cluster=cluster) in (0, 1)
        found.append(json.loads(out.read_text()))
    assert found[0] == found[1]


def test_settings_of_a_cluster_do_nothing_without_one():
    settings = validate(VerifySettings, {"run": "a", "ray": {"wait_s": 5}})
    assert settings.cluster is None
    with pytest.raises(ProgramError, match=r"ray\.wait_s does nothing with engine=local; choose engine=ray"):
        refuse_idle(settings, {"ray.wait_s"})
    with pytest.raises(ProgramError, match="engine: there is no `rai`; did you mean `ray`"):
        validate(VerifySettings, {"run": "a", "engine": "rai"})


def test_without_a_cluster_the_scorer_stays():
    with Scorer() as scorer:
        assert chosen_scorer(scorer, None) is scorer
    assert RaySection().address == "auto"


@pytest.mark.parametrize(
    ("info", "cost"),
    [
        ({"ground_truth": "1"}, 1),
        ({"test_cases": [{}] * 10, "time_limit_s": 2}, 20),
        ({"test_cases": [{}] * 10}, 40),  # by the verifier's limit
        ({"test_cases": [{}] * 10, "time_limit_s": None}, 40),
        ({"test_cases": {"inputs": ["", ""], "outputs": ["", ""]}, "time_limit_s": 0.1}, 1),
        ({"test_cases": "[…]", "time_limit_s": 1}, 10),  # not counted
        ({"assertions": {"code": ""}, "time_limit_s": 3}, 3),
        ({"test_cases": [{}] * 100, "time_limit_s": 1}, 50),  # by the verifier's `max_tests`
        ({"test_cases": [{}] * 10, "time_limit_s": 10**400}, 1e6),  # more than a float holds
        ({"test_cases": [{}] * 10, "time_limit_s": float("inf")}, 1e6),
        ({"test_cases": [{}] * 10, "time_limit_s": float("nan")}, 40),
        ({"test_cases": [{}] * 10, "time_limit_s": "2"}, 40),
    ],
)
def test_what_a_pair_is_estimated_to_cost(info, cost):
    from synthetic1 import Task
    from synthetic1.rewards.code import Code

    task = Task(problem_id="a", task_type="verifiable_code", prompt="p", verification_info=info)
    assert estimated_cost(task, Code(time_limit_s=4, max_tests=50)) == cost


def test_programs_are_run_in_the_sandboxes_of_nodes(scorer, sandbox_kind):
    source = open_tasks("embedded:code")
    pairs = []
    with Scorer() as local:
        for task in (source[i] for i in range(0, len(source), 4)):
            if task.language == "python":
                pairs.append((task, local.verifier(task.task_type).gold_completion(task)))
                pairs.append((task, Completion.parse("```python\nprint('no')\n```")))
        pairs = pairs[:12]
        expected = local.score_sync(pairs)
    assert scorer().score_sync(pairs) == expected
    assert {verdict.score for verdict in expected} == {0.0, 1.0}
    assert {verdict.details["sandbox"] for verdict in expected} == {sandbox_kind}
