"""`synthetic1 score`: completions in files of many layouts, bad rows, statuses."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from completion_files import ROWS, TASKS, read, right, rows, written
from typer.testing import CliRunner

from synthetic1.cli import app
from synthetic1.completion import Completion
from synthetic1.evaluation.completion_rows import RowError, RowLayout
from synthetic1.evaluation.score_file import run
from synthetic1.rewards.scoring.default import score
from synthetic1.task import Task
from synthetic1.tasks.sources.spec import open_tasks

TASK = TASKS[0]
WHOLE = {"synthetic1_task": json.dumps(TASK.to_row())}
GOOD = right(TASK)
ANSWER = GOOD.partition("</think>")[2]
LAYOUTS: list[tuple[str, dict[str, Any], RowLayout]] = [
    ("columns", {**TASK.to_row(), "completion": GOOD}, RowLayout()),
    ("published names", {**TASK.to_row(), "llm_response": GOOD}, RowLayout()),
    ("columns as JSON", {**TASK.to_row(), "verification_info": json.dumps(dict(TASK.verification_info)),
                         "response": GOOD}, RowLayout()),
    ("a whole task", {**WHOLE, "response": GOOD}, RowLayout()),
    ("a whole task, an object", {"synthetic1_task": TASK.to_row(), "response": GOOD}, RowLayout()),
    ("an id", {"task_id": TASK.problem_id, "completion": GOOD}, RowLayout(TASKS)),
    ("another id", {"id": TASK.problem_id, "prompt": "not read", "completion": GOOD}, RowLayout(TASKS)),
    ("messages", {**WHOLE, "messages": [{"role": "user", "content": "?"}, {"role": "assistant", "content": GOOD}]},
     RowLayout()),
    ("a completion of messages", {**WHOLE, "completion": [{"role": "assistant", "content": GOOD}]}, RowLayout()),
    ("parts", {**WHOLE, "completion": [{"role": "assistant", "content": [{"type": "text", "text": GOOD}]}]},
     RowLayout()),
    ("reasoning apart", {**WHOLE, "completion": ANSWER, "reasoning": "so"}, RowLayout()),
    ("reasoning apart, in a message",
     {**WHOLE, "messages": [{"role": "assistant", "content": ANSWER, "reasoning_content": "so"}]}, RowLayout()),
    ("a column of another name", {**WHOLE, "completion": "no", "mine": GOOD}, RowLayout(column="mine")),
    ("an open thought", {**WHOLE, "completion": f"so</think>{ANSWER}"}, RowLayout(thinking_open=True)),
    ("an open thought, by the row", {**WHOLE, "completion": f"so</think>{ANSWER}", "thinking_open": True}, RowLayout()),
]  # fmt: skip


@pytest.mark.parametrize(("name", "row", "layout"), LAYOUTS, ids=[layout[0] for layout in LAYOUTS])
def test_a_row_is_its_task_and_its_completion(name: str, row: dict[str, Any], layout: RowLayout) -> None:
    found = layout.read("row 1", row)
    assert found.task == TASK
    assert found.completion.reasoning == "so"
    assert score(found.task, found.completion).score == 1


def test_what_was_cut_off_in_a_thought_has_no_answer() -> None:
    row = {**WHOLE, "completion": f"<think>{ANSWER}", "finish_reason": "length"}
    found = RowLayout().read("row 1", row).completion
    assert found == Completion.parse(f"<think>{ANSWER}", finish_reason="length")
    assert (found.answer, found.finish_reason) == (None, "length")


BAD: list[tuple[Any, str, RowLayout]] = [
    ([1], "a row is an object, got list", RowLayout()),
    (WHOLE, "no completion: there is none in completion, llm_response, response, messages; --completion", RowLayout()),
    ({**WHOLE, "completion": 3}, "`completion` must be a text, got int", RowLayout()),
    ({**WHOLE, "messages": [{"role": "user", "content": "x"}]}, "the last one is the assistant's", RowLayout()),
    ({"synthetic1_task": "{", "completion": "x"}, "`synthetic1_task` must be an object", RowLayout()),
    ({"synthetic1_task": {"prompt": "x"}, "completion": "x"}, "field `problem_id` is missing", RowLayout()),
    ({"completion": "x"}, "no column names its task: one of task_id, problem_id, id", RowLayout(TASKS)),
    ({"id": "nobody", "completion": "x"}, "embedded:math has no task `nobody`", RowLayout(TASKS)),
    ({"a": 1, "completion": "x"}, "no row format has the columns a, completion", RowLayout()),
]


@pytest.mark.parametrize(("row", "said", "layout"), BAD, ids=[row[1][:30] for row in BAD])
def test_a_row_that_cannot_be_read_says_why(row: Any, said: str, layout: RowLayout) -> None:
    with pytest.raises(RowError) as caught:
        layout.read("row 1", row)
    assert said in str(caught.value)
    assert not str(caught.value).startswith("row")


def test_every_row_comes_out_in_order_with_its_verdict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.jsonl"
    assert run(written(tmp_path / "in.jsonl", rows()), output=str(out), json_file=str(tmp_path / "sum.json")) == 0
    scored = read(out)
    assert [row["mine"] for row in scored] == list(range(ROWS))
    for row in scored:
        direct = score(Task.from_row(row), row["completion"])
        said = row["verdict"]
        assert (said["score"], said["reason"], said["answer"]) == (direct.score, direct.reason, direct.answer)
        assert said["verifier"].startswith("verifiable_math@")
    printed, errors = capsys.readouterr()
    assert "verifiable_math     8       0.500           0  correct 4, wrong_answer 3, no_answer 1" in printed
    assert errors == ""  # no bar where nobody looks
    summary = json.loads((tmp_path / "sum.json").read_text())
    assert summary["by_task_type"]["verifiable_math"]["mean_score"] == 0.5


def test_bad_rows_are_counted_named_and_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    unknown = {**TASK.to_row(), "task_type": "nobody_knows", "completion": "x"}
    file = written(tmp_path / "in.jsonl", [*rows(), "{broken", {"completion": "x"}, unknown, "", "[1]"])
    assert run(file, output=str(tmp_path / "out.jsonl")) == 1
    printed, errors = capsys.readouterr()
    assert "4 bad rows were left out" in printed
    said = [line.partition("in.jsonl ")[2] for line in errors.splitlines()]
    assert [line.split(":")[0] for line in said] == ["line 9", "line 10", "line 11", "line 13"]
    assert "not JSON" in said[0]
    assert "no verifier for task type `nobody_knows`" in said[2]
    assert len(read(tmp_path / "out.jsonl")) == ROWS


def test_an_odd_row_is_a_bad_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What JSON has no form for, in a task, in any spelling that gets it there; the other rows are scored."""
    info = dict(TASK.verification_info)
    odd = [
        {**TASK.to_row(), "verification_info": {**info, "x": float("nan")}, "completion": GOOD},
        {**TASK.to_row(), "verification_info": str({**info, "x": {1, 2}}), "completion": GOOD},
        {**rows()[0], "noise": float("nan"), "deep": None},  # fine: null
    ]
    deep = json.dumps(odd[2]).replace(
        '"deep": null', '"deep": ' + "[" * 600 + "]" * 600
    )  # JSON, but not if NaN is to be taken out of it
    file = written(tmp_path / "in.jsonl", [*odd, deep, *rows()])
    assert run(file, output=str(tmp_path / "out.jsonl")) == 1
    errors = capsys.readouterr().err.splitlines()
    assert [line.partition("in.jsonl ")[2].split(":")[0] for line in errors] == ["line 1", "line 2", "line 4"]
    assert [line.partition(": ")[2].count("no JSON form") for line in errors] == [1, 1, 0]
    assert "nested too deeply" in errors[2]
    assert len(read(tmp_path / "out.jsonl")) == 1 + ROWS


