"""`synthetic1 pool serve` and `synthetic1 worker`: processes of their own, killed at any moment."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
import scripted_process
from pools import write_sums

from synthetic1.datagen.journal.runs import open_runs
from synthetic1.pool.ledger import verify_ledger

ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1", "OPENAI_API_KEY": "not-to-be-told"}


def program(*arguments: str, **options) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "synthetic1.cli", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=ENVIRONMENT,
        **options,
    )


class Pools:
    """Starts pools and workers, and ends what is left of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tasks = write_sums(folder / "tasks.jsonl")
        self._running: list[subprocess.Popen] = []

    def serve(self, *more: str, port: int = 0) -> tuple[subprocess.Popen, str]:
        process = program(
            "pool",
            "serve",
            "env=math",
            f"env.tasks={self.tasks}",
            "env.split=all",
            "model=scripted",
            "samples=3",
            "run_name=t",
            f"runs={self.folder}/runs",
            "challenge.memory_bytes=1048576",
            "audit.group_s=0.5",
            "lease.seconds=5",
            "per_minute=10000",
            "lease.repeated=0",
            f"port={port}",
            *more,
        )
        self._running.append(process)
        said = ""
        for line in process.stdout:
            said += line
            if found := re.search(r"--join (http://\S+)", line):
                return process, found[1]
        raise AssertionError(said)

    def work(self, url: str, server: str, name: str) -> subprocess.Popen:
        process = program(
            "worker",
            *("--join", url, "--server", server, "--key", str(self.folder / f"{name}.key"), "--name", name),
            *("--concurrency", "4"),
        )
        self._running.append(process)
        return process

    def records(self) -> set[tuple]:
        return {
            (group.task.problem_id, stored.rollout.sample_index, stored.rollout.completion.raw, stored.score)
            for group in open_runs("t", str(self.folder / "runs")).groups()
            for stored in group.rollouts
        }

    def end(self) -> None:
        for process in self._running:
            process.kill()
            process.wait()


@pytest.fixture
def pools(tmp_path):
    started = Pools(tmp_path)
    yield started
    started.end()


def pool_of(url: str) -> str:
    with urllib.request.urlopen(f"{url}/health") as response:
        return json.load(response)["pool"]


def test_a_run_of_two_workers_is_that_of_one_machine(pools):
    with scripted_process.scripted("--right", "0.5") as server:
        pool, url = pools.serve("once=true", "samples=1")
        key = pool_of(url)
        workers = [pools.work(url, server.url, name) for name in ("one", "two")]
        said = [worker.communicate(timeout=60)[0] for worker in workers]
        out = pool.communicate(timeout=60)[0]
    assert [worker.returncode for worker in workers] == [0, 0], said
    assert pool.returncode == 0, out
    assert "40 rollouts of 40 tasks" in out
    assert len(pools.records()) == 40
    assert all("not-to-be-told" not in text for text in (*said, out))
    ledger = pools.folder / "runs/generate/t/ledger.jsonl"
    checked = subprocess.run(
        [sys.executable, "-m", "synthetic1.cli", "pool", "ledger", str(ledger), key], capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stderr
    assert "entries hold" in checked.stdout


def test_another_run_is_refused_in_the_same_folder(pools):
    pool, _ = pools.serve()
    pool.send_signal(signal.SIGTERM)
    out = pool.communicate(timeout=30)[0]
    assert pool.returncode == 130, out
    with pytest.raises(AssertionError, match=r"error: .*samples"):
        pools.serve("samples=2")


@pytest.mark.integrations
def test_the_orchestrator_is_killed_twenty_times_and_the_record_set_is_whole(pools):
    rng = random.Random(0)
    with scripted_process.scripted("--right", "0.5", "--latency", "0.3") as server:
        pool, url = pools.serve("once=true")
        key, port = pool_of(url), int(url.rpartition(":")[2])
        workers = [pools.work(url, server.url, name) for name in ("one", "two", "three")]
        kills = 0
        while kills < 20:
            time.sleep(rng.uniform(0.1, 2.0))
            pool.send_signal(signal.SIGKILL)
            pool.wait()
            kills += 1
            pool, again = pools.serve("once=true", port=port)
            assert again == url
            if kills % 7 == 0:  # and a worker
                worker = rng.randrange(3)
                workers[worker].kill()
                workers[worker].wait()
                workers[worker] = pools.work(url, server.url, ("one", "two", "three")[worker])
            assert pool_of(url) == key
        out = pool.communicate(timeout=120)[0]
        assert pool.returncode == 0, out
        for worker in workers:
            assert worker.wait(60) == 0, worker.stdout.read()
    found = pools.records()
    assert len(found) == len({(problem, sample) for problem, sample, *_ in found}) == 120
    ledger = pools.folder / "runs/generate/t/ledger.jsonl"
    verify_ledger(ledger, key)
    lines = [json.loads(line) for line in ledger.read_text().splitlines()]
    worked = [unit for line in lines if line["kind"] == "work" for unit in line["about"]["rollouts"]]
    assert len(worked) == len(set(worked))


@pytest.mark.parametrize(
    ("arguments", "said", "status"),
    [
        (["pool"], "usage: synthetic1 pool serve", 2),
        (["pool", "--help"], "usage: synthetic1 pool serve", 0),
        (["pool", "serve", "--help"], "audit", 0),
        (["pool", "serve", "env=math"], "model_name", 2),
        (["pool", "serve", "env=math", "model=x", "admins=[abc]"], "64 lower-case hexadecimal", 2),
        (["worker", "--help"], "--join", 0),
        (["worker", "--join", "http://127.0.0.1:9"], "--server URL, or --launch", 2),
        (["worker", "--join", "http://127.0.0.1:9", "--server", "http://127.0.0.1:9/v1"], "no pool answers", 2),
    ],
)
def test_what_is_wrong_is_said_in_one_line(tmp_path, arguments, said, status):
    if arguments[0] == "worker" and "--help" not in arguments:
        arguments = [*arguments, "--key", str(tmp_path / "node.key"), "--patience", "0"]
    ended = program(*arguments)
    out = ended.communicate(timeout=60)[0]
    assert ended.returncode == status, out
    assert said in out
    assert "Traceback" not in out
