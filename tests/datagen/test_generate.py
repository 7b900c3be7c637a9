"""Generation end to end against a scripted server: nothing lost, nothing twice, whatever ends a run."""

from __future__ import annotations

import json
import random
import signal
import sqlite3
import time

import pytest

from synthetic1.datagen.journal.reader import JournalError
from synthetic1.datagen.journal.runs import find_run, open_journal, open_runs
from synthetic1.datagen.journal.writer import Journal
from synthetic1.jobs.program import ProgramError

both = pytest.mark.parametrize(
    "runs", ["sqlite", pytest.param("postgresql", marks=pytest.mark.integrations)], indirect=True
)
"""With a journal in a file, and in PostgreSQL."""


def test_every_sample_is_asked_recorded_and_verified_once(runs, scripted):
    with scripted("--right", "0.5", "--truncated", "0.1") as server:
        out = runs(f"server={server.url}", "samples=3")
        counts = server.counts()
        records = runs.records()
        n = len({r[0] for r in records})
        assert n >= 30  # a tenth of a file is test
        assert len(records) == counts["requests"] == counts["distinct"] == 3 * n
        assert {r[4][0] for r in records} == {0.0, 1.0}
        assert f"{3 * n:,} rollouts of {n} tasks" in out
        # The same command again has nothing to do.
        runs(f"server={server.url}", "samples=3")
        assert server.counts()["requests"] == 3 * n
        # More samples are asked without repeating any.
        runs(f"server={server.url}", "samples=4")
        assert server.counts()["requests"] == 4 * n
        assert records < runs.records()


@pytest.mark.parametrize("field", ["", "reasoning", "reasoning_content"])
def test_a_thought_is_kept_to_the_byte(runs, scripted, field):
    options = ["--reasoning-field", field] if field else []
    with scripted("--right", "1", *options) as server:
        runs(f"server={server.url}", "limit=2")
    for group in open_runs("t", str(runs.folder)).groups():
        assert [r.rollout.completion.reasoning for r in group.rollouts] == ["\né \u2028 padding \n"]
        (stored,) = group.rollouts
        assert stored.rollout.text.startswith("<think>\né \u2028 padding \n</think>\n\n\\boxed{")
        assert stored.score == 1.0


def test_enough_is_enough_and_each_record_is_the_reference_one(runs, scripted, tmp_path):
    with scripted("--right", "0.5", "--latency", "0.1") as server:
        runs(f"server={server.url}", "samples=8", "keep=2", "concurrency=2", "limit=12")
        early, asked = runs.records(), server.counts()["requests"]
        runs(f"server={server.url}", "samples=8", "run_name=whole", "limit=12")
        reference = runs.records("whole")
    assert early < reference
    assert asked < len(reference)
    solved: dict[str, int] = {}
    for problem, *_, verdict in early:
        solved[problem] = solved.get(problem, 0) + (verdict[0] == 1.0)
    possible: dict[str, int] = {}
    for problem, *_, verdict in reference:
        possible[problem] = possible.get(problem, 0) + (verdict[0] == 1.0)
    assert all(solved[p] >= min(2, possible[p]) for p in possible)
    runs(f"run={runs.folder}/generate/t", f"to={tmp_path}/x", "file=jsonl", program="export")
    rows = [json.loads(line) for line in (tmp_path / "x/data/train-00000.jsonl").read_text().strip().split("\n")]
    exported: dict[str, int] = {}
    for row in rows:
        exported[row["problem_id"]] = exported.get(row["problem_id"], 0) + 1
    assert all(count <= 2 for count in exported.values())