@pytest.mark.parametrize("value", [datetime(2026, 1, 2), b"ab"])
def test_an_odd_row_of_parquet_is_a_bad_row(value: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import pyarrow as pa
    import pyarrow.parquet

    info = dict(TASK.verification_info)
    table = [{**TASK.to_row(), "verification_info": {**info, "x": x}, "completion": GOOD} for x in (None, value, None)]
    pyarrow.parquet.write_table(pa.Table.from_pylist(table), tmp_path / "in.parquet")
    assert run(str(tmp_path / "in.parquet"), output=str(tmp_path / "out.jsonl")) == 1
    assert "bad row: " in (said := capsys.readouterr().err)
    assert "row 2" in said
    assert len(read(tmp_path / "out.jsonl")) == 2


def packed(tmp_path: Path) -> str:
    path = tmp_path / "in.jsonl.gz"
    path.write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in rows()).encode()))
    return str(path)


def parquet(tmp_path: Path) -> str:
    import pyarrow as pa
    import pyarrow.parquet

    kept = ("problem_id", "task_type", "prompt", "verification_info", "completion")
    more = {"when": datetime(2026, 1, 2), "noise": float("nan"), "raw": b"\xff"}  # what JSON has no form for
    table = [{**{name: row[name] for name in kept}, **more} for row in rows()]
    pyarrow.parquet.write_table(pa.Table.from_pylist(table), tmp_path / "in.parquet", row_group_size=3)
    return str(tmp_path / "in.parquet")


