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
from synthetic1.datagen.generation.goal import Goal, Progress
from synthetic1.datagen.generation.reached import Reached
from synthetic1.datagen.generation.slots import slots
from synthetic1.datagen.journal import postgres_database
from synthetic1.datagen.journal.reader import JournalError
from synthetic1.datagen.journal.runs import open_journal
from synthetic1.datagen.journal.shared_place import place
from synthetic1.jobs.program import ProgramError
from synthetic1.rollout import Rollout
from synthetic1.task import Task
from synthetic1.tasks.sources.source import TaskList
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
    return folder / "journal.json", *place(folder / "journal.json")


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
        ("postgresql://host/db?passw%6frd=secret", "no password in it"),
        ("postgresql://host/db?sslpassword=secret", "no password in it"),
        ("postgresql+psycopg://u:secret@host/db", "a journal for several processes is a PostgreSQL database"),
        ("POSTGRESQL://u:secret@host/db", "a journal for several processes is a PostgreSQL database"),
        ("postgresql://u:secret/x@host/db", "libpq does not read it"),
        ("mysql://host/db", "a journal for several processes is a PostgreSQL database"),
        ("postgresql://u@127.0.0.1:9/db", "onnection refused"),
    ],
)
def test_an_address_that_is_none(runs, url, said):
    err = runs("server=http://127.0.0.1:9/v1", f"journal='{url}'", status=2)
    assert said in err
    assert "secret" not in err
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


def test_a_verdict_is_on_the_text_that_is_recorded(tmp_path, database):
    """Two processes asked one sample: the first completion stays, and no verdict on the other one is taken for its."""
    first, second = (open_journal(tmp_path, database) for _ in range(2))
    task = Task("p", "verifiable_math", "What?", {"ground_truth": "1"})
    wrong, right = (Rollout(task.key, Completion.parse(text), "m", {}, 0) for text in ("wrong \0", "right"))
    first.put_task(task, 0)
    first.put_rollout(wrong)
    first.flush()
    second.put_rollout(right)
    second.put_verdict(right, 0, "v", "v@1", Verdict.graded(1.0), 1)
    second.flush()
    assert first.status([task.key])[task.key][0].reason is None
    first.put_verdict(wrong, 0, "v", "v@1", Verdict.graded(0.0), 1)
    first.flush()
    stored = second.rollouts([task.key])[task.key][0]
    assert (stored.rollout.completion.raw, stored.score) == ("wrong \0", 0.0)
    first.close()
    second.close()


def test_leases_taken_after_others_were_let_go_stay(tmp_path, database, postgres):
    """The writer is late: until it has let go of the old ones, nothing new is leased."""
    import psycopg

    ours, other = (open_journal(tmp_path, database) for _ in range(2))
    assert ours.lease(["old"]) == {"old"}
    with psycopg.connect(database) as held:
        held.execute(f'LOCK TABLE "{place(tmp_path / "journal.json")[1]}".leases IN SHARE MODE'.encode())
        released = ours.keep_leases([])
        assert not released.wait(0.5)
    assert released.wait(30)
    assert ours.lease(["new"]) == {"new"}
    assert other.lease(["new", "old"]) == {"old"}
    ours.close()
    other.close()


@pytest.mark.parametrize("away", ["stopped", pytest.param("hangs", marks=pytest.mark.proofs)])
@shared
def test_ctrl_c_ends_a_run_whose_database_is_away(runs, server, postgres, away):
    process = runs.start(*asked(server, "samples=200"))
    server.until(20, process)
    if away == "stopped":
        postgres.stop()
    else:
        postgres.freeze(True)
    try:
        time.sleep(1.0)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
        assert process.returncode in (2, 130), err[-3000:] + out[-2000:]
        assert "Traceback" not in err
    finally:
        if away == "stopped":
            postgres.start()
        else:
            postgres.freeze(False)


def test_a_task_of_another_that_stands_twice_is_asked_once(tmp_path, database):
    first, second = (open_journal(tmp_path, database) for _ in range(2))
    tasks = [Task(f"p{n}", "verifiable_math", f"What is {n}?", {"ground_truth": "1"}) for n in (0, 1, 0)]
    first.lease([task.key for task in tasks])
    goal = Goal(samples=2)
    found, waits = [], 0
    for slot in slots(TaskList(tasks), second, Reached(second, goal), Progress(), limit=None, seed=0, lookahead=1):
        if isinstance(slot, float):
            waits += 1
            if waits == len(tasks) + 1:  # after all were looked at once
                first.close()
            time.sleep(slot)
        else:
            found.append((slot.state.task.problem_id, slot.index))
    assert sorted(found) == [("p0", 0), ("p0", 1), ("p1", 0), ("p1", 1)]
    second.close()


TEXTS = st.text(st.characters() | st.sampled_from(["\0", "\ud800", "\udfff", "\ue000", "0", "d", "\\", '"']))
SCORES = st.sampled_from([0.0, 0.5, 1.0, None])


@st.composite
def histories(draw):
    """What a run may put: (what, arguments)."""
    steps = []
    some = TEXTS.filter(bool)
    tasks = [Task(draw(some), "verifiable_math", draw(some), {"ground_truth": str(i)}) for i in range(4)]
    said_of = {}
    for _ in range(draw(st.integers(0, 25))):
        task, index = draw(st.sampled_from(tasks)), draw(st.integers(0, 2))
        kind = draw(st.sampled_from(["task", "rollout", "rollout", "verdict", "verdict", "failure", "meta"]))
        if kind == "task":
            steps.append(("put_task", task, draw(st.integers(0, 3))))
        elif kind == "rollout":
            usage = draw(st.sampled_from([None, {"prompt_tokens": 3, "completion_tokens": 4}, {"prompt_tokens": None}]))
            reason = draw(st.sampled_from(["stop", "length", None]))
            said = Completion(draw(TEXTS), draw(st.none() | TEXTS), draw(st.none() | TEXTS), reason, usage)
            rollout, part = Rollout(task.key, said, "m", {"seed": 1}, index), draw(st.integers(0, 1))
            steps.append(("put_rollout", rollout, part))
            if part not in [known for _, known in said_of.setdefault((task.key, index), [])]:  # the first one stays
                said_of[task.key, index].append((rollout, part))
        elif kind == "verdict":
            score, about = draw(SCORES), {"said": draw(TEXTS)}
            made = Verdict(None, "unscorable_infra", None, about)
            if score is not None:
                made = Verdict.graded(score, answer=draw(TEXTS), **about)
            on = draw(st.sampled_from(said_of[task.key, index])) if (task.key, index) in said_of else None
            if on is None:
                continue
            # Two verifiers score one rollout under two numbers: what has a score is judged anew by `verify` alone.
            verifier, number = draw(st.sampled_from([("v", 1), ("v", 3), ("w", 2), ("w", 4)]))
            steps.append(("put_verdict", *on, verifier, f"{verifier}@1", made, number))
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
