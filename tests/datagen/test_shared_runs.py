"""Several processes share a run through PostgreSQL: no task twice, nothing lost, whoever dies, the server included."""

from __future__ import annotations

import json
import os
import random
import signal
import time
import uuid

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from synthetic1.completion import Completion
from synthetic1.datagen.journal import postgres_database
from synthetic1.datagen.journal.reader import JournalError
from synthetic1.datagen.journal.runs import open_journal
from synthetic1.jobs.program import ProgramError
from synthetic1.rollout import Rollout
from synthetic1.task import Task
from synthetic1.verdict import Verdict

shared = pytest.mark.parametrize("runs", ["postgresql"], indirect=True)
AT_ONCE = 4


@pytest.fixture
def server(scripted):
    with scripted("--right", "0.5", "--truncated", "0.1", "--latency", "0.1") as started:
        yield started


def asked(server, *more):
    return (f"server={server.url}", "samples=4", f"concurrency={AT_ONCE}", *more)


def reference(runs, server):
    """What a run of one process, with a journal in a file, has; and how many requests it took."""
    alone = type(runs)(runs.folder.with_name("alone"), runs.tasks, runs.forked)
    alone(*asked(server, "concurrency=16"))
    alone("run=t", f"to={alone.folder}/x", program="export")
    return alone.records(), server.counts()["requests"], rows_of(alone.folder / "x")


def rows_of(export):
    return {path.name: path.read_bytes() for path in sorted((export / "data").iterdir())}


def finished(*processes):
    """Wait for the processes; what they printed."""
    said = []
    for process in processes:
        out, err = process.communicate(timeout=180)
        assert process.returncode == 0, err[-3000:] + out[-2000:]
        said.append(out + err)
    return said


@shared
def test_two_processes_share_a_run_without_a_duplicate(runs, server, tmp_path):
    whole, before, exported = reference(runs, server)
    other = runs.beside(tmp_path / "other")
    finished(runs.start(*asked(server)), other.start(*asked(server)))
    assert runs.records() == other.records() == whole
    assert server.counts()["requests"] - before == len(whole)
    used = [json.loads((one.folder / "generate/t/result.json").read_text()) for one in (runs, other)]
    assert {one["rollouts"] for one in used} == {len(whole)}
    assert max(one["usage"]["completed"] for one in used) == len(whole)  # who ends last knows what both have asked
    runs("run=t", f"to={tmp_path}/x", program="export")
    assert rows_of(tmp_path / "x") == exported
    # A third finds nothing to do.
    runs.beside(tmp_path / "third")(*asked(server))
    assert server.counts()["requests"] - before == len(whole)


def killed_in_the_middle(runs, server, tmp_path, seed):
    whole, before, exported = reference(runs, server)
    other, draw = runs.beside(tmp_path / "other"), random.Random(seed)
    dies, lives = runs.start(*asked(server)), other.start(*asked(server))
    server.until(before + draw.randrange(8, len(whole) - 8), dies)
    dies.send_signal(signal.SIGKILL)
    dies.communicate()
    finished(lives)
    assert other.records() == whole
    assert 0 <= server.counts()["requests"] - before - len(whole) <= AT_ONCE
    other("run=t", f"to={tmp_path}/x", program="export")
    assert rows_of(tmp_path / "x") == exported


@shared
def test_the_other_one_goes_on_where_one_was_killed(runs, server, tmp_path):
    killed_in_the_middle(runs, server, tmp_path, 3)


@pytest.mark.proofs
@shared
@pytest.mark.parametrize("seed", range(20))
def test_twenty_kills(runs, server, tmp_path, seed):
    killed_in_the_middle(runs, server, tmp_path, seed)


@shared
def test_a_process_that_slept_too_long_does_no_harm(runs, server, tmp_path):
    whole, before, _ = reference(runs, server)
    other = runs.beside(tmp_path / "other")
    sleeps = runs.start(*asked(server, "lease_s=1"))
    server.until(before + 20, sleeps)
    # As on another machine, where nobody can see that it is there.
    database = postgres_database.PostgresDatabase(*named(runs), readonly=True)
    database.reading.execute("UPDATE drivers SET host = 'elsewhere'")
    database.close()
    sleeps.send_signal(signal.SIGSTOP)
    finished(other.start(*asked(server)))
    assert other.records() == whole
    sleeps.send_signal(signal.SIGCONT)
    (said,) = finished(sleeps)
    assert "gave no sign of life for 1 s" in said
    assert runs.records() == whole
    assert server.counts()["requests"] - before - len(whole) <= AT_ONCE + 4  # in flight, and of the task it was at


