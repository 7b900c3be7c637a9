"""Every fsync and rename of a run and of an export, one after another: the process ends there, or the disk refuses.

Afterwards the same command makes what an unharmed run makes: the same records, the same bytes, nothing twice.
``make proofs`` goes through all calls; the tests of every day through a seeded tenth.
"""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from pathlib import Path

import pytest

from synthetic1.datagen.stored import open_runs

HOWS = ("kill_before", "kill_after", "eio", "enospc")
WINDOW = 4


@pytest.fixture
def mixture(tmp_path):
    """The overrides that make an environment of two families, twelve tasks each, which say their answers."""
    parts = {"sums": ("math", "verifiable_math"), "outputs": ("code_understanding", "code_output_prediction")}
    overrides = ["env=mixture", "~env.mixture.easy", "~env.mixture.hard"]
    for name, (env, task_type) in parts.items():
        rows = []
        for i in range(14):
            said = f"\\boxed{{{i + 3}}}" if env == "math" else json.dumps({"output": f"{i} apples"})
            gold = {"ground_truth": str(i + 3) if env == "math" else f"{i} apples"}
            row = {
                "problem_id": f"{name}{i:02d}",
                "task_type": task_type,
                "prompt": f"It is said that {i} + 3 = {said}",
            }
            rows.append(row | {"verification_info": json.dumps(gold), "source": "test", "metadata": "{}"})
        path = tmp_path / f"{name}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        overrides.append(f"+env.mixture.{name}={{id: synthetic1/{env}-v0, weight: 1.0, tasks: {path}}}")
    return (*overrides, "run_name=t", "model=scripted", "samples=2", "limit=16", f"concurrency={WINDOW}")


def held(runs: Path):
    """All that an export reads of a run; checks that the journal is sound and holds nothing twice."""
    with sqlite3.connect(runs / "generate/t/journal.sqlite") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        for table, key in (("rollouts", "key"), ("verdicts", "rollout"), ("tasks", "key")):
            rows, keys = connection.execute(f"SELECT count(*), count(DISTINCT {key}) FROM {table}").fetchone()
            assert rows == keys, f"{table}: {rows} rows of {keys} keys"
    connection.close()
    found = open_runs("t", str(runs))
    return list(found.groups()), found.facts()


def tree(folder: Path):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def one_line(ended):
    """The program succeeded, or said in one line what is wrong; a kill says nothing."""
    if ended.status > 0:
        assert ended.status == 2, ended.err
        assert ended.err.startswith("error: "), ended.err
        assert ended.err.count("\n") == 1, ended.err
    return ended


class Trials:
    """One run of generation after another, each with a fault at some call, compared with an unharmed one."""

    def __init__(self, faults, server, mixture, folder: Path) -> None:
        self.faults, self.server, self.folder = faults, server, folder
        self.overrides = (f"server={server.url}", *mixture)
        self.whole = self.generate("whole")
        self.calls = len(self.whole.calls)
        assert self.whole.status == 0, self.whole.err
        self.reference = held(folder / "whole")
        self.requests = self.asked()
        self.reference_export = self.export("whole")

    def generate(self, name: str, **fault):
        runs = self.folder / name
        return self.faults("generate", f"runs={runs}", *self.overrides, below=runs, **fault)

    def export(self, name: str):
        to = self.folder / f"{name}-export"
        ended = self.faults("export", f"runs={self.folder / name}", "run=t", f"to={to}", below=to)
        assert ended.status == 0, ended.err
        return tree(to)

    def asked(self) -> int:
        return self.server.counts()["requests"]

    def __call__(self, at: int, how: str, which: str = "sync", *, export: bool = False) -> bool:
        """Whether the run had such a call. If so, it was gone on with and is as if nothing had been."""
        before, name = self.asked(), f"{which}-{at}-{how}"
        ended = one_line(self.generate(name, at=at, how=how, which=which))
        if ended.fired and how.startswith("kill"):
            assert ended.status == -9
        if ended.status == 2:
            assert any(word in ended.err for word in ("disk", "space", "cannot use")), ended.err
        if ended.status == 0:  # the fault did not matter
            assert held(self.folder / name) == self.reference
        again = self.generate(name)
        assert again.status == 0, again.err
        assert held(self.folder / name) == self.reference
        assert 0 <= self.asked() - before - self.requests <= WINDOW
        if export:
            assert self.export(name) == self.reference_export
        shutil.rmtree(self.folder / name)
        return ended.fired


@pytest.fixture
def trials(faults, scripted, mixture, tmp_path):
    with scripted("--right", "0.5", "--truncated", "0.1", "--shape", "ANSWER") as server:
        yield Trials(faults, server, mixture, tmp_path)


def test_the_calls_of_sqlite_and_of_python_are_seen(trials):
    names = [(name, Path(path).name) for name, path in trials.whole.calls]
    assert ("rename", "config.yaml") in names
    assert ("rename", "result.json") in names
    assert names.count(("fdatasync", "journal.sqlite-wal")) >= 8  # 32 records, a window of 4
    assert ("fdatasync", "journal.sqlite") in names  # checkpoints
    assert trials.calls >= 20


def test_the_run_after_a_fault_is_the_run_without(trials):
    draw = random.Random(6)
    places = [(at, how) for at in range(1, trials.calls + 1) for how in HOWS]
    tried = [(at, how) for at, how in draw.sample(places, len(places) // 10)]
    fired = [trials(at, how, export=at % 4 == 0) for at, how in tried]
    assert sum(fired) >= len(fired) - 2  # the number of commits differs a little from run to run


@pytest.mark.proofs
@pytest.mark.parametrize("how", HOWS)
def test_a_fault_at_every_call_of_a_run(trials, how):
    at = 1
    while trials(at, how, export=True):
        at += 1
    assert at > 20


@pytest.mark.proofs
def test_faults_at_a_quarter_of_all_writes(trials):
    counted = trials.generate("writes", which="write")
    draw = random.Random(7)
    for at in draw.sample(range(1, len(counted.calls) + 1), len(counted.calls) // 4):
        trials(at, draw.choice(HOWS), "write")