@pytest.mark.parametrize("make", [packed, parquet])
def test_other_files(tmp_path: Path, make: Callable[[Path], str]) -> None:
    assert run(make(tmp_path), output=str(tmp_path / "out.jsonl")) == 0
    scored = read(tmp_path / "out.jsonl")
    assert [row["verdict"]["score"] for row in scored] == [1, 0, 1, 0, 1, 0, 1, 0]
    assert scored[0].get("noise") is None
    assert scored[0].get("when") in (None, "2026-01-02 00:00:00")


def test_what_cannot_be_scored_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    judged = open_tasks("embedded:stem")[0]
    file = written(tmp_path / "in.jsonl", [{**judged.to_row(), "completion": "<answer>perhaps so</answer>"}, *rows()])
    assert run(file) == 1
    printed = capsys.readouterr().out
    assert "stem                1           -           1  unscorable_judge 1" in printed
    assert "could not be scored, for example: " in printed


def test_rows_of_no_known_format(tmp_path: Path) -> None:
    row = {"q": "What is 1 + 1?", "gold": "2", "completion": "\\boxed{2}"}
    assert run(written(tmp_path / "in.jsonl", [row]), columns="prompt=q,answer=gold") == 0


ERRORS = [
    (["none.jsonl"], "error: there is no file none.jsonl"),
    (["in.jsonl", "--output", "in.jsonl"], "error: --output must be another file than the one that is read"),
    (["in.jsonl", "--output", "nowhere/out.jsonl"], "error: --output must name a file in an existing folder"),
    (["in.jsonl", "--columns", "prompt"], "error: --columns is written prompt=question,answer=gold"),
    (["in.jsonl", "--tasks", "nowhere.jsonl"], "error: "),
    (["empty.jsonl"], "error: no row of empty.jsonl could be read"),
    (["words.txt"], "error: words.txt must be a file of rows: .jsonl"),
    (["damaged.jsonl.gz"], "error: damaged.jsonl.gz is damaged, or ends too early"),
]


@pytest.mark.parametrize(("arguments", "said"), ERRORS, ids=[" ".join(row[0]) for row in ERRORS])
def test_user_errors_are_one_line(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "in.jsonl", rows()[:1])
    (tmp_path / "empty.jsonl").touch()
    (tmp_path / "words.txt").write_text("words\n")
    (tmp_path / "damaged.jsonl.gz").write_bytes(gzip.compress(b"{}\n" * 99)[:-20])
    done = CliRunner().invoke(app, ["score", *arguments])
    assert done.exit_code == 2
    assert done.stderr.startswith(said)
    assert done.stderr.count("\n") == 1
