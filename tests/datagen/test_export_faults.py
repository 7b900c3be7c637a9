"""Every fsync, rename and removal of an export, one after another: the process ends there, or the disk refuses.

Afterwards there is a whole export or no manifest, and the same command makes the same bytes.
"""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest

from synthetic1.completion import Completion
from synthetic1.datagen.exporting import manifest
from synthetic1.datagen.journal.writer import Journal
from synthetic1.jobs.program import ProgramError
from synthetic1.rollout import Rollout
from synthetic1.task import Task
from synthetic1.verdict import Verdict

HOWS = ("kill_before", "kill_after", "eio", "enospc")


def tree(folder: Path):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


class Exports:
    """Exports of one run of nine rollouts: five small shards (``old``), or two larger ones (``new``)."""

    def __init__(self, faults, folder: Path) -> None:
        self.faults, self.folder = faults, folder
        (folder / "runs/generate/t").mkdir(parents=True)
        journal = Journal.open(folder / "runs/generate/t/journal.sqlite")
        for i in range(9):
            task = Task(f"p{i}", "verifiable_math", f"{i} + 1 =", {"ground_truth": str(i + 1)})
            completion = Completion.parse(f"<think>\né\n</think>\n\n{i + 1}", usage={"completion_tokens": 5})
            journal.put_task(task, i)
            rollout = Rollout(task.key, completion, "m", {"seed": 0})
            journal.put_rollout(rollout)
            journal.put_verdict(rollout, 0, "v", "verifiable_math@1", Verdict(1.0, "correct"), 1)
        journal.flush()
        journal.close()
        self.unharmed = {name: self.to(folder / name, rows) for name, rows in (("old", 2), ("new", 5))}
        self.reference = tree(folder / "new")
        assert len(list((folder / "old").glob("data/train-*"))) == 5
        assert len(list((folder / "new").glob("data/train-*"))) == 2

    def to(self, folder: Path, rows: int = 5, *overrides: str, **fault):
        command = (f"runs={self.folder}/runs", "run=t", f"to={folder}", f"rows_per_shard={rows}", "file=jsonl")
        ended = self.faults("export", *command, *overrides, below=self.folder, **fault)
        assert ended.fired or ended.status == 0, ended.err
        return ended

    def __call__(self, at: int, how: str, *, replacing: bool) -> bool:
        """Whether the export had such a call. If so, it was made again and is as if nothing had been."""
        to = self.folder / "harmed"
        if replacing:
            shutil.copytree(self.folder / "old", to)
        ended = self.to(to, 5, *["overwrite=true"] * replacing, at=at, how=how)
        if ended.fired and how.startswith("kill"):
            assert ended.status == -9
        if ended.status > 0:
            assert ended.status == 2, ended.err
            assert ended.err.startswith("error: to="), ended.err
            assert ended.err.count("\n") == 1, ended.err
        there = (to / "manifest.json").exists()
        if there:
            manifest.check(to)
        if ended.status == 0:
            assert tree(to) == self.reference
        again = self.to(to, 5, *["overwrite=true"] * there)
        assert again.status == 0
        assert tree(to) == self.reference
        shutil.rmtree(to)
        return ended.fired


@pytest.fixture
def exports(faults, tmp_path):
    return Exports(faults, tmp_path)


def test_what_a_manifest_names_is_on_the_disk_before_it(exports):
    calls = [
        (name, path.rstrip("/").removeprefix(f"{exports.folder}/")) for name, path in exports.unharmed["new"].calls
    ]
    last = {name: at for at, (called, name) in enumerate(calls) if called in ("rename", "fsync")}
    shown = calls.index(("rename", "new/manifest.json"))
    for name in exports.reference:
        assert ("rename", f"new/{name}") in calls
        synced = [at for at, (called, path) in enumerate(calls) if called == "fsync" and path.endswith(f"/{name}")]
        assert synced, name
        assert max(synced) < calls.index(("rename", f"new/{name}"))
        assert last[f"new/{name}"] <= shown
    before = [path for called, path in calls[:shown] if called == "fsync"]
    placed = max(at for at, (called, _) in enumerate(calls[:shown]) if called == "rename")
    assert {"new", "new/data", "new/plots"} <= {path for called, path in calls[placed:shown] if called == "fsync"}
    assert "" in before or str(exports.folder) in before  # the folder that the new one lies in
    assert ("fsync", "new") in calls[shown:]


def test_an_older_manifest_is_gone_before_its_shards(exports):
    shutil.copytree(exports.folder / "old", exports.folder / "x")
    ended = exports.to(exports.folder / "x", 5, "overwrite=true")
    calls = [(name, path.rstrip("/").rpartition("/")[2]) for name, path in ended.calls]
    steps = [("rename", ".placing.json"), ("fsync", "x"), ("unlink", "manifest.json"), ("fsync", "x")]
    at = calls.index(steps[0])
    assert calls[at : at + 4] == steps
    shards = {f"train-0000{i}.jsonl" for i in range(5)}
    assert not [call for call in calls[:at] if call[0] != "fsync" and call[1] in shards]
    assert {name for called, name in calls[at:] if called == "unlink"} >= shards - {
        "train-00000.jsonl",
        "train-00001.jsonl",
    }
    assert tree(exports.folder / "x") == exports.reference


def test_the_export_after_a_fault_is_the_export_without(exports, record_property):
    draw = random.Random(6)
    calls = len(exports.unharmed["new"].calls)
    assert calls >= 15
    places = [(at, how, replacing) for at in range(1, calls + 1) for how in HOWS for replacing in (False, True)]
    tried = draw.sample(places, len(places) // 20)
    assert all(exports(at, how, replacing=replacing) for at, how, replacing in tried)
    record_property("faults", len(tried))


@pytest.mark.proofs
@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("replacing", [False, True])
def test_a_fault_at_every_call_of_an_export(exports, how, replacing, record_property):
    at = 1
    while exports(at, how, replacing=replacing):
        at += 1
    record_property("faults", at - 1)
    assert at > 15


def test_a_staging_folder_that_is_in_use_is_left_alone(exports, tmp_path):
    from synthetic1.datagen.exporting.shards import staged

    with pytest.raises(ProgramError), staged(str(tmp_path / "x"), overwrite=False) as folder:  # noqa: PT012
        (folder / "mine").write_text("half")
        exports.to(tmp_path / "x")
        assert (folder / "mine").read_text() == "half"
        raise OSError("enough")


def test_a_manifest_of_somebody_else_is_not_replaced(exports, tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "x/manifest.json").write_text(json.dumps({"files": ["../../secret"]}))
    ended = exports.faults(
        "export", f"runs={tmp_path}/runs", "run=t", f"to={tmp_path}/x", "overwrite=true", below=tmp_path
    )
    assert ended.status == 2
    assert "is not a manifest of an export" in ended.err
    assert [p.name for p in (tmp_path / "x").iterdir()] == ["manifest.json"]
