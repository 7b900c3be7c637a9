"""Runs of generation for tests: real programs in processes of their own, against a scripted server."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import faulty
import pytest
import recorded_runs
import scripted_process

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def scripted():
    """``with scripted("--right", "0.5") as server:`` a server in a process of its own."""
    return scripted_process.scripted


@pytest.fixture(scope="session")
def faults(require, tmp_path_factory):
    """``faults("generate", …, below=folder, at=7, how="eio")`` runs a program with a fault at its 7th call."""
    require("a C compiler", shutil.which("cc"), "apt-get install gcc")
    folder = tmp_path_factory.mktemp("faults")
    with faulty.faulty(faulty.build(folder), folder) as started:
        yield started


@pytest.fixture(scope="session")
def forked(tmp_path_factory):
    """``forked("generate", …, below=folder)`` runs a program as it is, in a fork: importing it takes seconds."""
    with faulty.faulty(None, tmp_path_factory.mktemp("forked")) as started:
        yield started


@pytest.fixture
def tasks(tmp_path):
    """Forty mathematical tasks that say their answers."""
    path = tmp_path / "tasks.jsonl"
    rows = [
        {
            "problem_id": f"p{i:03d}",
            "task_type": "verifiable_math",
            "prompt": f"What is {i} + {i}? It is said that {i} + {i} = {2 * i}",
            "verification_info": json.dumps({"ground_truth": str(2 * i)}),
            "source": "test",
            "metadata": json.dumps({"level": i % 3}),
        }
        for i in range(40)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


class Runs:
    """Starts the program, and reads what it left."""

    def __init__(self, folder: Path, tasks: Path, forked: faulty.Faulty, journal: str | None = None) -> None:
        self.folder, self.tasks, self.forked, self.journal = folder, tasks, forked, journal

    def beside(self, folder: Path) -> Runs:
        """Those of another folder, as of another machine; with a journal in PostgreSQL, they are the same runs."""
        return Runs(folder, self.tasks, self.forked, self.journal)

    def command(self, *overrides: str, program: str = "generate") -> list[str]:
        command = [sys.executable, str(ROOT / f"datagen/{program}.py"), f"runs={self.folder}"]
        if program == "generate":
            command += ["env=math", f"env.tasks={self.tasks}", "env.split=train", "run_name=t", "model=scripted"]
            shared = self.journal and "journal=null" not in overrides
            command += [f"journal='{self.journal}'", "lease_s=2"] if shared else []
        return [*command, *overrides]

    def start(self, *overrides: str, **options) -> subprocess.Popen:
        """As a command line would: a process to be signalled."""
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        return subprocess.Popen(
            self.command(*overrides, **options),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=ROOT,
        )

    def __call__(self, *overrides: str, status: int = 0, program: str = "generate") -> str:
        """To its end."""
        command = self.command(*overrides, program=program)[2:]
        ended = self.forked(program, *command, below=self.folder)
        assert ended.status == status, ended.err[-3000:] + ended.out[-2000:]
        return ended.out if status in (0, 3) else ended.err  # 3: samples are missing

    def records(self, name: str = "t") -> set[tuple]:
        """Everything recorded, as values that can be compared."""
        return recorded_runs.records(self.folder, name)


@pytest.fixture
def runs(tmp_path, tasks, forked, request):
    """Runs with a journal in a file; in PostgreSQL for tests that say so by ``both``."""
    shared = getattr(request, "param", "sqlite") == "postgresql"
    return Runs(tmp_path / "runs", tasks, forked, request.getfixturevalue("database") if shared else None)