def kills(runs, scripted, moments):
    """Kill -9 at each moment, go on, and compare with a run that nobody killed."""
    with scripted("--right", "0.5", "--truncated", "0.1", "--latency", "0.05") as server:
        settings = (f"server={server.url}", "samples=6", "concurrency=16")
        runs(*settings, "run_name=whole")
        whole = runs.records("whole")
        before = server.counts()["requests"]
        killed = 0
        for seconds in moments:
            process = runs.start(*settings)
            deadline = time.monotonic() + 60  # count from its first request: start-up takes seconds
            base = server.counts()["requests"]
            while server.counts()["requests"] == base and process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.005)
            time.sleep(seconds)
            killed += process.poll() is None
            process.send_signal(signal.SIGKILL)
            process.communicate()
        runs(*settings)
        assert {(*r[:2], *r[3:]) for r in runs.records()} == {(*r[:2], *r[3:]) for r in whole}
        assert runs.records() == whole
        wasted = server.counts()["requests"] - before - len(whole)
        assert 0 <= wasted <= 16 * killed
        assert killed >= 1
    runs("run=t", f"to={runs.folder}/a", program="export")
    runs("run=whole", f"to={runs.folder}/b", program="export")
    files = sorted(p.name for p in (runs.folder / "a").glob("data/train-*"))
    assert files
    assert all((runs.folder / "a/data" / f).read_bytes() == (runs.folder / "b/data" / f).read_bytes() for f in files)
    return killed


@both
def test_killed_and_gone_on_with_it_is_the_run_that_nobody_killed(runs, scripted, record_property):
    draw = random.Random(6)
    record_property("faults", kills(runs, scripted, [draw.uniform(0.0, 0.5) for _ in range(2)]))


@pytest.mark.proofs
def test_a_hundred_kills(runs, scripted, record_property):
    draw, killed = random.Random(7), 0
    while killed < 100:
        other = runs.beside(runs.folder / str(draw.random()))
        killed += kills(other, scripted, [draw.uniform(0, 0.5) for _ in range(5)])
    record_property("faults", killed)


@both
def test_ctrl_c_stops_cleanly_and_the_same_command_goes_on(runs, scripted):
    with scripted("--latency", "0.3") as server:
        settings = (f"server={server.url}", "samples=4", "concurrency=4", "limit=10")
        process = runs.start(*settings)
        server.until(8, process)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 130, err[-2000:]
        assert "stopped; the same command goes on" in out
        some = {r[:4] for r in runs.records()}  # a verdict may still have been missing
        assert some
        runs(*settings)
        whole = runs.records()
        assert some < {r[:4] for r in whole}
        assert all(r[4] is not None for r in whole)


@both
def test_another_configuration_is_refused_with_the_difference(runs, scripted):
    with scripted() as server:
        runs(f"server={server.url}", "limit=2", "samples=2", "keep=1")
        for change, said in (
            ("sampling.temperature=1.0", "sampling.temperature was 0.6 and is now 1.0"),
            ("seed=5", "seed was 0 and is now 5"),
            ("samples=1", "samples was 2 and is now 1"),
        ):
            err = runs(f"server={server.url}", "limit=2", "samples=2", "keep=1", change, status=2)
            assert said in err.splitlines()[-1]
            assert "choose another run_name=" in err
        runs(f"server={server.url}", "limit=2", "samples=3", "keep=2", "concurrency=3", "timeout_s=5")


@both
def test_a_poisoned_task_is_recorded_and_the_rest_is_whole(runs, scripted):
    with scripted("--poison", "What is 7 + 7?") as server:
        out = runs(f"server={server.url}", "limit=20", "samples=2", status=3)
        assert "2 samples failed (bad_request 2)" in out
    journal = open_journal(runs.folder / "generate/t", readonly=True)
    failures = list(journal.failures())
    journal.close()
    assert [(problem, sample, kind) for problem, sample, kind, *_ in failures] == [
        ("p007", 0, "bad_request"),
        ("p007", 1, "bad_request"),
    ]
    assert "too long" in failures[0][3]
    assert len(runs.records()) == 2 * 19


def test_a_server_that_is_gone_for_a_while(runs, scripted):
    with scripted("--latency", "0.1") as server:
        settings = (f"server={server.url}", "samples=4", "concurrency=8")
        process = runs.start(*settings)
        server.until(30, process)
        server.kill()
        time.sleep(3)
        server.start()
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err[-2000:] + out
        records = runs.records()
        assert len(records) == 4 * len({r[0] for r in records})


def test_a_server_that_is_not_there_or_has_another_model(runs, scripted):
    err = runs("server=http://127.0.0.1:9/v1", "outage_s=0", status=2)
    assert "cannot reach" in err.splitlines()[-1]
    with scripted("--model", "other") as server:
        err = runs(f"server={server.url}", status=2)
        assert "other" in err.splitlines()[-1]
        assert "scripted" in err.splitlines()[-1]


