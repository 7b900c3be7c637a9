"""JSON Lines: what a file may look like, and what is said when it is broken."""

from __future__ import annotations

import gzip
import json
import logging
import os
import pickle
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from synthetic1.task import TaskError
from synthetic1.tasks import JsonlTasks, open_tasks
from synthetic1.tasks.formats.readers import RowReader, reader_for
from synthetic1.tasks.sources.index import NO_ID_DIGEST
from synthetic1.tasks.sources.jsonl import decode_row, id_finder
from synthetic1.tasks.sources.stored import digest_of

TASK = reader_for(("problem_id", "task_type", "prompt"), "test")
BLANK = [b"\n", b"\r\n", b"  \t \n", b"\x0c\n"]


@pytest.mark.parametrize(
    "shape",
    [
        lambda lines: b"\n".join(lines),
        lambda lines: b"\r\n".join(lines) + b"\r\n",
        lambda lines: b"\xef\xbb\xbf" + b"\n".join(lines) + b"\n",
        lambda lines: b"\xef\xbb\xbf\n" + b"\n".join(lines),
        lambda lines: b"".join(BLANK) + b"".join(line + b"\n" + b"".join(BLANK) for line in lines) + b"   ",
        lambda lines: b"\n".join(b"  " + line + b"\t" for line in lines),
    ],
    ids=["no newline at the end", "crlf", "bom", "bom and blank line", "blank lines", "indented"],
)
def test_shapes_of_a_file(shape: Callable[[list[bytes]], bytes], row: Any, write: Any) -> None:
    rows = [row(i, prompt=f"line\u2028separator \x85 é 🎈 {i}") for i in range(5)]
    lines = [json.dumps(r, ensure_ascii=i % 2 == 0).encode() for i, r in enumerate(rows)]
    source = JsonlTasks(write([shape(lines)]))
    assert [task.prompt for task in source] == [r["prompt"] for r in rows]
    assert source.get("p4") == source[4]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b'{"problem_id": "x", "prompt": "?"}', "field `task_type` is missing; a task needs"),
        (
            b'{"problem_id": "x", "task_type": 3, "prompt": "?"}',
            "field `task_type` must be a non-empty string, got int 3",
        ),
        (b'{"problem_id": "x", "task_type": "t", "prompt": ""}', "field `prompt` must be a non-empty string"),
        (
            b'{"problem_id": "x", "task_type": "t", "prompt": "?", "metadata": "{oops"}',
            "field `metadata` is neither JSON nor a Python literal",
        ),
        (
            b'{"problem_id": "x", "task_type": "t", "prompt": "?", "metadata": [1]}',
            "field `metadata` must hold a mapping",
        ),
        (b'{"problem_id": "x"', "no JSON: Expecting ',' delimiter"),
        (b"[1, 2]", "a row is a JSON object, got list"),
        (
            b'{"problem_id": "x", "task_type": "t", "prompt": "?", "metadata": {"a": NaN}}',
            "no JSON: NaN is not a JSON number",
        ),
        (b'{"problem_id": "x\xff"}', "no UTF-8 .byte 17.: invalid start byte"),
        (b'{"problem_id": ' + b"[" * 100_000 + b"}", "no JSON: "),
        (b'{"problem_id": ' + b"9" * 5_000 + b"}", "no JSON: Exceeds the limit"),
    ],
)
def test_a_bad_row_is_named_by_file_row_and_field(line: bytes, message: str, row: Any, write: Any) -> None:
    path = write([row(1), b"\n", row(3), line + b"\n", row(5), line + b"\n"])
    source = open_tasks(path)
    assert len(source) == 5
    assert source.get("p5").prompt == "What is 5?"  # a bad row does not spoil the others
    with pytest.raises(TaskError, match=f"tasks.jsonl, row 4: {message}") as error:
        source[2]
    assert "\n" not in str(error.value)
    assert [str(e).split(":")[0] for e in source.validate()] == [f"{path}, row 4", f"{path}, row 6"]
    assert str(next(source.validate())) == str(error.value)
    with pytest.raises(TaskError, match="row 4"):
        source.part("train")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "holds no rows"),
        (b"\n \n", "holds no rows"),
        (b"not json\n", "row 1: no JSON"),
        (b"\n\n[]\n", "row 3: a row is a JSON object, got list"),
        (b'{"riddle": "?", "solved": "!"}\n', "row 1: no row format has the columns riddle, solved; this may"),
        ("{}".encode("utf-16"), "row 1: no UTF-8"),
    ],
)
def test_a_file_that_holds_no_tasks_is_refused_when_opened(content: bytes, message: str, write: Any) -> None:
    path = write([content])
    with pytest.raises(TaskError, match=message) as error:
        JsonlTasks(path)
    assert str(error.value).startswith(str(path))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("cut", [1, 5, 40])
