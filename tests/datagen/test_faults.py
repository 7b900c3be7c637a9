"""Every fsync and rename of a run and of an export, one after another: the process ends there, or the disk refuses.

Afterwards the same command makes what an unharmed run makes: the same records, the same bytes, nothing twice.
``make proofs`` goes through all calls; the tests of every day through a seeded twentieth.
"""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from collections import Counter
from pathlib import Path

import pytest

from synthetic1.datagen.journal.runs import open_runs

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

    def generate(self, name: str, *overrides: str, **fault):
        runs = self.folder / name
        return self.faults("generate", f"runs={runs}", *self.overrides, *overrides, below=runs, **fault)

    def export(self, name: str):
        to = self.folder / "export"
        command = (f"runs={self.folder / name}", "run=t", f"to={to}", "file=jsonl")
        ended = self.faults("export", *command, below=to)
        assert ended.status == 0, ended.err
        found = tree(to)
        shutil.rmtree(to)
        return found

    def asked(self) -> int:
        return self.server.counts()["requests"]

    def harmed(self, name: str, *overrides: str, at: int, how: str, which: str = "sync") -> bool:
        """Run with a fault, then without; whether the fault's call was reached."""
        ended = self.generate(name, *overrides, at=at, how=how, which=which)
        if ended.fired and how.startswith("kill"):
            assert ended.status == -9
        if ended.status > 0:
            assert ended.status == 2, ended.err
            assert ended.err.startswith("error: "), ended.err
            assert ended.err.count("\n") == 1, ended.err
            assert any(word in ended.err for word in ("disk", "space", "cannot use")), ended.err
        if ended.status == 0 and not overrides:  # the fault did not matter
            assert held(self.folder / name) == self.reference
        again = self.generate(name, *overrides)
        assert again.status == 0, again.err
        return ended.fired

    def __call__(self, at: int, how: str, which: str = "sync", *, export: bool = False) -> bool:
        """Whether the run had such a call. It was gone on with and is as if nothing had been."""
        before, name = self.asked(), "harmed"
        fired = self.harmed(name, at=at, how=how, which=which)
        assert held(self.folder / name) == self.reference
        assert 0 <= self.asked() - before - self.requests <= WINDOW
        if export:
            assert self.export(name) == self.reference_export
        shutil.rmtree(self.folder / name)
        return fired

    def early(self, at: int, how: str) -> int:
        """The same where two verified of the reference's four samples are enough; how many samples it took."""
        name = "early"
        while not self.harmed(name, "keep=2", at=at, how=how, which="write"):  # it had enough sooner
            shutil.rmtree(self.folder / name)
            at //= 2
            assert at
        groups = held(self.folder / name)[0]
        reference = {r.rollout.key: r for group in self.reference[0] for r in group.rollouts}
        assert all(reference[r.rollout.key] == r for group in groups for r in group.rollouts)
        possible = {g.task.problem_id: sum(r.score == 1.0 for r in g.rollouts) for g in self.reference[0]}
        rows = [json.loads(line) for line in self.export(name)["data/train-00000.jsonl"].splitlines()]
        exported = Counter(row["problem_id"] for row in rows)
        assert exported == {problem: min(2, n) for problem, n in possible.items() if n}
        shutil.rmtree(self.folder / name)
        return sum(len(group.rollouts) for group in groups)


@pytest.fixture
def trials(faults, scripted, mixture, tmp_path):
    with scripted("--right", "0.5", "--truncated", "0.1", "--shape", "ANSWER (SAMPLE)") as server:
        yield Trials(faults, server, mixture, tmp_path)


@pytest.fixture
def early_trials(faults, scripted, mixture, tmp_path):
    with scripted("--right", "0.6", "--shape", "ANSWER (SAMPLE)") as server:
        yield Trials(faults, server, (*mixture, "samples=4", "limit=12", "concurrency=2"), tmp_path)


def test_the_calls_of_sqlite_and_of_python_are_seen(trials):
    names = [(name, Path(path).name) for name, path in trials.whole.calls]
    assert ("rename", "config.yaml") in names
    assert ("rename", "result.json") in names
    assert names.count(("fdatasync", "journal.sqlite-wal")) >= 8  # 32 records, a window of 4
    assert ("fdatasync", "journal.sqlite") in names  # checkpoints
    assert trials.calls >= 20


def test_the_run_after_a_fault_is_the_run_without(trials, record_property):
    places = [(at, how) for at in range(1, trials.calls + 1) for how in HOWS]
    tried = random.Random(6).sample(places, len(places) // 20)
    for at, how in tried:
        while not trials(at, how, export=at % 4 == 0):  # fewer calls: more answers came at once
            at //= 2
            assert at
    record_property("faults", len(tried))


@pytest.mark.proofs
@pytest.mark.parametrize("how", HOWS)
def test_a_fault_at_every_call_of_a_run(trials, how, record_property):
    at = 1
    while trials(at, how, export=at % 3 == 0):
        at += 1
    record_property("faults", at - 1)
    assert at > 20


@pytest.mark.proofs
def test_faults_at_a_quarter_of_all_writes(trials, record_property):
    calls, draw = len(trials.generate("writes", which="write").calls), random.Random(7)
    tried = draw.sample(range(1, calls + 1), calls // 4)
    record_property("faults", sum(trials(at, draw.choice(HOWS), "write") for at in tried))


def enough(trials, draw, count):
    """Faults at ``count`` places; what was asked in all is less than everything."""
    took = [trials.early(draw.randrange(1, 150), draw.choice(HOWS)) for _ in range(count)]
    everything = sum(len(group.rollouts) for group in trials.reference[0])
    assert sum(took) < count * everything


def test_enough_is_enough_after_a_fault(early_trials):
    enough(early_trials, random.Random(8), 2)


@pytest.mark.proofs
def test_enough_is_enough_after_fifty_faults(early_trials, record_property):
    enough(early_trials, random.Random(9), 50)
    record_property("faults", 50)
