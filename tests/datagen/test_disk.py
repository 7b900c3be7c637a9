"""Disks that are full or read-only, and journals that somebody else holds: one clear line, and nothing is lost."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from synthetic1.datagen.journal import sqlite_database
from synthetic1.datagen.journal.reader import JournalError
from synthetic1.datagen.journal.writer import Journal

WINDOW = 4


class Disk:
    """A small file system of its own; changing it needs no room on it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()
        self.mounted = self._mount("size=64k")

    def is_(self, options: str) -> None:
        """Change it: ``size=16m``, ``ro``, ``rw``."""
        assert self._mount(f"remount,{options}"), options

    def close(self) -> None:
        if self.mounted:
            subprocess.run(["umount", "--lazy", self.path], check=True)

    def _mount(self, options: str) -> bool:
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", self.path]
        return shutil.which("mount") is not None and subprocess.run(command, capture_output=True).returncode == 0


@pytest.fixture
def disk(require, tmp_path):
    disk = Disk(tmp_path / "disk")
    require("mounting a file system", disk.mounted, "run the tests as root, in a container with --cap-add SYS_ADMIN")
    yield disk
    disk.close()


@pytest.fixture
def programs(faults, runs):
    """``programs("export", …)`` runs a program to its end; ``env`` and run name are those of ``runs``."""

    def start(program: str, *overrides: str, status: int = 0):
        command = runs.command(program=program)[2:]
        ended = faults(program, *command, *overrides, below=runs.folder)
        assert ended.status == status, ended.err + ended.out
        if status:
            assert ended.err.startswith("error: "), ended.err
            assert ended.err.count("\n") == 1, ended.err
        else:
            assert not ended.err
        return ended

    return start


def sound(folder: Path) -> None:
    with sqlite3.connect(folder / "generate/t/journal.sqlite") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_a_disk_that_fills_up_while_a_run_goes_on(disk, runs, programs, scripted):
    with scripted("--right", "0.5", "--padding", "200") as server:
        settings = (f"server={server.url}", "samples=4", f"concurrency={WINDOW}")
        programs("generate", *settings, f"runs={runs.folder}/reference")
        asked = server.counts()["requests"]
        whole = type(runs)(runs.folder / "reference", runs.tasks, runs.forked).records()
        runs.folder = disk.path
        for size in ("size=8k", "size=300k", "size=600k"):  # no room to begin; then twice in the middle of it
            disk.is_(size)
            ended = programs("generate", *settings, status=2)
            assert "disk is full" in ended.err or "no space left" in ended.err, ended.err
            if size != "size=8k":
                sound(disk.path)
                assert 0 < len(runs.records()) < len(whole)
                assert {r[:4] for r in runs.records()} < {r[:4] for r in whole}
        disk.is_("size=16m")
        programs("generate", *settings)
        assert runs.records() == whole
        assert asked <= server.counts()["requests"] - asked <= asked + 3 * WINDOW


def test_an_export_onto_a_full_disk(disk, runs, programs, scripted):
    with scripted("--right", "1", "--padding", "100", "--shape", "\\boxed{ANSWER}") as server:
        programs("generate", f"server={server.url}", "samples=2")
    disk.is_("size=16k")
    for suffix in ("jsonl", "parquet"):
        to = disk.path / suffix
        ended = programs("export", "run=t", f"to={to}", f"file={suffix}", status=2)
        assert f"to={to} cannot be written: No space left on device" in ended.err
        assert list(to.iterdir()) == []
    disk.is_("size=16m")
    programs("export", "run=t", f"to={disk.path}/parquet")
    assert (disk.path / "parquet/manifest.json").exists()
    before = {p: p.read_bytes() for p in disk.path.rglob("*") if p.is_file()}
    disk.is_("size=64k")  # less than there is: full
    programs("export", "run=t", f"to={disk.path}/parquet", "overwrite=true", status=2)
    assert {p: p.read_bytes() for p in disk.path.rglob("*") if p.is_file()} == before


def test_a_read_only_disk(disk, runs, programs, scripted, tmp_path):
    disk.is_("size=16m")
    runs.folder = disk.path
    with scripted("--right", "1") as server:
        programs("generate", f"server={server.url}", "limit=4")
        kept = runs.records()
        with sqlite3.connect(disk.path / "generate/t/journal.sqlite") as connection:  # as it is while a run goes on
            connection.execute("INSERT INTO meta VALUES ('a', 'b')")
            connection.commit()
            shutil.copytree(disk.path / "generate/t", disk.path / "generate/killed")
        connection.close()
        disk.is_("ro")
        for more in ("samples=2", "run_name=other"):
            ended = programs("generate", f"server={server.url}", "limit=4", more, status=2)
            assert "may not write" in ended.err
        assert server.counts()["requests"] == 4
    # What was recorded can still be read: of a run that ended well, and of one that was killed.
    assert runs.records() == runs.records("killed") == kept
    assert len(kept) == 4
    programs("export", "run=t", f"to={tmp_path}/x")
    assert (tmp_path / "x/manifest.json").exists()
    ended = programs("export", "run=t", f"to={disk.path}/x", status=2)
    assert "Read-only file system" in ended.err
    disk.is_("rw")


def test_a_journal_that_a_newer_version_wrote_is_left_as_it_is(runs, programs, scripted, tmp_path):
    with scripted("--right", "1") as server:
        programs("generate", f"server={server.url}", "limit=4")
        path = runs.folder / "generate/t/journal.sqlite"
        with sqlite3.connect(path) as connection:
            connection.execute("UPDATE meta SET value = '99' WHERE name = 'version'")
        connection.close()
        before = path.read_bytes()
        for program, *overrides in (
            ("generate", f"server={server.url}", "limit=5"),
            ("export", "run=t", f"to={tmp_path}/x"),
        ):
            ended = programs(program, *overrides, status=2)
            assert "was written by a newer synthetic1 (journal version 99, this one knows 1); upgrade" in ended.err
        assert server.counts()["requests"] == 4
    assert path.read_bytes() == before
    assert not (tmp_path / "x/manifest.json").exists()


def held(path: Path, statement: str) -> subprocess.Popen:
    """Another process that holds a lock on a journal until its standard input ends."""
    code = (
        f"import sqlite3, sys; c = sqlite3.connect({str(path)!r}, isolation_level=None); {statement}; print(); input()"
    )
    other = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdout.readline() == "\n"
    return other


def test_a_journal_that_another_process_holds(tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite_database, "WRITE_WAIT_S", 0.2)
    monkeypatch.setattr(sqlite_database, "OPEN_WAIT_S", 0.2)
    path = tmp_path / "journal.sqlite"
    Journal.open(path).close()
    other = held(path, "c.execute('BEGIN IMMEDIATE')")  # it writes: what we put cannot be
    ours = Journal.open(path)
    ours.set_meta("a", "b")
    with pytest.raises(JournalError, match="another process is writing it"):
        ours.flush()
    ours.close()
    other.communicate("\n")
    other = held(path, "c.execute('PRAGMA locking_mode=EXCLUSIVE'); c.execute('BEGIN EXCLUSIVE')")
    for readonly in (False, True):  # not even read
        with pytest.raises(JournalError, match="another process is writing it"):
            Journal.open(path, readonly=readonly)
    other.communicate("\n")
    ours = Journal.open(path)
    ours.set_meta("a", "b")
    ours.flush()
    ours.close()
    assert os.listdir(tmp_path) == ["journal.sqlite"]