def test_a_cut_off_file_is_refused_when_opened(cut: int, row: Any, write: Any) -> None:
    whole = write([row(i) for i in range(10)]).read_bytes().rstrip(b"\n")
    path = write([whole[:-cut]])
    with pytest.raises(TaskError, match=r"tasks.jsonl: the last row is cut off or no row at all \(no JSON"):
        JsonlTasks(path)


def test_a_huge_row_between_small_ones(row: Any, write: Any) -> None:
    source = JsonlTasks(write([row(0), row(1, prompt="{" * 3_000_000 + "é" * 3_000_000), row(2)]))
    assert [len(task.prompt) for task in source] == [10, 6_000_000, 10]
    assert source.get("p1").key == source[1].key


@pytest.mark.parametrize(
    ("value", "id_"),
    [
        ('"a\\"b"', 'a"b'),
        ('"\\u00e9"', "é"),
        ('"é"', "é"),
        ('"\\ud800"', "\ud800"),
        ('"{}"', "{}"),
        ("17", "17"),
        ('"problem_id"', "problem_id"),
    ],
)
def test_ids_in_every_spelling(value: str, id_: str, row: Any, write: Any) -> None:
    line = f'{{"prompt": "{{[", "task_type": "t", "problem_id" :\t{value}, "metadata": {{"problem_id": "inner"}}}}\n'
    source = JsonlTasks(write([row(0), line.encode()]))
    assert source.get(id_).problem_id == id_
    assert len(source[1].key) == 32  # a lone surrogate has a key too
    with pytest.raises(KeyError):
        source.get("inner")


