"""Texts in a journal in a file: whatever a model wrote comes back, and only what is no UTF-8 lies there as bytes."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synthetic1.completion import Completion
from synthetic1.datagen.journal.sqlite_database import SCHEMA
from synthetic1.datagen.journal.writer import Journal
from synthetic1.rollout import Rollout
from synthetic1.task import Task
from synthetic1.verdict import Verdict

TEXTS = st.text(st.characters() | st.sampled_from(["\0", "\ud800", "\udfff", "\\", '"', "–"]))
TASK = Task("p1", "verifiable_math", "1 + 1 = ?", {"ground_truth": "2"}, metadata={"of": "é"})


def lies(path, columns, table="rollouts"):
    with sqlite3.connect(path) as connection:
        found = connection.execute(f"SELECT {', '.join(f'typeof({c})' for c in columns)} FROM {table}").fetchall()
    connection.close()
    return found


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(st.lists(st.tuples(TEXTS, st.none() | TEXTS, st.none() | TEXTS, TEXTS), min_size=1, max_size=3))
def test_whatever_was_written_comes_back(tmp_path_factory, said):
    path = tmp_path_factory.mktemp("journal") / "journal.sqlite"
    journal = Journal.open(path)
    journal.put_task(TASK, 0)
    for index, (raw, reasoning, answer, why) in enumerate(said):
        usage = {"prompt_tokens": 1, "completion_tokens": 2}
        rollout = Rollout(TASK.key, Completion(raw, reasoning, answer, "stop", usage), "m", {"seed": 0}, index)
        journal.put_rollout(rollout)
        journal.put_verdict(rollout, 0, "key", "v@1", Verdict(0.0, "wrong_answer", answer, {"why": why, "é": 1}), 1)
    journal.flush()
    found = journal.rollouts([TASK.key])[TASK.key]
    for index, (raw, reasoning, answer, why) in enumerate(said):
        completion, verdict = found[index].rollout.completion, found[index].verdict
        assert (completion.raw, completion.reasoning, completion.answer) == (raw, reasoning, answer)
        assert (verdict.answer, verdict.details) == (answer, {"why": why, "é": 1})
    journal.close()


def test_only_a_lone_surrogate_lies_there_as_bytes(tmp_path):
    journal = Journal.open(tmp_path / "journal.sqlite")
    for index, raw in enumerate(("plain –", "half \ud800", "plain again")):
        journal.put_rollout(Rollout(TASK.key, Completion(raw, None, "x"), "m", {}, index))
    journal.close()
    found = lies(tmp_path / "journal.sqlite", ("raw", "reasoning", "answer", "model"))
    assert found == [
        ("text", "null", "text", "text"),
        ("blob", "null", "text", "text"),
        ("text", "null", "text", "text"),
    ]


@pytest.mark.parametrize("page_bytes", [512, 4096, 65536])
def test_a_file_goes_on_with_its_pages(tmp_path, page_bytes):
    path = tmp_path / "journal.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA page_size={page_bytes}")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.executescript(SCHEMA)
        connection.execute("INSERT INTO meta VALUES ('version', '1')")
    connection.close()
    journal = Journal.open(path)
    journal.put_rollout(Rollout(TASK.key, Completion("x" * 100_000), "m", {}, 0))
    journal.flush()
    assert journal.rollout(TASK, 0).rollout.completion.raw == "x" * 100_000
    journal.close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA page_size").fetchone() == (page_bytes,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