@both
def test_truncated_completions_are_kept_and_can_be_gone_on_with(runs, scripted):
    with scripted("--right", "1", "--truncated", "0.5") as server:
        settings = (f"server={server.url}", "samples=2")
        runs(*settings)
        cut = [r for g in open_runs("t", str(runs.folder)).groups() for r in g.rollouts if r.rollout.truncated]
        assert len(cut) > 5
        assert all(r.score == 0.0 for r in cut)
        asked = server.counts()["requests"]
        runs(*settings)
        assert server.counts()["requests"] == asked
        runs(*settings, "continue_truncated=true")
        assert server.counts()["requests"] == asked + len(cut)
    rollouts = [r for g in open_runs("t", str(runs.folder)).groups() for r in g.rollouts]
    assert len(rollouts) == asked
    assert all(r.score == 1.0 and not r.rollout.truncated for r in rollouts)


@both
def test_verifying_anew_generates_nothing(runs, scripted):
    with scripted("--right", "0.5", "--shape", "so: ANSWER") as server:
        runs(f"server={server.url}", "limit=10")
        asked = server.counts()["requests"]
        assert all(r[4][1] == "no_answer" for r in runs.records())
        out = runs("run=t", "+env.answer_style=any", program="verify")
        assert server.counts()["requests"] == asked
    assert any(r[4][0] == 1.0 for r in runs.records())
    assert "0 → 1" in out


@both
def test_two_processes_never_write_one_run(runs, scripted):
    with scripted("--latency", "300") as server:  # it does not end by itself
        first = runs.start(f"server={server.url}", "limit=4")
        server.until(1, first)
        err = runs(f"server={server.url}", "limit=4", status=2)
        assert "is being written by process" in err.splitlines()[-1]
        first.send_signal(signal.SIGINT)
        first.communicate(timeout=60)
        assert first.returncode == 130


def test_a_dry_run_estimates_and_leaves_nothing(runs, scripted):
    with scripted("--right", "1") as server:
        out = runs(f"server={server.url}", "dry_run=true", "limit=8", "price={input: 1, output: 2}")
    assert "for 8 tasks at 1 sample(s) each" in out
    assert "hours" in out
    assert "money   0.00" in out
    assert not (runs.folder / "generate").exists()


def test_journals_that_cannot_be_used(tmp_path):
    path = tmp_path / "journal.sqlite"
    Journal.open(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE meta SET value = '99' WHERE name = 'version'")
    connection.close()
    with pytest.raises(JournalError, match=r"written by a newer synthetic1 \(journal version 99"):
        Journal.open(path)
    (tmp_path / "text").write_text("this is a text and no database of any kind " * 50)
    with pytest.raises(JournalError, match="not a journal of a run"):
        Journal.open(tmp_path / "text")
    with pytest.raises(JournalError, match="there is no journal"):
        Journal.open(tmp_path / "nope", readonly=True)
    with pytest.raises(JournalError, match="cannot be opened"):
        Journal.open(tmp_path / "no/such/folder/journal.sqlite")
    with pytest.raises(ProgramError, match="there is no run `x`"):
        find_run("x", str(tmp_path))


def test_a_task_that_stands_twice_is_asked_once(runs, scripted, tmp_path):
    path = tmp_path / "twice.jsonl"
    rows = [
        json.dumps({"problem_id": f"{n}", "task_type": "verifiable_math", "prompt": f"{n} + 1 = {n + 1}",
                    "verification_info": {"ground_truth": f"{n + 1}"}})
        for n in range(40)
    ]  # fmt: skip
    path.write_text("\n".join([*rows, *rows, *rows]) + "\n")
    for lookahead in (512, 3):  # in one look at the source, and in several
        with scripted("--right", "1", "--latency", "0.02") as server:
            name = f"twice{lookahead}"
            runs(f"server={server.url}", "samples=2", f"env.tasks={path}", f"lookahead={lookahead}", f"run_name={name}")
            counts, records = server.counts(), runs.records(name)
        assert counts["requests"] == len(records) == 2 * len({record[0] for record in records})
