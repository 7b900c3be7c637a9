"""What files may be, in real files: lines, arrays and Parquet, packed and plain; hidden ones; folders with splits."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import logging
import lzma
import os
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from synthetic1.task import TaskError
from synthetic1.tasks import JsonlTasks, TaskList, bad_rows_of, open_tasks
from synthetic1.tasks.sources import json_array
from synthetic1.tasks.sources.file_rows import rows_of_file
from synthetic1.tasks.sources.json_array import lines_of_array
from synthetic1.tasks.sources.kinds import FileKind, kind_of

number = count()


def zstd(content: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as packed:
        packed.write(content)
    return sink.getvalue().to_pybytes()


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".xz": lzma.compress,
    ".bz2": bz2.compress,
    ".zst": zstd,
}


def lines(rows: list[Any]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def array(rows: list[Any]) -> bytes:
    return json.dumps(rows, indent=1, ensure_ascii=False).encode()


@pytest.mark.parametrize("packing", PACKED)
@pytest.mark.parametrize(
    ("suffix", "written"),
    [(".jsonl", lines), (".ndjson", lines), (".JSONL", lines), (".json", array), (".Json", array), (".json", lines)],
)
@pytest.mark.parametrize("upper", [False, True])
def test_every_kind_gives_the_same_tasks(
    suffix: str, written: Any, packing: str, upper: bool, row: Any, tmp_path: Path
) -> None:
    rows = [row(i, prompt=f'"[{{,\n\\ é 🎈 \u2028 {i}', metadata={"level": i}) for i in range(30)]
    path = tmp_path / "data" / f"rows{suffix}{packing.upper() if upper else packing}"
    path.parent.mkdir()
    path.write_bytes(PACKED[packing](written(rows)))
    source = open_tasks(path)
    assert list(source) == list(TaskList.from_rows(rows))
    assert source.get("p17") == source[17]
    assert len(open_tasks(path, split="train")) + len(open_tasks(path, split="test")) == 30
    assert len(open_tasks(path.parent)) == 30
    if written is lines and suffix != ".json":
        assert [found for _, found in rows_of_file(path)] == rows


def test_parquet_in_any_case(row: Any, tmp_path: Path) -> None:
    for name in ("a.PARQUET", "b.parquet"):
        pq.write_table(pa.Table.from_pylist([row(0), row(1)]), tmp_path / name)
    assert len(open_tasks(tmp_path / "a.PARQUET")) == 2
    assert len(open_tasks(tmp_path)) == 4


@pytest.mark.parametrize("name", ["a.txt", "a", "a.jsonl.zip", "a.parquet.gz", "json", "a.gz", "a.jsonl.bak"])
def test_other_files_are_not_data(name: str) -> None:
    assert kind_of(name) is None


def test_the_kind_of_a_file_is_in_its_name() -> None:
    assert kind_of("A.B.Json.GZ") == FileKind("array", ".gz")
    assert kind_of("x.ndjson") == FileKind("lines")


@pytest.mark.parametrize("packing", [".gz", ".xz", ".bz2", ".zst"])
@pytest.mark.parametrize("damage", [lambda b: b[:-20], lambda b: b"{}" + b, lambda b: b[:40] + bytes(9) + b[49:]])
@pytest.mark.parametrize("suffix", [".jsonl", ".json"])
def test_damaged_files_are_refused_in_a_line(
    packing: str, damage: Any, suffix: str, row: Any, tmp_path: Path, cache: Path
) -> None:
    content = b"".join(os.urandom(99).hex().encode() for _ in range(99))
    path = tmp_path / f"rows{suffix}{packing}"
    path.write_bytes(damage(PACKED[packing](lines([row(0, prompt=content.decode())]))))
    for bad_rows in ("error", "quarantine"):
        with pytest.raises(TaskError, match=rf"rows{suffix}{packing} is not a whole .* file: ") as error:
            open_tasks(path, bad_rows=bad_rows)  # type: ignore[arg-type]
        assert "\n" not in str(error.value)
    assert not [file for file in cache.rglob("*") if file.is_file()]
    if suffix == ".jsonl":
        with pytest.raises(ValueError, match=r"or damaged|ends too early"):
            list(rows_of_file(path))


def test_an_array_is_written_as_lines_once_and_anew_when_it_changes(row: Any, tmp_path: Path, caplog: Any) -> None:
    path = tmp_path / "rows.json"
    path.write_bytes(array([row(i) for i in range(9)]))
    with caplog.at_level(logging.WARNING):
        open_tasks(path)
        open_tasks(path)
    assert [message.startswith(f"{path} is written as JSON Lines, once, to ") for message in caplog.messages] == [True]
    path.write_bytes(array([row(i, prompt=f"Where is {i}?") for i in range(9)]))
    assert open_tasks(path)[8].prompt == "Where is 8?"


# Arrays that are not quite right --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "good", "bad"),
    [
        ("[A, {}, B]", "AB", [(2, "{}")]),
        ("[A, , B]", "AB", [(2, "(no row between commas)")]),
        ("[A, B,]", "AB", [(3, "(no row between commas)")]),
        ("[A, B", "AB", [(3, "(the array has no end)")]),
        ("[A, B,", "AB", [(3, "(the array has no end)")]),
        ('[A, {"problem_id": "x", "prompt": "cut', "A", [(2, '{"problem_id": "x", "prompt": "cut')]),
        ('[A, {"a": [1, {"b": ', "A", [(2, '{"a": [1, {"b":')]),
        ("[A, B] C", "AB", [(3, "C")]),
        ("[A, 3, null, B]", "AB", [(2, "3"), (3, "null")]),
        ('[A, {"a": NaN}, B]', "AB", [(2, '{"a": NaN}')]),
        ('[A, {"a": }, B]', "AB", [(2, '{"a": }')]),
        ("[{}, A]", "A", [(1, "{}")]),
        ('[A, {"a": "line\nend"}, B]', "AB", [(2, '{"a": "line\x0bend"}')]),
        ("[\n A,\n\n B\n]\n", "AB", []),
    ],
)
@pytest.mark.parametrize("block", [1, 7, 1 << 20])
def test_bad_elements_of_an_array(
    text: str, good: str, bad: list[Any], block: int, row: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_array, "BLOCK", block)
    path = tmp_path / "rows.json"
    for name in "ABC":
        text = text.replace(name, json.dumps(row(0, problem_id=name.lower())).replace("?", "?") if name != "C" else "C")
    path.write_text(text)
    source = open_tasks(path, bad_rows="quarantine")
    assert [task.problem_id for task in source] == list(good.lower())
    assert [(one.row, one.raw) for one in bad_rows_of(source)] == bad


def test_a_cut_off_array_is_refused_where_bad_rows_are_errors(row: Any, tmp_path: Path) -> None:
    whole = array([row(i) for i in range(5)])
    for cut in (1, 3, 20):
        (tmp_path / "rows.json").write_bytes(whole.rstrip()[:-cut])
        with pytest.raises(TaskError, match=r"rows.json: the last row is cut off or no row at all"):
            JsonlTasks(tmp_path / "rows.json")


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"[]", "holds no rows"), (b" \n", "holds no rows"), (b"3", "row 1: a row is a JSON object, got int")],
)
def test_arrays_without_rows(content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "rows.json").write_bytes(content)
    with pytest.raises(TaskError, match=said):
        open_tasks(tmp_path / "rows.json")


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(alphabet='a"\\[]{},\n\u2028é'),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(alphabet='a"]\\', max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.lists(values, max_size=6), st.sampled_from([None, 0, 2]), st.booleans(), st.sampled_from([1, 5, 1 << 20]))
@example([], None, True, 1)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_elements_are_found_as_the_parser_finds_them(
    monkeypatch: pytest.MonkeyPatch, elements: list[Any], indent: int | None, ascii_: bool, block: int
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(json_array, "BLOCK", block)
        text = json.dumps(elements, indent=indent, ensure_ascii=ascii_).encode()
        found = list(lines_of_array(io.BytesIO(text)))
    assert [line.count(b"\n") for line in found] == [1] * len(elements)
    assert [json.loads(line) for line in found] == elements


@given(st.binary(max_size=60) | st.text(alphabet='[]{},"\\1 \n', max_size=60).map(str.encode))
def test_whatever_an_array_holds_nothing_of_it_is_lost(text: bytes) -> None:
    """But for white space and what parts elements, each byte stands in a line."""
    assume(not any(marker in text for marker in (json_array.NO_ROW.strip(), json_array.NO_END)))
    found = b"".join(lines_of_array(io.BytesIO(b"[" + text)))
    for marker in (json_array.NO_ROW, json_array.NO_END):
        found = found.replace(marker, b"")
    skipped = b' \t\r\n\x0b\x0c,[]{}"\\'
    assert sorted(found.translate(None, skipped)) == sorted(text.translate(None, skipped))


# Folders --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["jsonl", "parquet", "json"])
@pytest.mark.parametrize(
    "hidden", [".ipynb_checkpoints/a-checkpoint", ".cache/a", "._a", "d/._b", "__MACOSX/a", ".git/x/y/a"]
)
def test_hidden_files_are_not_data(kind: str, hidden: str, row: Any, tmp_path: Path, monkeypatch: Any) -> None:
    def put(name: str, rows: list[Any]) -> None:
        path = tmp_path / "data" / f"{name}.{kind}"
        path.parent.mkdir(parents=True, exist_ok=True)
        if kind == "parquet":
            pq.write_table(pa.Table.from_pylist(rows), path)
        else:
            path.write_bytes((array if kind == "json" else lines)(rows))

    put("a", [row(0)])
    put("d/b", [row(1)])
    put(hidden, [row(2)])
    assert [task.problem_id for task in open_tasks(tmp_path / "data")] == ["p0", "p1"]
    assert [task.problem_id for task in open_tasks(f"{tmp_path}/data/**/*.{kind}")] == ["p0", "p1"]
    monkeypatch.chdir(tmp_path / "data")
    assert len(open_tasks(".")) == 2
    (tmp_path / "data").rename(tmp_path / ".data")
    assert len(open_tasks(tmp_path / ".data")) == 2  # whoever names a hidden folder means it


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
@pytest.mark.parametrize(
    ("train", "test"),
    [
        (["train-00000-of-00002", "train-00001-of-00002"], ["test-00000-of-00001"]),
        (["data/train-0", "data/train-1"], ["data/test-0"]),
        (["en/train_0", "fr/train_0"], ["en/test_0", "fr/test_0"]),
        (["train", "Train-more"], ["TEST"]),
        (["train/0000", "train/0001"], ["test/0000"]),
    ],
)
def test_a_folder_that_names_its_splits_is_split_so(
    kind: str, train: list[str], test: list[str], row: Any, tmp_path: Path
) -> None:
    folder, shown, every = tmp_path / "data", {}, []
    for name in sorted([*train, *test], key=lambda name: folder / f"{name}.{kind}"):
        rows = [row(f"{name}-{place}") for place in range(20)]
        path = folder / f"{name}.{kind}"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist(rows), path) if kind == "parquet" else path.write_bytes(lines(rows))
        shown[name] = [one["problem_id"] for one in rows]
        every += shown[name]
    whole = open_tasks(folder)
    assert [task.problem_id for task in whole] == every
    for split, names in (("train", train), ("test", test)):
        part = open_tasks(folder, split=split)
        wanted = [one for name in sorted(names, key=lambda name: folder / f"{name}.{kind}") for one in shown[name]]
        assert [task.problem_id for task in part] == wanted
        assert part.name == f"{folder}[{split}]"
    mixed = open_tasks({str(folder): 1}, split="test")
    assert len(mixed) == 20 * len(test)
    key = whole[0].key
    (tmp_path / "keys.jsonl").write_text(json.dumps({"key": key}) + "\n")
    left = [open_tasks(folder, split=split, exclude=tmp_path / "keys.jsonl") for split in ("train", "test")]
    assert sum(map(len, left)) == len(every) - 1
    assert {task.problem_id for task in left[1]} <= {one for name in test for one in shown[name]}


@pytest.mark.parametrize("names", [["train-0", "train-1"], ["training", "testing"], ["train-0", "validation-0"]])
def test_other_folders_are_split_by_key(names: list[str], row: Any, tmp_path: Path) -> None:
    for place, name in enumerate(names):
        (tmp_path / f"{name}.jsonl").write_bytes(lines([row(place * 100 + i) for i in range(60)]))
    parts = [open_tasks(tmp_path, split=split) for split in ("train", "test")]
    assert sum(map(len, parts)) == 120
    assert 0 < len(parts[1]) < 40


def test_files_of_neither_split_are_announced(row: Any, tmp_path: Path, caplog: Any) -> None:
    for place, name in enumerate(("train-0", "test-0", "validation-0")):
        (tmp_path / f"{name}.jsonl").write_bytes(lines([row(place)]))
    with caplog.at_level(logging.WARNING):
        assert [len(open_tasks(tmp_path, split=split)) for split in ("train", "test", None)] == [1, 1, 3]
    assert caplog.messages[0] == f"{tmp_path}: 1 file(s) are neither train nor test, such as validation-0.jsonl"
