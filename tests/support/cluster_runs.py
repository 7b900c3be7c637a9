"""Runs of generation on a cluster, for tests: the program in a process of its own, and what it and the servers left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import recorded_runs

ROOT = Path(__file__).resolve().parents[2]
WAIT_S = 120.0  # for what does not come at all: a machine that is busy is no reason to fail


def until(what: Callable[[], Any], client: subprocess.Popen[str] | None = None, seconds: float = WAIT_S) -> Any:
    """Wait until it is so, while a program runs."""
    ends = time.monotonic() + seconds
    while not (found := what()):
        assert client is None or client.poll() is None, f"it ended before: {client.communicate()[1][-2000:]}"
        assert time.monotonic() < ends, f"not so within {seconds:g} s"
        time.sleep(0.02)
    return found


def math_task(i: int) -> dict[str, Any]:
    """A task that says its answer."""
    said = f"What is {i} + {i}? It is said that {i} + {i} = {2 * i}"
    return _row(i, "verifiable_math", said, {"ground_truth": str(2 * i)})


def code_task(i: int) -> dict[str, Any]:
    """A program that is to print a number; the prompt says which."""
    case = {"type": "stdin_stdout", "input": "", "output": f"{2 * i}\n"}
    info = {"language": "python", "test_cases": [case], "time_limit_s": 10}
    return _row(i, "verifiable_code", f"Print {i} + {i}. It is said that {i} + {i} = {2 * i}", info)


def _row(i: int, task_type: str, prompt: str, info: dict[str, Any]) -> dict[str, Any]:
    row = {"problem_id": f"p{i:03d}", "task_type": task_type, "prompt": prompt, "source": "test"}
    return row | {"verification_info": json.dumps(info), "metadata": "{}"}


class ClusterRuns:
    """Starts ``generate``, reads journals, and the books that stand-ins for vLLM keep (``vllm_stand_in``)."""

    def __init__(self, folder: Path, task: Callable[[int], dict[str, Any]] = math_task, count: int = 40) -> None:
        self.folder, self.books = folder / "runs", folder / "books"
        self.books.mkdir()
        self.hold = self.books / "hold"
        """While it is there, the servers answer nothing after so many requests as it says."""
        self.env = "math" if task is math_task else "code"
        self.tasks = folder / "tasks.jsonl"
        self.tasks.write_text("".join(json.dumps(task(i)) + "\n" for i in range(count)))
        self._started: list[subprocess.Popen[str]] = []

    def start(self, name: str, *overrides: str, program: str = "generate") -> subprocess.Popen[str]:
        """As a command line would: a process to be signalled."""
        command = [sys.executable, str(ROOT / f"datagen/{program}.py"), f"runs={self.folder}"]
        if program == "generate":
            command += [f"env={self.env}", f"env.tasks={self.tasks}", "env.split=train", f"run_name={name}"]
            command += ["model=scripted"]
        process = subprocess.Popen(
            [*command, *overrides],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            cwd=ROOT,
        )
        self._started.append(process)
        return process

    def end(self, process: subprocess.Popen[str], status: int = 0) -> str:
        """What a program has said in all, when it has ended."""
        out, err = process.communicate(timeout=10 * WAIT_S)
        assert process.returncode == status, f"{process.returncode}\n{out[-2000:]}\n{err[-3000:]}"
        return out + err

    def __call__(self, name: str, *overrides: str, status: int = 0, program: str = "generate") -> str:
        """To its end."""
        return self.end(self.start(name, *overrides, program=program), status)

    def serving(self, cluster: Any, *arguments: str, model: str = "scripted") -> tuple[str, ...]:
        """Settings of ``launch=ray`` with the stand-in."""
        said = ",".join(["--book", str(self.books), "--dtype", "auto", *(f"'{one}'" for one in arguments)])
        address = f"ray.address={cluster.address}"
        return (f"model={model}", "launch=ray", address, "thinking_open=false", f"vllm_arguments=[{said}]")

    def records(self, name: str) -> set[tuple[Any, ...]]:
        """Everything recorded, as values that can be compared."""
        return recorded_runs.records(self.folder, name)

    def exported(self, name: str) -> dict[str, bytes]:
        """The rows of an export, by file."""
        to = self.folder / f"{name}-exported"
        self(name, f"run={name}", f"to={to}", program="export")
        return {path.name: path.read_bytes() for path in sorted(to.glob("data/train-*"))}

    def servers(self) -> set[int]:
        """Processes that have said that they are well: a server that is killed before has not started."""
        return {int(path.stem) for path in self.books.glob("*.book") if "\nwell\n" in path.read_text()}

    def asked(self, *servers: int) -> Counter[str]:
        """How often each request came, to these servers or to all."""
        of = servers or self.servers()
        lines = [line for pid in of for line in (self.books / f"{pid}.book").read_text().splitlines()]
        return Counter(line[2:] for line in lines if line.startswith("+"))

    def gpus(self) -> list[str]:
        """Which GPUs the servers were given."""
        heads = [(self.books / f"{pid}.book").read_text().split("\n", 1)[0] for pid in self.servers()]
        return sorted(head.removeprefix("GPUs ") for head in heads)

    def living(self) -> list[int]:
        """Processes of servers, and what they have started, that are alive."""
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                if str(self.books).encode() in path.read_bytes().split(b"\0") and _state(path.parent) != "Z":
                    found.append(int(path.parent.name))
        return found

    def close(self) -> None:
        for process in self._started:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.communicate()
        for pid in self.living():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def parent_of(pid: int) -> int:
    """The process that has started another one."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def _state(process: Path) -> str:
    return (process / "stat").read_text().rpartition(")")[2].split()[0]
