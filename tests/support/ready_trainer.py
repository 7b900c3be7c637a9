"""Runs programs of trainers, each in a fork of a process that has imported what trains, which takes ten seconds.

``ready.run("trainers/grpo.py", "seed=1")`` and ``ready.start(…)`` are to a test what ``subprocess.run`` and ``Popen``
of this Python would be: a process with its own streams, signals and exit status. What a program imports, and how it
starts, is seen only in one that is started. ``python tests/support/ready_trainer.py`` is the other side of it.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parents[2]
MOST_S = 480.0  # stops what hangs
LONGEST_ORDER = 1 << 16
IMPORTS = (
    *("trainers.grpo", "trainers.sft", "trainers.trl_process", "jobs.tracking", "scale.choice", "reports.terminal"),
    *(f"trainers.reinforcement.{name}" for name in ("callbacks", "evaluating", "grpo_trainer", "memory", "runs")),
    *(f"trainers.reinforcement.{name}" for name in ("objective.reward", "rollout", "train_set", "trl_config", "watch")),
    *("trainers.finetuning.run", "envs.code_understanding"),
)


class Started:
    """A program that runs."""

    def __init__(self, channel: socket.socket, arguments: Sequence[str]) -> None:
        self.returncode: int | None = None
        self._channel = channel
        self._err = tempfile.TemporaryFile("w+")  # noqa: SIM115
        reading, writing = os.pipe()
        socket.send_fds(channel, [json.dumps(arguments).encode()], [writing, self._err.fileno()])
        os.close(writing)
        self.stdout = os.fdopen(reading)
        self.pid = int(channel.recv(32))
        self._watch = threading.Timer(MOST_S, self.send_signal, [signal.SIGKILL])
        self._watch.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.returncode is None:
            self.send_signal(signal.SIGKILL)
            self.communicate()

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def communicate(self) -> tuple[str, str]:
        """The rest of what it says, and all its errors, once it has ended."""
        said = self.stdout.read()
        self.stdout.close()
        self.returncode = int(self._channel.recv(32))
        self._watch.cancel()
        self._err.seek(0)
        errors = self._err.read()
        self._err.close()
        return said, errors


class ReadyTrainer:
    """The process that is forked; one program runs at a time."""

    def __init__(self) -> None:
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                cwd=ROOT,
                env=os.environ | {"OMP_NUM_THREADS": "1"},
            )

    def start(self, *arguments: str) -> Started:
        """As ``python *arguments`` from the root of the checkout, with one thread."""
        return Started(self._channel, arguments)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        with self.start(*arguments) as program:
            said, errors = program.communicate()
        assert program.returncode is not None
        return subprocess.CompletedProcess(list(arguments), program.returncode, said, errors)

    def close(self) -> None:
        self._channel.close()
        self._process.wait()


def _import_everything() -> None:
    importlib.import_module("synthetic1.trainers.trl_process").prepare_imports("transformers")
    for name in IMPORTS:
        importlib.import_module(f"synthetic1.{name}")
    for name in ("AutoModelForCausalLM", "PreTrainedTokenizerFast", "Qwen3ForCausalLM", "PrinterCallback"):
        assert getattr(importlib.import_module("transformers"), name)


def _become(arguments: list[str], out: int, err: int) -> None:
    """Be the program that this command line starts."""
    for handle, number in ((out, 1), (err, 2)):
        os.dup2(handle, number)
        os.close(handle)
    sys.argv, sys.orig_argv = arguments[:], [sys.executable, *arguments]
    if arguments[0] == "-c":
        del sys.argv[1]
        exec(compile(arguments[1], "<string>", "exec"), {"__name__": "__main__"})
    else:
        sys.path.insert(0, str(Path(arguments[0]).resolve().parent))
        runpy.run_path(arguments[0], run_name="__main__")


def serve(channel: socket.socket) -> None:
    _import_everything()
    threads = {path.read_text().strip() for path in Path("/proc/self/task").glob("*/comm")}
    threads -= {Path("/proc/self/comm").read_text().strip(), "jemalloc_bg_thd"}  # which survives a fork
    assert not threads, f"a fork would lose the threads {threads}, which an import started"
    while True:
        order, handles, _, _ = socket.recv_fds(channel, LONGEST_ORDER, 2)
        if not order:
            return
        child = os.fork()
        if child == 0:
            channel.close()
            _become(json.loads(order), *handles)
            return
        for handle in handles:
            os.close(handle)
        channel.send(b"%d" % child)
        _, status = os.waitpid(child, 0)
        channel.send(b"%d" % os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
