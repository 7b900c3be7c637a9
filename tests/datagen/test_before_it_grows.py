"""Generation before it grows: outages, exit status, what is to judge, what it cost, signals, odd rows."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
from collections import Counter
from contextlib import asynccontextmanager, suppress

import pytest
from recorded_runs import task, write_run
from scripted_server import ScriptedServer

from synthetic1.datagen.generation.goal import Goal, Progress, Unfinished
from synthetic1.datagen.generation.run import schedule
from synthetic1.datagen.generation.settings import GenerateSettings
from synthetic1.datagen.generation.view import line, numbers, samples
from synthetic1.datagen.journal.reader import Status
from synthetic1.datagen.journal.writer import Journal
from synthetic1.datagen.show import show_run
from synthetic1.inference.client import Client
from synthetic1.inference.usage import Account
from synthetic1.jobs.opening import open_environment
from synthetic1.jobs.program import ProgramError, validate
from synthetic1.jobs.stopping import like_ctrl_c, stop_on_signal

pytestmark = pytest.mark.usefixtures("heeds_hang_up")
PRICE = "price={input: 1.0, output: 2.0}"


def result(runs):
    return json.loads((runs.folder / "generate/t/result.json").read_text())


def test_an_outage_burns_no_task_and_the_cost_is_that_of_all_processes(runs, scripted):
    with scripted() as server:
        runs(f"server={server.url}", "limit=6", "samples=2", PRICE)
        first = result(runs)["usage"]
        assert (first["completed"], first["cost"] > 0) == (12, True)
    with scripted("--faults", "500", "no_json", "--share", "1.0") as server:
        said = runs(f"server={server.url}", "samples=2", "outage_s=1", "retries=1", PRICE, status=2).splitlines()[-1]
        assert said.startswith(f"error: {server.url}"), said
        assert "the same command goes on" in said
        assert "Traceback" not in said
        vain = server.counts()["requests"]
    journal = Journal.open(runs.folder / "generate/t/journal.sqlite", readonly=True)
    assert list(journal.failures()) == []
    journal.close()
    with scripted() as server:
        out = runs(f"server={server.url}", "samples=2", PRICE)
        assert "to judge" not in out
        counts = server.counts()
    usage = result(runs)["usage"]
    whole = {name: first[name] + counts[name] for name in ("prompt_tokens", "completion_tokens")}
    assert {name: usage[name] for name in whole} == whole
    assert usage["cost"] == pytest.approx((whole["prompt_tokens"] + 2 * whole["completion_tokens"]) / 1e6)
    assert usage["requests"] == 12 + vain + counts["requests"]
    assert usage["requests"] == usage["completed"] + sum(usage["errors"].values())
    records = runs.records()
    assert len(records) == 2 * len({r[0] for r in records}) > 12


def test_a_sample_that_failed_is_missing_only_where_it_is_wanted(runs, scripted):
    one = ("samples=1", "limit=8")
    with scripted("--poison", "What is 7 + 7?", "--right", "1") as server:
        assert "1 samples failed (bad_request 1)" in runs(f"server={server.url}", *one, status=3)
        assert (result(runs)["failures"], result(runs)["to_judge"]) == (1, 0)
        fewer = "samples=1", "limit=4"  # it is not of this run any more
        assert "samples failed" not in runs(f"server={server.url}", *fewer)
        edited = runs.tasks.read_text()
        runs.tasks.write_text(edited.replace("What is 7 + 7? ", "What is 7 + 7 at last? "))
        assert "samples failed" not in runs(f"server={server.url}", *one)
        assert result(runs)["failures"] == 0


def test_a_failure_or_a_missing_verdict_counts_until_the_goal_is_met():
    right, wrong = Status(0, "stop", 1.0, "correct"), Status(0, "stop", 0.0, "wrong")
    ours, new = Status(0, "stop", None, "unscorable_infra"), Status(0, "stop", None, None)
    lost = Unfinished({("a", 0): "bad_request", ("b", 2): "timeout"}, {("a", 1), ("c", 0)})
    assert lost.tasks == ["a", "b", "c"]
    first = Goal(samples=3, keep=1)
    assert lost.wanted(first, {"a": {1: right, 2: ours}, "b": {0: right}, "c": {0: new, 1: right}}) == (Counter(), 0)
    assert lost.wanted(first, {"a": {1: ours}, "b": {0: wrong, 1: right}}) == (Counter(bad_request=1), 2)
    every = Goal(samples=3)
    assert lost.wanted(every, {"a": {1: right, 2: right}, "b": {}, "c": {0: right, 1: right, 2: wrong}}) == (
        Counter(bad_request=1, timeout=1),
        1,
    )


@asynccontextmanager
async def opened(tmp_path, tasks, server, **settings):
    """A run in this process: its scheduler, and the journal."""
    env = {"id": "synthetic1/math-v0", "tasks": str(tasks), "split": "train"}
    given = {"env": env, "server": server.url, "model_name": "scripted", "runs": str(tmp_path), **settings}
    said = validate(GenerateSettings, given)
    source, scorer = open_environment(said.judged_env)
    journal = Journal.open(tmp_path / "journal.sqlite")
    with scorer:
        async with Client(server.url) as client:
            yield schedule(said, source, scorer, client, journal, Progress()), journal
    journal.close()


def told(messages, sample):
    right = messages[0]["content"].rpartition(" = ")[2]  # the tests' tasks say it themselves
    return f"\\boxed{{{right}}}"


async def test_a_key_that_expires_burns_no_task(tmp_path, tasks):
    async with ScriptedServer(told) as server, opened(tmp_path, tasks, server, concurrency=1) as (generation, journal):

        def until_it_expires(messages, sample):
            server.api_key = "" if len(server.requests) < 4 else "another"
            return told(messages, sample)

        server.reply = until_it_expires
        with pytest.raises(ProgramError, match=r"status 401: .*; is the API key right.*the same command goes on"):
            await asyncio.wait_for(generation.run(), 60)
        assert len(server.requests) == 5
        assert list(journal.failures()) == []
        assert journal.counts(("rollouts",)) == {"rollouts": 4}


async def test_a_sample_that_has_arrived_keeps_its_place_until_it_is_on_the_disk(tmp_path, tasks, monkeypatch):
    given = {"samples": 3, "keep": 1, "limit": 3, "concurrency": 9}
    async with ScriptedServer(told) as server, opened(tmp_path, tasks, server, **given) as (generation, journal):
        progress, on_disk = generation.progress, []

        async def slow_disk():
            while progress.verified < 3 or progress.waiting:  # by then, enough of each task are verified
                await asyncio.sleep(0.01)
            on_disk.append(1)

        monkeypatch.setattr(journal, "recorded", slow_disk)
        await asyncio.wait_for(generation.run(), 60)
    assert samples(progress) == progress.total == 9
    assert len(on_disk) == progress.arrived


def test_a_row_of_an_unknown_type_or_with_an_endless_level_is_a_bad_row(runs, scripted):
    rows = runs.tasks.read_text().splitlines()[:3]
    odd = {**json.loads(rows[0]), "problem_id": "odd", "task_type": "nobody_knows"}
    hard = {**json.loads(rows[1]), "problem_id": "hard", "metadata": f'{{"level": {"9" * 400}}}'}
    runs.tasks.write_text("\n".join([*rows, json.dumps(odd), json.dumps(hard)]) + "\n")
    with scripted("--right", "1") as server:
        assert "bad rows  2" in runs(f"server={server.url}", "env.split=all")
    assert {r[0] for r in runs.records()} == {"p000", "p001", "p002"}


def test_a_terminal_that_is_closed_stops_a_run_as_ctrl_c_does(runs, scripted):
    with scripted("--latency", "0.3") as server:
        process = runs.start(f"server={server.url}", "samples=4", "concurrency=4")
        server.until(8, process)
        process.send_signal(signal.SIGHUP)
        out, err = process.communicate(timeout=120)
    assert process.returncode == 130, err[-2000:]
    assert "stopped; the same command goes on" in out
    assert runs.records()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_programs_without_a_loop_of_their_own_end_as_by_ctrl_c(number):
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), like_ctrl_c():
        signal.raise_signal(number)
    assert signal.getsignal(number) == before


async def test_each_signal_stops_work_and_handlers_are_put_back():
    class Work:
        stopping = False

        def stop(self):
            self.stopping = True

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        with like_ctrl_c():
            work, before = Work(), signal.getsignal(number)
            with stop_on_signal(work):
                os.kill(os.getpid(), number)
                while not work.stopping:
                    await asyncio.sleep(0.01)
            assert signal.getsignal(number) == before


async def test_nohup_is_respected():
    class Work:
        stopping = False

        def stop(self):
            self.stopping = True

    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        work = Work()
        with like_ctrl_c(), stop_on_signal(work):
            os.kill(os.getpid(), signal.SIGHUP)
            await asyncio.sleep(0.05)
        assert not work.stopping
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_what_waits_for_verdicts_is_shown():
    usage = Account(None).snapshot(4)
    assert " | to judge 1,234" in line(Progress(arrived=2_000, waiting=1_234), usage)
    assert "to judge" not in line(Progress(arrived=2_000), usage)
    assert numbers(Progress(waiting=3), usage)["generate/to_judge"] == 3


def test_to_judge_is_what_has_no_verdict_or_a_failure_of_ours(tmp_path):
    rollouts = {task(0): [("a", 1.0), ("b", None), "c"], task(1): [("d", 0.0), "e"]}
    path = write_run(tmp_path / "runs", "a", rollouts) / "journal.sqlite"
    journal = Journal.open(path)
    cut = next(iter(journal.groups())).rollouts[0].rollout
    assert journal.counts(("to_judge",)) == {"to_judge": 3}
    journal.put_rollout(cut, part=1)  # gone on with: the verdict on its first part says nothing of it
    journal.flush()
    assert journal.counts(("to_judge",)) == {"to_judge": 4}
    journal.close()
    assert ", 4 to judge" in show_run("a", "", str(tmp_path / "runs"), "", 20)
    with suppress(sqlite3.Error), sqlite3.connect(path) as rows:
        rows.execute("DELETE FROM rollouts")
    journal = Journal.open(path, readonly=True)
    assert journal.counts(("to_judge",)) == {"to_judge": 0}
    journal.close()


def test_a_run_of_an_older_version_counts_the_tokens_that_it_recorded(tmp_path):
    path = write_run(tmp_path / "runs", "a", {task(0): ["four", "of"], task(1): ["it"]}) / "journal.sqlite"
    journal = Journal.open(path, readonly=True)
    assert journal.tokens() == (3, 0, 0, len("four" + "of" + "it"))
    journal.close()