def named(runs):
    folder = runs.folder / "generate/t"
    return folder / "journal.json", *postgres_database.place(folder / "journal.json")


@shared
@pytest.mark.parametrize("how", ["immediate", pytest.param("fast", marks=pytest.mark.proofs)])
def test_postgresql_is_restarted_in_the_middle(runs, server, postgres, how):
    whole, before, exported = reference(runs, server)
    process = runs.start(*asked(server))
    server.until(before + 30, process)
    postgres.stop(how)
    time.sleep(1.5)
    postgres.start()
    (said,) = finished(process)
    assert "is back" in said
    assert runs.records() == whole
    assert server.counts()["requests"] - before == len(whole)
    runs("run=t", f"to={runs.folder}/x", program="export")
    assert rows_of(runs.folder / "x") == exported


@shared
def test_what_does_not_go_together_is_refused(runs, server, tmp_path, database):
    working = runs.start(*asked(server, "samples=200"))
    server.until(1, working)
    other = runs.beside(tmp_path / "other")
    err = other(*asked(server, "samples=200", "seed=1"), status=2)
    assert "seed was 0 and is now 1" in err.splitlines()[-1]
    err = runs("run=t", program="verify", status=2)
    assert "is being written by process" in err.splitlines()[-1]  # the folder's lock
    err = other("run=t", program="verify", status=2)
    assert "is being written by 1 other process(es), process " in err.splitlines()[-1]
    err = runs(*asked(server, "samples=200"), status=2)
    assert err.splitlines()[-1].endswith("the same run_name=, and another runs=")
    working.send_signal(signal.SIGINT)
    working.communicate(timeout=60)
    assert working.returncode == 130
    err = runs(*asked(server), "journal='postgresql://elsewhere/db'", status=2)
    assert "this run's journal is in postgresql://" in err.splitlines()[-1]
    runs(*asked(server, "limit=1"), "run_name=file", "journal=null")
    err = runs(*asked(server, "limit=1"), "run_name=file", status=2)
    assert "journal.sqlite; leave journal= out" in err.splitlines()[-1]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://u:secret@host/db", "no password in it"),
        ("postgresql://host/db?user=u&password=secret", "no password in it"),
        ("mysql://host/db", "a journal for several processes is a PostgreSQL database"),
        ("postgresql://u@127.0.0.1:9/db", "onnection refused"),
    ],
)
def test_an_address_that_is_none(runs, url, said):
    err = runs("server=http://127.0.0.1:9/v1", f"journal='{url}'", status=2)
    assert said in err
    assert "secret" not in err.splitlines()[-1]
    assert "Traceback" not in err
    assert not list(runs.folder.glob("generate/t/journal*"))


def test_a_database_that_is_not_there(tmp_path, postgres):
    with pytest.raises(JournalError, match='database "nowhere" does not exist'):
        open_journal(tmp_path, postgres.url("nowhere"))
    assert not os.listdir(tmp_path)


def test_a_server_that_is_gone_for_good_ends_the_run(tmp_path, postgres, database, monkeypatch):
    monkeypatch.setattr(postgres_database, "OUTAGE_S", 0.5)
    journal = open_journal(tmp_path, database)
    postgres.stop()
    try:
        journal.set_meta("a", "b")
        with pytest.raises(JournalError, match=r"waited \d s; the same command goes on"):
            journal.flush()
        assert not journal.answers()
        time.sleep(0.6)
        with pytest.raises(JournalError, match=r"waited \d s; the same command goes on"):
            journal.answers()
        with pytest.raises(JournalError, match=r"waited \d s; the same command goes on"):
            journal.meta("a")
        journal.close()
    finally:
        postgres.start()
    journal = open_journal(tmp_path, database)
    journal.set_meta("a", "c")
    journal.flush()
    assert journal.meta("a") == "c"
    journal.close()