KEYS = st.text(max_size=4) | st.sampled_from(["problem_id", 'not "problem_id'])
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.sampled_from(["problem_id", '"problem_id": "x"', "{", "\\"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(KEYS, json_values, max_size=5), st.booleans(), st.booleans())
@example({'not "problem_id': "x", "problem_id": "y"}, True, True)
def test_the_fast_way_to_an_id_agrees_with_the_parser(row: dict[str, Any], ascii_: bool, compact: bool) -> None:
    text = json.dumps(row, ensure_ascii=ascii_, separators=(",", ":") if compact else None)
    found = id_finder(TASK)(text.encode("utf-8", "surrogatepass") + b"\n")
    assert found == digest_of(row.get("problem_id"))


@given(st.binary(max_size=40) | st.text(alphabet='{}"[]:,\\problem_id 1', max_size=60).map(str.encode))
def test_no_line_breaks_the_scan(line: bytes) -> None:
    assert len(id_finder(TASK)(line)) == 8
    try:
        assert isinstance(decode_row(line), dict)
    except TaskError as error:
        assert "\n" not in str(error)  # noqa: PT017 - most lines are not rows, and either outcome is checked


def test_a_format_without_an_id_column_computes_its_ids(row: Any, write: Any) -> None:
    reader = RowReader("no id", TASK.matches, TASK.read, TASK.columns, None)
    assert id_finder(reader)(json.dumps(row(4)).encode()) == digest_of("p4")
    assert id_finder(reader)(b'{"problem_id": "p4"}') == NO_ID_DIGEST


def test_repeated_ids_are_announced_and_the_first_wins(row: Any, write: Any, caplog: Any) -> None:
    source = JsonlTasks(write([row(1), row(2), row(1, prompt="again"), row(1, prompt="and again")]))
    assert source.get("p1").prompt == "What is 1?"
    assert list(source.rows_of("p1")) == [0, 2, 3]
    assert "2 rows repeat a problem_id; get() returns the first of each" in caplog.text


def test_threads_read_together(row: Any, write: Any) -> None:
    source = pickle.loads(pickle.dumps(JsonlTasks(write([row(i) for i in range(300)]))))  # not yet open: they race
    wrong: list[int] = []

    def read() -> None:
        wrong.extend(i for i in range(300) if source[i].problem_id != f"p{i}")

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_forked_child_reads_the_same_file(row: Any, write: Any, forked: Any) -> None:
    source = JsonlTasks(write([row(i) for i in range(50)]))
    child = forked(lambda: all(source[i].problem_id == f"p{i}" for i in range(50)))
    assert all(source[i].problem_id == f"p{i}" for i in range(50))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_replaced_file_is_noticed(row: Any, write: Any) -> None:
    path = write([row(i) for i in range(30)])
    source = JsonlTasks(path)
    pickled = pickle.dumps(source)
    other = write([row(i, prompt="other") for i in range(30)], "other.jsonl")
    os.replace(other, path)
    assert source[3].prompt == "What is 3?"  # the open file is still there
    with pytest.raises(TaskError, match="has changed since it was opened"):
        source.part("test")
    with pytest.raises(TaskError, match="is no longer the file that was opened"):
        len(pickle.loads(pickled))


@pytest.mark.parametrize("size", ["same", "longer"])
def test_a_file_rewritten_in_place_is_an_error(size: str, row: Any, write: Any) -> None:
    source = JsonlTasks(write([row(i) for i in range(30)]))
    assert source[3].prompt == "What is 3?"
    path = write([row(i, prompt=f"When is {i}?") for i in range(30 if size == "same" else 31)])
    os.utime(path, ns=(0, 0))  # the clock of some file systems is too coarse for a test this fast
    with pytest.raises(TaskError, match=r"tasks.jsonl has changed since it was opened: open it again"):
        source[3]


@pytest.mark.parametrize("again", [b'"problem_id": "p9"', b'"metadata": {"problem_id": "p9"}'], ids=["twice", "inside"])
def test_the_id_is_what_the_parser_makes_of_a_repeated_one(again: bytes, row: Any, write: Any) -> None:
    source = JsonlTasks(write([row(0), json.dumps(row(1)).encode()[:-1] + b", " + again + b"}\n"]))
    problem_id = source[1].problem_id
    assert source.get(problem_id) == source[1]
    with pytest.raises(KeyError):
        source.get({"p1": "p9", "p9": "p1"}[problem_id])


def test_validate_goes_on_after_rows_that_cannot_be_read_or_hashed(row: Any, write: Any) -> None:
    deep = "[" * 200_000
    rows = [row(0), row(1, verification_info=deep), row(2, metadata="{[1]: 2}"), row(3, metadata="{'a': {1}}"), row(4)]
    errors = [str(error) for error in JsonlTasks(write(rows)).validate()]
    assert len(errors) == 3
    assert "row 2: field `verification_info` is neither JSON nor" in errors[0]
    assert "row 3: field `metadata` is neither JSON nor" in errors[1]
    assert "task `p3` has no JSON form" in errors[2]


def test_a_relative_path_survives_a_change_of_folder(row: Any, write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write([row(1)])
    monkeypatch.chdir(path.parent)
    source = JsonlTasks(path.name)
    pickled = pickle.dumps(source)
    monkeypatch.chdir("/")
    assert pickle.loads(pickled)[0] == source[0]
    assert source.name == "tasks.jsonl"


def test_gzip_is_unpacked_once(row: Any, tmp_path: Path, cache: Path, caplog: Any) -> None:
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(gzip.compress(b"".join(json.dumps(row(i)).encode() + b"\n" for i in range(9)) + b"[]\n"))
    caplog.set_level(logging.WARNING)
    source = JsonlTasks(path)
    assert source.get("p8") == source[8]
    assert f"{path} is unpacked, once, to {cache}" in caplog.text
    caplog.clear()
    assert JsonlTasks(path)[0] == source[0]
    assert caplog.text == ""
    assert len(list((cache / "synthetic1" / "tasks").iterdir())) == 1
    with pytest.raises(TaskError, match=r"rows.jsonl.gz, row 10: a row is a JSON object"):
        source[9]


@pytest.mark.parametrize("damage", [lambda b: b[:-9], lambda b: b"{}" + b, lambda b: b[:20] + b"\0\0\0" + b[23:]])
def test_a_damaged_gzip_file_is_refused(damage: Any, row: Any, tmp_path: Path, cache: Path) -> None:
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(damage(gzip.compress(b"".join(json.dumps(row(i)).encode() + b"\n" for i in range(99)))))
    with pytest.raises(TaskError, match=r"rows.jsonl.gz is not a whole gzip file: ") as error:
        JsonlTasks(path)
    assert "\n" not in str(error.value)
    assert not [file for file in cache.rglob("*") if file.is_file()]  # no half copy is left
