"""Rows of files, one after another."""

from __future__ import annotations

import gzip
import json
import random

import pyarrow as pa
import pyarrow.parquet
import pytest

from synthetic1.tasks.sources.file_rows import rows_of_file

ROWS = [{"a": 1, "b": "ü"}, {"a": 2, "b": "x\u2028y"}]
LINES = "".join(json.dumps(row, ensure_ascii=False) + "\n\n" for row in ROWS).encode()


def write(path):
    if path.suffix == ".parquet":
        pyarrow.parquet.write_table(pa.Table.from_pylist(ROWS), path)
    else:
        path.write_bytes(gzip.compress(LINES) if path.suffix == ".gz" else LINES)
    return path


@pytest.mark.parametrize("name", ["x.jsonl", "x.ndjson", "x.jsonl.gz", "x.parquet"])
def test_every_form_gives_the_same_rows(tmp_path, name):
    path = write(tmp_path / name)
    found = list(rows_of_file(path))
    assert [row for _, row in found] == ROWS
    assert all(where.startswith(f"{path} ") for where, _ in found)
    assert found[-1][0].endswith("row 2" if name == "x.parquet" else "line 3")


def test_a_byte_order_mark_is_no_content(tmp_path):
    (tmp_path / "x.jsonl").write_bytes(b"\xef\xbb\xbf" + LINES)
    assert [row for _, row in rows_of_file(tmp_path / "x.jsonl")] == ROWS


def test_damaged_parquet_is_named(tmp_path):
    path = tmp_path / "x.parquet"
    pyarrow.parquet.write_table(pa.table({"a": ["abc" * i for i in range(500)]}), path)
    whole, draw = path.read_bytes(), random.Random(1)
    said = []
    for _ in range(60):
        content = bytearray(whole)
        for _ in range(5):
            content[draw.randrange(len(content) - 500)] ^= 1 << draw.randrange(8)
        path.write_bytes(content)
        try:
            list(rows_of_file(path))
        except ValueError as error:
            said.append(str(error))
    assert len(said) > 10
    assert [one for one in said if not one.startswith(f"{path} cannot be read: ")] == []


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x.jsonl", b"{}\n{", "line 2 is not JSON"),
        ("x.jsonl", b"\xff\n", "not text in UTF-8"),
        ("x.jsonl.gz", gzip.compress(LINES, mtime=0)[:-9], "ends too early"),
        ("x.jsonl.gz", LINES, "is not gzip, or damaged"),
        ("x.jsonl.gz", gzip.compress(LINES, mtime=0)[:-8] + bytes(8), "is not gzip, or damaged"),
        ("x.jsonl", b"[" * 100_000, "line 1 is not JSON"),
        ("x.jsonl.gz", gzip.compress(LINES, mtime=0)[:10] + b"\x07" * 40, "or damaged"),
        ("x.parquet", LINES, "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path, name, content, said):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ValueError, match=said):
        list(rows_of_file(path))