def test_a_lease_is_one_drivers_at_a_time(tmp_path, database):
    first, second = (open_journal(tmp_path, database) for _ in range(2))
    assert first.lease(["a", "b"]) == {"a", "b"}
    assert first.lease(["a", "c"]) == {"c"}
    assert second.lease(["a", "b", "c", "d"]) == {"d"}
    first.keep_leases(["b"])
    first.flush()
    assert second.lease(["a", "b", "c"]) == {"a", "c"}
    first.close()
    assert second.lease(["b"]) == {"b"}
    second.close()
    with pytest.raises(ProgramError, match="another"):
        open_journal(tmp_path, "postgresql://another/db")


TEXTS = st.text(st.characters() | st.sampled_from(["\0", "\ud800", "\udfff", "\ue000", "0", "d", "\\", '"']))
SCORES = st.sampled_from([0.0, 0.5, 1.0, None])


@st.composite
def histories(draw):
    """What a run may put: (what, arguments)."""
    steps = []
    some = TEXTS.filter(bool)
    tasks = [Task(draw(some), "verifiable_math", draw(some), {"ground_truth": str(i)}) for i in range(4)]
    for _ in range(draw(st.integers(0, 25))):
        task, index = draw(st.sampled_from(tasks)), draw(st.integers(0, 2))
        kind = draw(st.sampled_from(["task", "rollout", "rollout", "verdict", "verdict", "failure", "meta"]))
        if kind == "task":
            steps.append(("put_task", task, draw(st.integers(0, 3))))
        elif kind == "rollout":
            usage = draw(st.sampled_from([None, {"prompt_tokens": 3, "completion_tokens": 4}, {"prompt_tokens": None}]))
            reason = draw(st.sampled_from(["stop", "length", None]))
            said = Completion(draw(TEXTS), draw(st.none() | TEXTS), draw(st.none() | TEXTS), reason, usage)
            steps.append(("put_rollout", Rollout(task.key, said, "m", {"seed": 1}, index), draw(st.integers(0, 1))))
        elif kind == "verdict":
            score, about = draw(SCORES), {"said": draw(TEXTS)}
            made = Verdict(None, "unscorable_infra", None, about)
            if score is not None:
                made = Verdict.graded(score, answer=draw(TEXTS), **about)
            key = Rollout(task.key, Completion.parse("x"), "m", {"seed": 1}, index).key
            verifier, number = draw(st.sampled_from(["v", "w"])), draw(st.integers(1, 3))
            steps.append(("put_verdict", key, draw(st.integers(0, 1)), verifier, f"{verifier}@1", made, number))
        elif kind == "failure":
            steps.append(("put_failure", task, index, draw(st.sampled_from(["timeout", "busy"])), draw(TEXTS)))
        else:
            steps.append(("set_meta", draw(st.sampled_from(["a", "b"])), draw(st.text("ab\n'%?"))))
    return tasks, steps


def told(journal, tasks):
    """All that a journal says."""
    keys = [task.key for task in tasks]
    return {
        "status": journal.status(keys),
        "rollouts": journal.rollouts(keys),
        "counts": journal.counts(("tasks", "answered", "rollouts", "verified", "failures", "to_judge")),
        "tokens": journal.tokens(),
        "failures": list(journal.failures()),
        "groups": list(journal.groups()),
        "some": list(journal.groups(tasks[0].problem_id, whole=True)),
        "progress": list(journal.progress()),
        "keys": sorted(journal.task_keys()),
        "meta": [journal.meta(name) for name in ("a", "b")],
    }


# Not made smaller when it fails: that takes minutes, and the difference is shown.
@settings(
    max_examples=30,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(histories())
def test_both_databases_tell_the_same(postgres, tmp_path_factory, history):
    tasks, steps = history
    here, shared = (tmp_path_factory.mktemp(uuid.uuid4().hex) for _ in range(2))
    journals = [open_journal(here), open_journal(shared, postgres.url())]
    try:
        for journal in journals:
            for what, *arguments in steps:
                getattr(journal, what)(*arguments)
            journal.flush()
        first, second = (told(journal, tasks) for journal in journals)
        assert first == second
    finally:
        for journal in journals:
            journal.close()
