"""The index beside a file: its size, its life, and who may not be hurt by it."""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic1.task import TaskError
from synthetic1.tasks import JsonlTasks, open_tasks
from synthetic1.tasks.sources.index import id_columns, id_digest, rows_with_id

pytestmark = pytest.mark.usefixtures("keep")
ROWS = 3000


def indexes(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f".{path.name}.*"))


@pytest.fixture
def path(row: Any, write: Any) -> Path:
    written: Path = write([row(i) for i in range(ROWS)])
    return written


def test_an_index_costs_at_most_32_bytes_a_row(path: Path) -> None:
    source = JsonlTasks(path)
    assert [file.name for file in indexes(path)] == [".tasks.jsonl.rows"]
    source.part("test")
    assert [file.name for file in indexes(path)] == [".tasks.jsonl.keys", ".tasks.jsonl.rows"]
    assert sum(file.stat().st_size for file in indexes(path)) <= 32 * ROWS
    assert {file.stat().st_mode & 0o777 for file in indexes(path)} == {0o644}


def test_an_index_is_used_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = JsonlTasks(path)
    parts = [task.key for task in first.part("test")]

    def never(*_: Any) -> Any:
        raise AssertionError("the file was scanned although its index is there")

    monkeypatch.setattr("synthetic1.tasks.sources.jsonl.scan", never)
    monkeypatch.setattr("synthetic1.tasks.sources.stored.check_rows", never)
    again = JsonlTasks(path)
    assert [task.key for task in again.part("test")] == parts
    assert all(again.get(f"p{i}") == first[i] for i in range(0, ROWS, 97))
    assert not again.id_index["ids"].flags.writeable  # memory-mapped, shared by all processes


def test_a_small_file_leaves_nothing_behind(path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    monkeypatch.setattr("synthetic1.tasks.sources.index.KEEP_FROM_BYTES", path.stat().st_size + 1)
    assert JsonlTasks(path).get("p7") == JsonlTasks(path).part("train").get("p7")
    assert indexes(path) == []
    assert not cache.exists()


def test_of_a_big_file_a_person_is_told_once(
    path: Path, monkeypatch: pytest.MonkeyPatch, keep: None, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("synthetic1.tasks.sources.index.SAY_FROM_BYTES", path.stat().st_size)
    for _ in range(2):
        len(JsonlTasks(path))
    (said,) = [record.getMessage() for record in caplog.records]
    assert said.startswith(f"{path}: reading 0 MB for an index, once")


def appended(path: Path, row: Any) -> None:
    with path.open("a") as file:
        file.write(json.dumps(row(ROWS)) + "\n")


def replaced_keeping_the_time(path: Path, row: Any) -> None:
    status = path.stat()
    text = path.read_bytes()
    path.write_bytes(text.replace(b'"p0"', b'"q0"', 1))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def touched_in_the_middle(path: Path, row: Any) -> None:
    text = path.read_bytes()
    path.write_bytes(text.replace(b'"p500"', b'"q500"', 1))
    os.utime(path, ns=(1, 1))


def swapped_format(path: Path, row: Any) -> None:
    crux = {"code": "def f(x):\n    return x", "input": "1", "output": "1", "id": "p1"}
    path.write_text(json.dumps(crux) + "\n")


@pytest.mark.parametrize("change", [appended, replaced_keeping_the_time, touched_in_the_middle, swapped_format])
def test_an_index_of_other_content_is_not_used(change: Any, path: Path, row: Any) -> None:
    JsonlTasks(path).part("test")
    change(path, row)
    fresh = JsonlTasks(path)
    lines = path.read_text().splitlines()
    assert len(fresh) == len(lines)
    for line, task in zip(lines, fresh, strict=True):
        fields = json.loads(line)
        assert fresh.get(fields.get("problem_id") or fields["id"]) == task
    heads = fresh.key_heads()
    assert heads.tolist() == [int(task.key[:8], 16) for task in fresh]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:-1],
        lambda data: data + b"\0",
        lambda data: b"garbage\n" + data,
        lambda data: data[: len(data) // 2],
        lambda data: b"[]\n" + data,
        lambda data: data.replace(b"synthetic1 index 1", b"synthetic1 index 0"),
        lambda data: b"\0" * len(data),
    ],
)
def test_a_damaged_index_is_built_anew(damage: Any, path: Path) -> None:
    JsonlTasks(path)
    [index] = indexes(path)
    whole = index.read_bytes()
    index.write_bytes(damage(whole))
    assert JsonlTasks(path).get("p1234").problem_id == "p1234"
    assert index.read_bytes() == whole


