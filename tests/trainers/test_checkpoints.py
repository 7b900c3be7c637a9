"""Checkpoints are whole or do not count, whatever moment a process died at."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import pytest

from synthetic1.jobs.program import ProgramError
from synthetic1.trainers.checkpoints import (
    MARKER,
    explain_failed_save,
    is_complete,
    last_complete,
    mark_complete,
    step_of,
)


def checkpoint(folder: Path, step: int, *, whole: bool = True) -> Path:
    path = folder / f"checkpoint-{step}"
    (path / "inner").mkdir(parents=True)
    (path / "model.safetensors").write_bytes(b"weights")
    (path / "inner" / "state.json").write_text("{}")
    if whole:
        mark_complete(path)
    return path


def test_a_marked_checkpoint_is_whole(tmp_path):
    path = checkpoint(tmp_path, 3)
    assert is_complete(path)
    assert json.loads((path / MARKER).read_text()) == {"inner/state.json": 2, "model.safetensors": 7}


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: (path / MARKER).unlink(),
        lambda path: (path / MARKER).write_text(""),
        lambda path: (path / MARKER).write_text('{"model.safetensors": 7'),
        lambda path: (path / MARKER).write_text("[]"),
        lambda path: (path / "model.safetensors").unlink(),
        lambda path: (path / "model.safetensors").write_bytes(b"weight"),
        lambda path: (path / "model.safetensors").write_bytes(b"weights!"),
        lambda path: (path / "inner" / "state.json").unlink(),
    ],
    ids=[
        "no marker",
        "empty marker",
        "torn marker",
        "odd marker",
        "file gone",
        "file torn",
        "file grown",
        "inner gone",
    ],
)
def test_a_damaged_checkpoint_is_not_whole(tmp_path, damage):
    path = checkpoint(tmp_path, 3)
    damage(path)
    assert not is_complete(path)


def test_marking_again_is_right_after_a_change(tmp_path):
    path = checkpoint(tmp_path, 3)
    (path / "model.safetensors").write_bytes(b"longer weights")
    mark_complete(path)
    assert is_complete(path)


def test_the_newest_whole_one_is_found_and_broken_ones_are_removed(tmp_path):
    for step in (5, 9, 10):  # by number: 10 is newer than 9
        checkpoint(tmp_path, step)
    broken = [checkpoint(tmp_path, step, whole=False) for step in (11, 100)]
    assert last_complete(tmp_path) == tmp_path / "checkpoint-10"
    assert not any(path.exists() for path in broken)
    assert (tmp_path / "checkpoint-5").exists()


def test_no_whole_one(tmp_path):
    checkpoint(tmp_path, 1, whole=False)
    assert last_complete(tmp_path) is None
    assert last_complete(tmp_path / "nothing") is None


def test_other_folders_are_left_alone(tmp_path):
    other = tmp_path / "checkpoint-best"
    other.mkdir()
    (other / "notes.txt").write_text("mine")
    last_complete(tmp_path)
    assert (other / "notes.txt").exists()


@pytest.mark.parametrize(
    ("name", "step"), [("checkpoint-12", 12), ("checkpoint-", -1), ("checkpoint-1x", -1), ("model", -1)]
)
def test_step_of(name, step):
    assert step_of(Path("runs") / name) == step


def test_a_full_disk_is_explained(tmp_path):
    error = explain_failed_save(tmp_path / "checkpoints", OSError(errno.ENOSPC, "No space left on device"))
    assert isinstance(error, ProgramError)
    assert "\n" not in str(error)
    assert "the disk is full" in str(error)
    assert "resume=true" in str(error)
