"""One bad row never stops a source: it is left out, counted, named and kept; what is good stays as it is."""

from __future__ import annotations

import json
import logging
import pickle
from collections.abc import Callable
from dataclasses import asdict, replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synthetic1.task import Task, TaskError
from synthetic1.tasks import JsonlTasks, Mixture, TaskSource, bad_rows_of, open_tasks
from synthetic1.tasks.sources import bad_rows
from synthetic1.tasks.sources.bad_rows import FILE, SoundTasks, count_bad_rows, keep_bad_rows

Row = dict[str, Any]
KNOWN = {"code_output_prediction"}
number = count()


@pytest.fixture(autouse=True)
def nothing_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bad_rows, "_told", set())


def verifiable(task_type: str) -> None:
    if task_type not in KNOWN:
        raise LookupError(f"no verifier for task type `{task_type}`")


def open_sound(spec: Any, **more: Any) -> TaskSource:
    return open_tasks(spec, bad_rows="quarantine", verifiable=verifiable, **more)


def ids(source: TaskSource) -> list[str]:
    return [task.problem_id for task in source]


BASE = '"problem_id": "x", "task_type": "code_output_prediction", "prompt": "?"'
BAD: list[tuple[bytes, str | None, str]] = [  # the line, the field that is named, what is said
    (b'{"problem_id": "x", "prompt": "cut o', None, "no JSON"),
    (b'{"problem_id": "x\xff"}', None, "no UTF-8"),
    (b"[1, 2]", None, "a row is a JSON object, got list"),
    (b"null", None, "a row is a JSON object"),
    (BASE.replace('"?"', '""').join("{}").encode(), "prompt", "must be a non-empty string"),
    (BASE.replace('"?"', "null").join("{}").encode(), "prompt", "is missing"),
    (BASE.replace('"code_output_prediction"', "3").join("{}").encode(), "task_type", "must be a non-empty string"),
    (f'{{{BASE}, "metadata": {{"level": NaN}}}}'.encode(), None, "NaN is not a JSON number"),
    (f'{{{BASE}, "metadata": "{{\\"level\\": NaN}}"}}'.encode(), "metadata.level", "a number of 64 bits, got nan"),
    (f'{{{BASE}, "metadata": {{"level": 1e999}}}}'.encode(), "metadata.level", "a number of 64 bits, got inf"),
    (f'{{{BASE}, "metadata": {{"a": [{{"level": -{"9" * 400}}}]}}}}'.encode(), "metadata.a.level", "of 400 digits"),
    (f'{{{BASE}, "metadata": {{"level": {"9" * 5000}}}}}'.encode(), None, "no JSON: Exceeds the limit"),
    (f'{{{BASE}, "verification_info": "{{oops"}}'.encode(), "verification_info", "neither JSON nor a Python literal"),
    (f'{{{BASE}, "verification_info": "{{1: {{2}}}}"}}'.encode(), "verification_info", "has no JSON form"),
    (BASE.replace("code_output_", "").join("{}").encode(), "task_type", "no verifier for task type `prediction`"),
]


@pytest.mark.parametrize("place", [0, 1, 3])
@pytest.mark.parametrize(("line", "field", "said"), BAD)
def test_a_bad_row_is_left_out_and_named(
    line: bytes, field: str | None, said: str, place: int, row: Any, write: Any, caplog: Any
) -> None:
    rows = [row(i) for i in range(3)]
    lines: list[Any] = [*rows]
    lines.insert(place, line + (b"" if place == 3 else b"\n"))
    path = write(lines)
    with caplog.at_level(logging.WARNING):
        source = open_sound(path)
    assert ids(source) == ["p0", "p1", "p2"]
    assert list(source) == list(open_tasks(write(rows, "good.jsonl")))
    [bad] = bad_rows_of(source)
    assert (bad.file, bad.row, bad.field) == (str(path), place + 1, field)
    assert said in bad.reason
    assert "\n" not in bad.reason
    assert bad.raw.encode() == line or bad.raw == '{"problem_id": "x\\xff"}'
    [message] = caplog.messages
    assert message.startswith(f"{path}: 1 bad row is left out: {path}, row {place + 1}: ")
    with pytest.raises((TaskError, KeyError)):
        source.get("x")