def test_a_copy_of_the_folder_keeps_its_index_and_a_reader_change_does_not(path: Path, monkeypatch: Any) -> None:
    JsonlTasks(path).part("test")
    [keys, _] = indexes(path)
    before = keys.read_bytes()
    monkeypatch.setattr(  # every prompt now ends otherwise, as if its composition had been edited
        "synthetic1.tasks.formats.readers.Task.from_row",
        classmethod(lambda cls, row, where: cls(row["problem_id"], row["task_type"], row["prompt"] + " New.")),
    )
    source = JsonlTasks(path)
    assert source.key_heads().tolist() == [int(task.key[:8], 16) for task in source]
    assert keys.read_bytes() != before


@pytest.fixture
def not_root() -> Iterator[None]:
    """Root may write everywhere, so permissions are only tested as somebody else."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    yield
    os.seteuid(0)


@pytest.fixture
def read_only(path: Path) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp())  # pytest's own folders are closed to other users
    shutil.copy(path, folder)
    folder.chmod(0o555)
    yield folder / path.name
    folder.chmod(0o755)
    shutil.rmtree(folder)


def test_a_read_only_folder_sends_the_index_to_the_cache(
    read_only: Path, not_root: None, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    with tempfile.TemporaryDirectory() as cache:
        monkeypatch.setenv("XDG_CACHE_HOME", cache)
        assert JsonlTasks(read_only).get("p7").problem_id == "p7"
        assert "cannot keep an index at" in caplog.text
        assert [record.levelno for record in caplog.records] == [logging.WARNING]
        assert len(list(Path(cache).rglob("*.rows"))) == 1
        caplog.clear()
        monkeypatch.setattr("synthetic1.tasks.sources.jsonl.scan", None)  # found again, so not called
        assert JsonlTasks(read_only).get("p8").problem_id == "p8"
        assert caplog.text == ""


def test_with_no_place_at_all_the_index_stays_in_memory(
    read_only: Path, not_root: None, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    monkeypatch.setattr("synthetic1.tasks.sources.index.cache_folders", lambda: iter([Path("/proc/nowhere")]))
    assert JsonlTasks(read_only).get("p7").problem_id == "p7"
    assert "it will be built each time" in caplog.text


def test_processes_that_index_at_once_all_succeed(path: Path) -> None:
    program = (
        "import sys, synthetic1.tasks.sources.index as index; index.KEEP_FROM_BYTES = 0\n"
        "from synthetic1.tasks import open_tasks\n"
        "sys.stdin.readline()\n"
        "source = open_tasks(sys.argv[1], split='test')\n"
        "print(len(source), source[0].key, source[-1].key)"
    )
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    for racer in racers:
        assert racer.stdin
        racer.stdin.write("go\n")
        racer.stdin.flush()
    said = {racer.communicate(timeout=120)[0] for racer in racers}
    assert [racer.returncode for racer in racers] == [0, 0, 0]
    part = open_tasks(path, split="test")
    assert said == {f"{len(part)} {part[0].key} {part[-1].key}\n"}
    assert [file.name for file in path.parent.glob(".*")] == [file.name for file in indexes(path)]  # no leftovers


def test_a_writer_at_work_is_noticed(path: Path, row: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from synthetic1.tasks.sources import jsonl

    def slow(*args: Any) -> Any:
        found = scan(*args)
        appended(path, row)
        return found

    scan = jsonl.scan
    monkeypatch.setattr(jsonl, "scan", slow)
    with pytest.raises(TaskError, match="has changed since it was opened: open it again when its writer is done"):
        JsonlTasks(path)


@given(st.lists(st.sampled_from("abcdefgh") | st.text(max_size=2), max_size=40), st.text(max_size=2))
def test_the_id_index_finds_exactly_the_rows_with_an_id_in_order(ids: list[str], other: str) -> None:
    columns = id_columns(b"".join(id_digest(i.encode()) for i in ids), "test")
    for wanted in {*ids, other}:
        assert list(rows_with_id(columns, wanted)) == [row for row, i in enumerate(ids) if i == wanted]
    assert sum(column.nbytes for column in columns.values()) == 12 * len(ids)
    assert columns["order"].dtype == np.uint32
