"""Jobs, one after the other: lay out the box, build, run each input, leave nothing behind."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import signal
from collections.abc import Callable
from dataclasses import replace

from synthetic1.sandbox.agent.box import Box
from synthetic1.sandbox.agent.host import Host
from synthetic1.sandbox.agent.job import Bounds, Build, Job
from synthetic1.sandbox.agent.launchers.launcher import (
    Command,
    Launcher,
    LauncherError,
    Process,
    Purpose,
    Streams,
    WarmProgram,
)
from synthetic1.sandbox.agent.supervisor import FinishedProcess, Supervisor
from synthetic1.sandbox.agent.wire import PROTOCOL

_LIMITS = ("cpu", "wall", "memory")
"""Where a program's own time and memory decide."""
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Agent:
    """Serves one host with one launcher.

    Args:
        root: the folder to work in.
    """

    def __init__(self, host: Host, launcher: Launcher, root: str) -> None:
        self._host, self._launcher, self._box = host, launcher, Box(root)
        self._path = os.environ.get("PATH") or _PATH
        self._child_signal = _child_signal()

    def serve(self) -> None:
        """Serve it until it is gone.

        Raises:
            HostGone, WireError: the end.
        """
        hello = {"protocol": PROTOCOL, "launcher": self._launcher.name, "memory_limit": self._launcher.memory_limit}
        self._host.send({"op": "hello", **hello})
        while True:
            header, blobs = self._host.next_job()
            number = header["id"]
            try:
                clean = self._serve(number, Job.from_header(header), blobs)
            except (LauncherError, OSError, KeyError, TypeError, ValueError) as error:
                self._host.send({"op": "fault", "id": number, "why": f"{type(error).__name__}: {error}"})
                self._clear()
                clean = False
            self._host.end()
            self._host.send({"op": "done", "id": number, "clean": clean})

    def close(self) -> None:
        """Once the launcher is closed: remove the files of a job that was broken off."""
        with contextlib.suppress(OSError):
            self._box.remove()

    def _serve(self, number: object, job: Job, blobs: list[bytes]) -> bool:
        contents = zip(job.files, blobs, strict=True)
        self._box.make([(name, mode, blob) for (name, mode), blob in contents], build=job.build is not None)
        clean = built = True
        if job.build is not None:
            built, clean = self._build(number, job, job.build)
        if built and clean and job.inputs:
            clean = self._run_inputs(number, job)
        return self._clear() and clean

    def _build(self, number: object, job: Job, build: Build) -> tuple[bool, bool]:
        """Whether there is something to run now; whether nothing else is left."""
        command = self._command(build.argv, self._box.build, job, build.bounds, "build")
        ran = self._run(lambda streams: self._launcher.start(command, streams), build.bounds, may_idle=False)
        said, outcome, outputs = (ran.stderr + ran.stdout)[: build.bounds.stderr_bytes], ran.outcome, []
        if outcome.exit_code == 0 and outcome.ended_by is None:
            made = {name: self._box.built(name, build.output_bytes) for name in build.outputs}
            outputs = [content for content in made.values() if content is not None]
            if len(outputs) < len(made) or sum(map(len, outputs)) > build.output_bytes:
                outcome, outputs = replace(outcome, ended_by="output"), []
        for name, content in zip(build.outputs, outputs, strict=False):
            self._box.add(name, 0o755, content)
        clean = self._launcher.empty(self._box.build) and ran.clean
        self._host.send({"op": "built", "id": number, "outcome": outcome.to_header()}, said, *outputs)
        return outcome.exit_code == 0 and outcome.ended_by is None, clean

    def _run_inputs(self, number: object, job: Job) -> bool:
        """Whether nothing but the box is left."""
        command = self._command(job.argv, self._box.work, job, job.bounds, "run")
        warm = self._launcher.warm(command) if job.fork_server and not job.dialogue else None
        try:
            for _ in range(job.inputs):
                given = self._host.next_input()
                if given is None:
                    break
                index, (stdin, channel) = given
                ran, interpreter, warm = self._run_input(number, job, command, warm, stdin, channel)
                if ran.outcome.ended_by == "stop":
                    return ran.clean
                answer = {"index": index, "outcome": ran.outcome.to_header(), "interpreter": interpreter}
                self._host.send({"op": "result", "id": number, **answer}, ran.stdout, ran.stderr, ran.channel)
                if not (ran.clean and self._launcher.empty(self._box.work)):
                    return False
        finally:
            if warm is not None:
                warm.close()
        return True

    def _run_input(
        self, number: object, job: Job, command: Command, warm: WarmProgram | None, stdin: bytes, channel: bytes
    ) -> tuple[FinishedProcess, str, WarmProgram | None]:
        """How it ran, in which interpreter, and the fork server if it is still of use."""
        words = channel if job.channel else None
        if warm is not None:
            try:
                ran = self._run(warm.start, job.bounds, stdin, words)
                missed = not warm.exact and ran.outcome.ended_by in _LIMITS
                if not ((ran.crashed or missed) and ran.clean):
                    return ran, "fork_server", warm
                if missed:  # and so may the next ones be: no program takes twice its time more than once
                    warm.close()
                    warm = None
            except LauncherError:
                assert warm is not None
                warm.close()
                warm = None
                self._launcher.sweep()
            self._launcher.empty(self._box.work)
        dialogue = number if job.dialogue else None
        start = functools.partial(self._launcher.start, command)
        try:
            ran = self._run(start, job.bounds, stdin, words, dialogue)
        except LauncherError:
            if dialogue is not None or not (self._launcher.sweep() and self._launcher.empty(self._box.work)):
                raise
            ran = self._run(start, job.bounds, stdin, words)  # a fresh start, by means that were not lost
        return ran, "fresh", warm

    def _run(
        self,
        start: Callable[[Streams], Process],
        bounds: Bounds,
        stdin: bytes = b"",
        channel: bytes | None = None,
        dialogue: object = None,
        *,
        may_idle: bool = True,
    ) -> FinishedProcess:
        address_space = self._launcher.memory_limit == "address_space"
        supervisor = Supervisor(start, bounds, stdin, channel, dialogue, address_space, may_idle)
        return supervisor.run(self._host, self._child_signal)

    def _clear(self) -> bool:
        """Whether nothing of the job is left, neither processes nor files."""
        clean = self._launcher.sweep()
        for folder in (self._box.work, self._box.build):
            clean = (not os.path.isdir(folder) or self._launcher.empty(folder)) and clean
        return self._box.remove() and clean

    def _command(self, argv: list[str], cwd: str, job: Job, bounds: Bounds, purpose: Purpose) -> Command:
        own = cwd if self._launcher.name == "plain" else "/tmp"  # elsewhere /tmp is the program's own, too
        env = {"PATH": self._path, "HOME": own, "TMPDIR": own, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", **job.env}
        name = argv[0] if "/" in argv[0] else shutil.which(argv[0], path=env["PATH"])
        if name is None:  # which is not the program's fault
            raise LauncherError(f"there is no {argv[0]} in this sandbox")
        return Command([name, *argv[1:]], cwd, env, bounds, purpose)


def _child_signal() -> int:
    """A descriptor that becomes readable on SIGCHLD."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return reading