good_or_bad = st.lists(st.none() | st.sampled_from([line for line, _, _ in BAD]), min_size=1, max_size=14)


@given(good_or_bad, st.sampled_from([b"\n", b"\r\n", b"\n\n \n"]), st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_in_is_good_and_quarantined_in_order_and_the_good_are_as_ever(
    row: Any, tmp_path: Path, rows: list[bytes | None], end: bytes, whole: bool
) -> None:
    """The relation to a file that never had bad rows: the same tasks, keys, ids, splits and draws."""
    path, plain = (tmp_path / f"{kind}-{next(number)}.jsonl" for kind in ("mixed", "plain"))
    lines = [json.dumps(row(place)).encode() if line is None else line for place, line in enumerate(rows)]
    path.write_bytes(end.join(lines) + (end if whole else b""))
    plain.write_bytes(b"".join(one + b"\n" for one, line in zip(lines, rows, strict=True) if line is None))
    if None not in rows:
        with pytest.raises(TaskError, match=r"all .*rows are bad") as error:
            open_sound(path)
        assert "\n" not in str(error.value)
        return
    source, good = open_sound(path), JsonlTasks(plain)
    bad = list(bad_rows_of(source))
    assert len(source) + len(bad) == len(rows)
    assert [asdict(task) for task in source] == [asdict(task) for task in good]
    assert [task.key for task in source] == [task.key for task in good]
    assert source.key_heads().tolist() == good.key_heads().tolist()
    assert [one.raw for one in bad] == [
        line.decode("utf-8", "backslashreplace").strip() for line in rows if line is not None
    ]
    for split in ("train", "test"):
        assert ids(source.part(split)) == ids(good.part(split))
    for task in good:
        assert [source[place] for place in source.rows_of(task.problem_id)] == [task]
    assert source.sample(np.random.default_rng(5)) == good.sample(np.random.default_rng(5))
    assert list(pickle.loads(pickle.dumps(source))) == list(source)
    assert list(bad_rows_of(pickle.loads(pickle.dumps(source)))) == bad


def test_error_is_the_default_and_as_before(row: Any, write: Any) -> None:
    path = write([row(0), b"{}\n", row(2)])
    source = open_tasks(path)
    assert len(source) == 3
    with pytest.raises(TaskError, match="row 2: field `problem_id` is missing"):
        source[1]
    with pytest.raises(TaskError, match="row 2: field `problem_id` is missing"):
        open_tasks(path, split="train")
    with pytest.raises(ValueError, match="bad_rows must be `quarantine` or `error`, got 'skip'"):
        open_tasks(path, bad_rows="skip")  # type: ignore[arg-type]


def test_a_source_without_bad_rows_is_itself(row: Any, write: Any) -> None:
    assert isinstance(open_sound(write([row(0)])), JsonlTasks)


@pytest.mark.usefixtures("keep")
def test_bad_rows_are_remembered_beside_the_file(row: Any, write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write([b"{}\n", *(row(i) for i in range(200)), b"oops\n", row(200, task_type="unknown")])
    first = open_sound(path)
    read = []
    real = JsonlTasks._row
    monkeypatch.setattr(JsonlTasks, "_row", lambda self, index: read.append(index) or real(self, index))
    again = open_sound(path)
    assert sorted(set(read)) == [0, 201, 202]  # the outermost rows, and the bad ones that are shown
    assert (len(again), count_bad_rows(again)) == (200, 3)
    assert list(bad_rows_of(again)) == list(bad_rows_of(first))


@pytest.mark.usefixtures("keep")
def test_what_was_bad_is_looked_at_again_by_new_code(row: Any, write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write([row(0), row(1, prompt="", question="What is 1?"), row(2)])
    assert len(open_sound(path)) == 2
    lines = path.with_name(".tasks.jsonl.keys").read_bytes()
    assert len(open_sound(path)) == 2
    assert path.with_name(".tasks.jsonl.keys").read_bytes() == lines
    monkeypatch.setattr("synthetic1.tasks.sources.stored.code_of", lambda reader: b"another version.")
    real = JsonlTasks._row
    monkeypatch.setattr(
        JsonlTasks,
        "_row",
        lambda self, index: {**(found := real(self, index)), "prompt": found["prompt"] or found["question"]},
    )
    assert len(open_sound(path)) == 3


@pytest.mark.usefixtures("keep")
def test_a_mended_row_is_a_task_again(row: Any, write: Any) -> None:
    assert len(open_sound(write([row(0), b"{}\n", row(2)]))) == 2
    assert len(open_sound(write([row(0), row(1), row(2)]))) == 3


def test_a_file_that_changes_is_an_error_and_no_bad_row(row: Any, write: Any) -> None:
    source = JsonlTasks(write([row(i) for i in range(9)]))
    write([row(i) for i in range(8)])
    with pytest.raises(TaskError, match="has changed since it was opened"):
        bad_rows.sound(source)


def test_mixtures_lists_folders_and_exclusions(row: Any, write: Any, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    first = write([row(0), b"{}\n", row(1)], "a.jsonl")
    write([b"no\n", row(2), row(3)], "d/b.jsonl")
    write([b"no\n", b"{}\n", row(4)], "d/c.jsonl")
    mixed = open_sound({str(first): 3, str(tmp_path / "d"): 1})
    assert isinstance(mixed, Mixture)
    assert (mixed.weights, ids(mixed)) == ((0.75, 0.25), [f"p{i}" for i in range(5)])
    assert [(Path(bad.file).name, bad.row) for bad in bad_rows_of(mixed)] == [
        ("a.jsonl", 2),
        ("b.jsonl", 1),
        ("c.jsonl", 1),
        ("c.jsonl", 2),
    ]
    key = mixed[2].key
    (tmp_path / "keys.jsonl").write_text(json.dumps({"key": key}) + "\n")
    left = open_sound([str(first), str(tmp_path / "d")], exclude=tmp_path / "keys.jsonl")
    assert ids(left) == ["p0", "p1", "p3", "p4"]
    assert count_bad_rows(left) == 4
    parts = [open_sound([str(first), str(tmp_path / "d")]).part(side) for side in ("train", "test")]
    assert [count_bad_rows(part) for part in parts] == [4, 4]
    with pytest.raises(TaskError, match=r"all 2 rows are bad; the first: .*, row 1: "):
        open_sound({str(write([row(1, task_type="u"), row(2, prompt="")], "none.jsonl")): 1, str(first): 1})


def test_rows_in_memory(row: Any) -> None:
    rows = [{"wrong": 1}, row(0), "text", row(1, prompt=""), Task("t", "unknown", "?"), row(2)]
    source = open_sound(rows)
    assert ids(source) == ["p0", "p2"]
    bad = list(bad_rows_of(source))
    assert [(one.row, one.field) for one in bad] == [(1, None), (3, None), (4, "prompt"), (5, "task_type")]
    assert json.loads(bad[2].raw) == row(1, prompt="")
    with pytest.raises(TaskError, match="rows in memory: all 1 rows are bad"):
        open_sound([{"wrong": 1}])


@pytest.mark.parametrize("store", ["parquet", "datasets"])
def test_rows_of_tables(store: str, row: Any, tmp_path: Path) -> None:
    rows = [row(i, metadata=json.dumps({"level": i}), **({"prompt": None} if i in (0, 7) else {})) for i in range(9)]
    rows[4]["metadata"] = '{"level": NaN}'
    if store == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), tmp_path / "rows.parquet", row_group_size=4)
        source = open_sound(tmp_path / "rows.parquet")
    else:
        import datasets

        datasets.Dataset.from_list(rows).save_to_disk(str(tmp_path / "saved"))
        source = open_sound(tmp_path / "saved")
    assert isinstance(source, SoundTasks)
    assert ids(source) == [f"p{i}" for i in range(9) if i not in (0, 4, 7)]
    bad = list(bad_rows_of(source))
    assert [(one.row, one.field) for one in bad] == [(1, "prompt"), (5, "metadata.level"), (8, "prompt")]
    assert json.loads(bad[1].raw)["problem_id"] == "p4"


def test_text_in_a_table_that_is_not_utf8(row: Any, tmp_path: Path) -> None:
    table = pa.Table.from_pylist([row(i) for i in range(3)])
    raw = pa.array([b"What?", b"\xff\xfe", b"Why?"], pa.binary())
    broken = pa.Array.from_buffers(pa.string(), 3, raw.buffers())
    table = table.set_column(table.column_names.index("prompt"), "prompt", broken)
    pq.write_table(table, tmp_path / "rows.parquet")
    source = open_sound(tmp_path / "rows.parquet")
    assert [task.prompt for task in source] == ["What?", "Why?"]
    [bad] = bad_rows_of(source)
    assert (bad.row, bad.field) == (2, "prompt")
    assert json.loads(bad.raw)["problem_id"] == "p1"


def test_numbers_that_only_metadata_may_not_hold(row: Any, write: Any) -> None:
    """Tests of programs may well be about large integers."""
    path = write([row(0, verification_info={"ground_truth": 10**400}, metadata={"level": 2**63, "share": 0.5})])
    assert open_sound(path)[0].verification_info["ground_truth"] == 10**400


def test_a_reader_that_fails_in_its_own_way(row: Any, write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(row: Row, where: str) -> Task:
        raise KeyError("metadata")

    source = JsonlTasks(write([row(0)]))
    len(source)
    monkeypatch.setattr(source, "reader", replace(source.reader, read=read))
    with pytest.raises(TaskError, match=r"row 1: cannot be read as `synthetic1` \(KeyError: 'metadata'\)"):
        source[0]


def test_the_file_of_bad_rows(row: Any, write: Any, tmp_path: Path) -> None:
    lines = [line for line, _, _ in BAD]
    path = write([row(0), *(line + b"\n" for line in lines), row(1)])
    source = open_sound(path)
    (tmp_path / "run").mkdir()
    assert keep_bad_rows(source, tmp_path / "run") == len(BAD)
    kept = [json.loads(line) for line in (tmp_path / "run" / FILE).read_text().splitlines()]
    assert [set(one) for one in kept] == [{"file", "row", "field", "reason", "raw"}] * len(BAD)
    assert [(one["file"], one["row"]) for one in kept] == [(str(path), 2 + place) for place in range(len(BAD))]
    fixed = tmp_path / "fixed.jsonl"
    fixed.write_bytes(b"".join(one["raw"].encode() + b"\n" for one in kept))
    with pytest.raises(TaskError, match="all"):
        open_sound(fixed)
    assert keep_bad_rows(open_sound(write([row(0)], "good.jsonl")), tmp_path / "run") == 0
    assert not (tmp_path / "run" / FILE).exists()


def test_what_is_told_is_told_once_with_the_first_three(row: Any, write: Any, caplog: Any) -> None:
    path = write([*[b"{}\n"] * 5, row(0)])
    with caplog.at_level(logging.WARNING):
        for split in (None, None):
            open_sound(path, split=split)
    [message] = caplog.messages
    assert "5 bad rows are left out: " in message
    assert message.endswith("; and 2 more")
    assert message.count("row ") == 3


def test_environments_leave_out_what_no_verifier_knows(row: Any, write: Callable[..., Path]) -> None:
    import gymnasium

    import synthetic1  # noqa: F401

    path = write([row(0), row(1, task_type="synthetic2_puzzle"), *(row(i) for i in range(2, 40)), b"{"])
    for split in ("train", "test", "all"):
        env: Any = gymnasium.make("synthetic1/math-v0", tasks=str(path), bad_rows="quarantine", split=split).unwrapped
        bad = list(bad_rows_of(env.tasks))
        assert [(one.row, one.field) for one in bad] == [(2, "task_type"), (41, None)]
        assert "no verifier for task type `synthetic2_puzzle`; known: " in bad[0].reason
    assert len(env.tasks) == 39
    with pytest.raises(TaskError, match="the last row is cut off"):
        gymnasium.make("synthetic1/math-v0", tasks=str(path))
