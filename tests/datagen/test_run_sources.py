"""A run of generation and its tasks: bad rows, held-out ones, the same by another path, edited ones."""

from __future__ import annotations

import gzip
import json
import shutil
import sqlite3

import pytest

from synthetic1.datagen.journal.runs import JOURNAL


def rows_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def asked(runs):
    return {record[0] for record in runs.records()}


@pytest.fixture
def server(scripted):
    with scripted("--right", "1.0") as started:
        yield f"server={started.url}"


def test_bad_rows_are_left_out_kept_and_counted(runs, tasks, server):
    good = tasks.read_bytes()
    wrong = [json.dumps({**rows_of(tasks)[0], "problem_id": "odd", "task_type": "synthetic2"}).encode(), b"\xff", b"{}"]
    tasks.write_bytes(b"{ cut\n" + good + b"\n".join(wrong))
    out = runs(server, "env.split=all")
    assert "bad rows  4, left out; they are in " in out
    assert asked(runs) == {f"p{i:03d}" for i in range(40)}
    kept = rows_of(runs.folder / "generate/t/bad_rows.jsonl")
    assert [(row["row"], row["field"]) for row in kept] == [
        (1, None),
        (42, "task_type"),
        (43, None),
        (44, "problem_id"),
    ]
    assert kept[0]["raw"] == "{ cut"
    assert json.loads((runs.folder / "generate/t/result.json").read_text())["bad_rows"] == 4
    tasks.write_bytes(good)
    out = runs(server, "env.split=all")
    assert "bad rows" not in out
    assert not (runs.folder / "generate/t/bad_rows.jsonl").exists()


def test_bad_rows_may_be_errors(runs, tasks, server):
    tasks.write_bytes(tasks.read_bytes() + b"{}\n")
    error = runs(server, "bad_rows=error", status=2)
    assert error.startswith("error: ")
    assert "row 41: field `problem_id` is missing" in error
    runs(server)  # no run was begun under that name with other settings
    assert "bad_rows must be" in runs(server, "env.bad_rows=skip", status=2)


def test_a_file_of_bad_rows_alone_is_an_error(runs, tasks, server):
    tasks.write_bytes(b"{}\n" * 3)
    assert "all rows are bad, or in no known format; the first: " in runs(server, status=2)


def test_held_out_tasks_are_said_and_taken_when_asked_for(runs, tasks, server):
    train = runs(server)
    held_out = 40 - len(asked(runs))
    assert 0 < held_out < 15
    assert f"tasks  {40 - held_out}; {held_out} more are held out as test (env.split=all takes them, too)" in train
    runs(server, "env.split=all", "run_name=t2")
    assert {record[0] for record in runs.records("t2")} == {f"p{i:03d}" for i in range(40)}
    assert "env.split was 'train' and is now 'all'" in runs(server, "env.split=all", status=2)
    assert "train, or in generate also all" in runs(server, "env.split=test", status=2)


def test_generated_tasks_have_none_held_out(runs, server):
    out = runs(server, "~env.tasks", "env.size=3", "run_name=g")
    assert "held out" not in out
    assert "split=all is for tasks in files" in runs(server, "~env.tasks", "env.split=all", "run_name=g2", status=2)


@pytest.mark.parametrize("how", ["another path", "another form", "shuffled", "two files"])
def test_the_same_tasks_by_another_path_are_the_same_run(how, runs, tasks, server, tmp_path):
    runs(server)
    before = runs.records()
    other = tmp_path / "elsewhere" / ("tasks.json.gz" if how == "another form" else "tasks.jsonl")
    other.parent.mkdir()
    if how == "another path":
        shutil.copy(tasks, other)
    elif how == "another form":
        other.write_bytes(gzip.compress(json.dumps(rows_of(tasks), indent=1).encode()))
    elif how == "shuffled":
        write(other, rows_of(tasks)[::-1])
    else:
        write(other, rows_of(tasks)[:7])
        write(other.with_name("more.jsonl"), rows_of(tasks)[7:])
        other = other.parent
    out = runs(server, f"env.tasks={other}")
    assert "going on with" in out
    assert "has changed" not in out
    assert runs.records() == before


def test_an_edited_row_is_a_new_task_and_that_is_said(runs, tasks, server, tmp_path):
    runs(server, "env.split=all")
    rows = rows_of(tasks)
    rows[3]["prompt"] = "What is 3 + 3, then? It is said that 3 + 3 = 6"
    write(tasks, rows)
    out = runs(server, "env.split=all")
    assert (
        "has changed since this run began: 1 tasks that were asked are not in it any more; they stay in the run" in out
    )
    assert len(runs.records()) == 41
    assert "has changed" not in runs(server, "env.split=all")
    rows[4]["prompt"] += "!"
    write(tmp_path / "other.jsonl", rows)
    error = runs(server, "env.split=all", f"env.tasks={tmp_path / 'other.jsonl'}", status=2)
    assert "holds a run with other settings: env.tasks was " in error


def test_a_run_of_an_older_version_goes_on_by_its_path(runs, tasks, server, tmp_path):
    """Its journal says nothing of the content, and nothing of settings that came later."""
    runs(server)
    with sqlite3.connect(runs.folder / "generate/t" / JOURNAL) as journal:
        journal.execute("DELETE FROM meta WHERE name = 'source'")
        [config] = journal.execute("SELECT value FROM meta WHERE name = 'config'").fetchone()
        old = json.loads(config)
        del old["env"]["bad_rows"]
        journal.execute("UPDATE meta SET value = ? WHERE name = 'config'", (json.dumps(old),))
    shutil.copy(tasks, tmp_path / "copy.jsonl")
    assert "env.tasks was" in runs(server, f"env.tasks={tmp_path / 'copy.jsonl'}", status=2)
    assert "going on with" in runs(server)
    assert "going on with" in runs(server, f"env.tasks={tmp_path / 'copy.jsonl'}")
