"""Parquet files and folders of them."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from synthetic1 import score_many
from synthetic1.task import TaskError
from synthetic1.tasks import ParquetTasks, TaskList, open_tasks


def save(rows: list[dict[str, Any]], path: Path, group: int = 10) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=group)
    return path


def test_a_folder_is_read_by_path_and_keeps_to_the_columns_it_needs(row: Any, tmp_path: Path) -> None:
    rows = [row(i, llm_response="long " * 100, score=1.0) for i in range(100)]
    save(rows[60:], tmp_path / "data" / "b" / "part-1.parquet", 7)
    save(rows[:60], tmp_path / "data" / "a.parquet", 9)
    source = open_tasks(tmp_path / "data")
    assert isinstance(source, ParquetTasks)
    assert list(source) == list(TaskList.from_rows(rows))
    assert source.get("p77") == source[77]
    assert set(source._row(77)) == set(row(0))


@pytest.mark.usefixtures("keep")
def test_indexes_are_kept_beside_it_within_32_bytes_a_row(row: Any, tmp_path: Path, monkeypatch: Any) -> None:
    path = save([row(i) for i in range(2000)], tmp_path / "rows.parquet", 500)
    source = ParquetTasks(path)
    held_out = source.part("test")
    assert source.get("p1999").problem_id == "p1999"
    kept = sorted(tmp_path.glob(".rows.parquet.*"))
    assert [file.name for file in kept] == [".rows.parquet.ids", ".rows.parquet.keys"]
    assert sum(file.stat().st_size for file in kept) <= 32 * 2000
    monkeypatch.setattr(ParquetTasks, "_ids", None)  # found again, so not called
    assert ParquetTasks(path).get("p5").prompt == "What is 5?"
    assert len(pickle.dumps(source)) < 3000
    save([row(i, prompt="new") for i in range(2000)], path, 500)
    monkeypatch.undo()
    changed = ParquetTasks(path)
    assert changed.get("p5").prompt == "new"
    assert [t.key for t in changed.part("test")] != [t.key for t in held_out]


def test_mappings_may_be_structs_strings_or_missing(tmp_path: Path) -> None:
    base = {"task_type": "t", "prompt": "?"}
    rows = [
        {"problem_id": 1, **base, "verification_info": {"ground_truth": "a"}, "metadata": "{'a': None}"},
        {"problem_id": 2, **base, "verification_info": None, "metadata": None},
    ]
    source = ParquetTasks(save(rows, tmp_path / "rows.parquet"))
    assert source.get("1").verification_info == {"ground_truth": "a"}
    assert source.get("1").metadata == {"a": None}
    assert source.get("2").verification_info == source.get("2").metadata == {}


HETEROGENEOUS: list[dict[str, Any]] = [
    {"verification_info": {"ground_truth": "5"}, "metadata": {}},
    {"verification_info": {"ground_truth": "5", "compare": "python_literal"}, "metadata": {"level": 2}},
    {"verification_info": {"tests": [{"input": "a"}, {"output": "b"}], "limits": {"time_s": 1.5}}},
    {"verification_info": {"tests": [], "limits": {"memory": 5}}, "metadata": {"of": {"seed": 3}}},
    {"verification_info": '{"compare": null}', "metadata": "{'level': None}"},
]


@pytest.mark.parametrize("rows", [HETEROGENEOUS[:4], HETEROGENEOUS[4:]], ids=["structs", "strings"])
@pytest.mark.parametrize("store", ["parquet", "datasets"])
def test_a_task_has_one_key_however_its_row_is_stored(
    store: str, rows: list[dict[str, Any]], write: Any, tmp_path: Path
) -> None:
    """Arrow gives every struct of a column the same fields, and null where a row has none."""
    rows = [
        {"problem_id": str(number), "task_type": "code_output_prediction", "prompt": "?", **info}
        for number, info in enumerate(rows)
    ]
    if store == "parquet":
        stored = open_tasks(save(rows, tmp_path / "rows.parquet"))
    else:
        import datasets

        datasets.Dataset.from_list(rows).save_to_disk(str(tmp_path / "saved"))
        stored = open_tasks(tmp_path / "saved")
    plain = open_tasks(write(rows))
    assert [task.to_dict() for task in stored] == [task.to_dict() for task in plain]
    assert [task.key for task in stored] == [task.key for task in plain]
    verdicts = [score_many([(task, '{"output": "5"}') for task in source]) for source in (stored, plain)]
    assert verdicts[0] == verdicts[1]


def test_a_bad_row_is_named_within_its_own_file(row: Any, tmp_path: Path) -> None:
    save([row(i) for i in range(25)], tmp_path / "d" / "a.parquet")
    save([row(i, **({"prompt": None} if i == 14 else {})) for i in range(25)], tmp_path / "d" / "b.parquet")
    source = open_tasks(f"{tmp_path}/d/")
    with pytest.raises(TaskError, match=r"/d/b.parquet, row 15: field `prompt` is missing; a task needs"):
        source[25 + 14]
    assert len(list(source.validate())) == 1


def test_a_shard_without_the_id_column(row: Any, tmp_path: Path) -> None:
    save([row(i) for i in range(3)], tmp_path / "d" / "a.parquet")
    save([{"prompt": "?"}], tmp_path / "d" / "b.parquet")
    source = open_tasks(tmp_path / "d")
    assert source.get("p2") == source[2]
    with pytest.raises(TaskError, match=r"b.parquet, row 1: field `problem_id` is missing"):
        source[3]


def test_what_is_no_parquet_file_or_no_task(row: Any, tmp_path: Path) -> None:
    (tmp_path / "fake.parquet").write_bytes(b"PAR1 not really")
    (tmp_path / "empty").mkdir()
    for path, message in [
        (tmp_path / "fake.parquet", "fake.parquet cannot be read as Parquet: "),
        (tmp_path / "absent.parquet", "absent.parquet: No such file"),
        (tmp_path / "empty", "empty holds no .parquet files"),
        (
            save([{"q": "?"}], tmp_path / "other.parquet"),
            "other.parquet: no row format has the columns q; this may read them",
        ),
    ]:
        with pytest.raises(TaskError, match=message) as error:
            ParquetTasks(path)
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("how", ["cut short", "rewritten", "replaced", "replaced, times kept"])
def test_a_file_changed_behind_our_back_is_an_error(how: str, row: Any, tmp_path: Path) -> None:
    path = save([row(i, prompt="old") for i in range(1000)], tmp_path / "rows.parquet")
    source = ParquetTasks(path)
    assert source[0].prompt == "old"
    before = path.stat()
    if how == "cut short":
        os.truncate(path, 5000)
    elif how == "rewritten":
        save([row(i, prompt="new") for i in range(1000)], path)
        os.utime(path, ns=(0, 0))  # the clock of some file systems is too coarse for a test this fast
    else:
        os.replace(save([row(i, prompt="new") for i in range(1000)], tmp_path / "new.parquet"), path)
        if how == "replaced, times kept":
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    for _ in range(2):
        with pytest.raises(TaskError, match=r"rows.parquet has changed since it was opened: open it again"):
            source[500]


def test_large_row_groups_are_warned_of(row: Any, tmp_path: Path, monkeypatch: Any, caplog: Any) -> None:
    monkeypatch.setattr("synthetic1.tasks.sources.parquet.LARGE_GROUP", 1000)
    path = save([row(i) for i in range(1000)], tmp_path / "rows.parquet", 1000)
    assert len(ParquetTasks(path)) == 1000
    assert "each decoded whole to read one row" in caplog.text


def test_cruxeval_columns_in_parquet(tmp_path: Path) -> None:
    rows = [{"code": "def f(x):\n    return x", "input": "(1,)", "output": "(1,)", "id": "sample_0"}]
    assert open_tasks(save(rows, tmp_path / "rows.parquet")).get("sample_0").source == "cruxeval"


def test_a_forked_child_reads_too(row: Any, tmp_path: Path, forked: Any) -> None:
    source = ParquetTasks(save([row(i) for i in range(100)], tmp_path / "rows.parquet"))
    assert source[1].problem_id == "p1"
    child = forked(lambda: all(source[i].problem_id == f"p{i}" for i in range(100)))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert json.loads(json.dumps(dict(source[99].verification_info))) == {"ground_truth": "99"}
