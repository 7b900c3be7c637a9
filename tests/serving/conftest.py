"""A real server in a process of its own, on loopback."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

SUPPORT = Path(__file__).resolve().parents[1] / "support"
KEY = "a-key-for-the-tests-only"


@dataclass
class RunningServer:
    """A server, and what it has logged."""

    process: subprocess.Popen[str]
    port: int
    log: list[str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(
        self, path: str, body: Any = None, *, key: str | None = KEY, **headers: str
    ) -> tuple[int, dict[str, str], Any]:
        """Status, headers and JSON of a response; a body that is not bytes is sent as JSON."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"Content-Type": "application/json", **({"Authorization": f"Bearer {key}"} if key else {}), **headers}
        request = urllib.request.Request(f"{self.url}{path}", data, sent)
        try:
            with urllib.request.urlopen(request, timeout=120) as response:
                status, text, got = response.status, response.read(), response.headers
        except urllib.error.HTTPError as error:
            status, text, got = error.code, error.read(), error.headers
        told = {name.lower(): value for name, value in got.items()}
        return status, told, json.loads(text) if told["content-type"].startswith("application/json") else text.decode()

    def metric(self, name: str, **labels: str) -> float:
        """The value of a metric; 0 if it is not there yet."""
        wanted = {f'{key}="{value}"' for key, value in labels.items()}
        for line in self.ask("/metrics")[2].splitlines():
            found = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line)
            if found and found[1] == name and wanted == set(filter(None, (found[2] or "").split(","))):
                return float(found[3])
        return 0.0


@contextmanager
def running(*arguments: str, key: str | None = KEY) -> Iterator[RunningServer]:
    """``synthetic1 serve`` with these arguments, on a free port; ended by SIGTERM."""
    env = {name: value for name, value in os.environ.items() if name != "SYNTHETIC1_API_KEY"}
    env["PYTHONPATH"] = os.pathsep.join(filter(None, (str(SUPPORT), env.get("PYTHONPATH"))))
    command = [sys.executable, "-m", "synthetic1.serving.program", "--port", "0", *arguments]
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env={**env, **({"SYNTHETIC1_API_KEY": key} if key else {})}
    )
    assert process.stderr is not None
    log: list[str] = []
    port = 0
    for line in process.stderr:
        log.append(line)
        if found := re.search(r"running on http://[\d.]+:(\d+)", line):
            port = int(found[1])
            break
    assert port, "".join(log)
    drain = threading.Thread(target=log.extend, args=(process.stderr,), daemon=True)
    drain.start()
    try:
        yield RunningServer(process, port, log)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        drain.join(5)


@pytest.fixture(scope="session")
def run_server() -> Callable[..., Any]:
    """``with run_server("--max-pairs", "3") as server:`` a server of the test's own."""
    return running


@pytest.fixture(scope="session")
def server() -> Iterator[RunningServer]:
    """The server of most tests: embedded tasks by id, small limits, and a verifier that waits."""
    tasks = [part for family in ("math", "code_understanding", "stem") for part in ("--tasks", f"embedded:{family}")]
    limits = ("--max-body", "1MiB", "--max-pairs", "100", "--read-timeout", "2")
    families = "math,code_understanding,stem,serving_waits"
    with running(*tasks, *limits, "--import", "waiting_verifier", "--families", families) as server:
        yield server


@pytest.fixture(scope="session")
def row() -> dict[str, Any]:
    """A task of mathematics as its row."""
    return {
        "problem_id": "sum",
        "task_type": "verifiable_math",
        "prompt": "What is 1 + 1?",
        "verification_info": {"ground_truth": "2"},
    }


@pytest.fixture(scope="session")
def waiting_row() -> Callable[[float], dict[str, Any]]:
    """A task whose verifier waits for so many seconds."""
    return lambda seconds: {
        "problem_id": f"wait-{seconds}",
        "task_type": "serving_waits",
        "prompt": "Wait.",
        "verification_info": {"seconds": seconds},
    }
