"""Generation before it grows: outages, exit status, what is to judge, what it cost, signals, odd rows."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
from contextlib import suppress

import pytest
from recorded_runs import task, write_run

from synthetic1.datagen.generation.goal import Progress
from synthetic1.datagen.generation.view import line, numbers
from synthetic1.datagen.journal.writer import Journal
from synthetic1.datagen.show import show_run
from synthetic1.inference.usage import Account
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
