"""Jobs, one after the other: lay out the box, build, run each input, leave nothing behind."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from dataclasses import replace

from synthetic1.sandbox.agent.box import Box
from synthetic1.sandbox.agent.host import Host
from synthetic1.sandbox.agent.job import Build, Job
from synthetic1.sandbox.agent.launch import Command, Launcher, LauncherError, Process, Streams, Warm
from synthetic1.sandbox.agent.run import Ran, Run
from synthetic1.sandbox.agent.wire import PROTOCOL

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
        """Until the host is gone.

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

    def _serve(self, number: object, job: Job, blobs: list[bytes]) -> bool:
        contents = zip(job.files, blobs, strict=True)
        self._box.make([(name, mode, blob) for (name, mode), blob in contents], build=job.build is not None)
        clean, runnable = (True, True) if job.build is None else self._build(number, job, job.build)
        if clean and runnable:
            clean = self._run_inputs(number, job)
        return self._clear() and clean

    def _clear(self) -> bool:
        """Whether nothing of the job is left, processes or files."""
        clean = self._launcher.sweep()
        for folder in (self._box.work, self._box.build):
            if os.path.isdir(folder):
                clean = self._launcher.empty(folder) and clean
        return self._box.remove() and clean

    def _build(self, number: object, job: Job, build: Build) -> tuple[bool, bool]:
        """Compile and tell the host; whether nothing is left over, and whether there is now something to run."""
        command = self._command(build.argv, self._box.build, job, build)
        run = Run(
            lambda streams: self._launcher.start(command, streams),
            build.bounds,
            address_space=self._launcher.memory_limit == "address_space",
        )
        ran = run.go(self._host, self._child_signal)
        outcome, made = ran.outcome, []
        if outcome.ended_by is None and outcome.exit_code == 0:
            for name in build.outputs:
                content = self._box.built(name, build.output_bytes - sum(map(len, made)))
                if content is None:
                    outcome = replace(outcome, ended_by="output")
                    break
                made.append(content)
        runnable = outcome.ended_by is None and outcome.exit_code == 0
        said = (ran.stdout + ran.stderr)[: build.bounds.stderr_bytes]
        self._host.send({"op": "built", "id": number, "outcome": outcome.to_header()}, said, *(made if runnable else ()))
        if runnable:
            for name, content in zip(build.outputs, made, strict=True):
                self._box.add(name, 0o755, content)
        return ran.clean, runnable

    def _run_inputs(self, number: object, job: Job) -> bool:
        """Whether nothing is left over."""
        command = self._command(job.argv, self._box.work, job, None)
        # A dialogue cannot be told twice, so it is told to a fresh interpreter from the start.
        warm = self._launcher.warm(command) if job.zygote and not job.dialogue and job.inputs else None
        try:
            for _ in range(job.inputs):
                given = self._host.next_input()
                if given is None:
                    return True
                index, (stdin, channel) = given
                ran = None
                if warm is not None:
                    ran = self._run_warm(warm, number, job, stdin, channel)
                    if ran is None or ran.crashed:
                        ran = None
                        if not (self._launcher.sweep() and self._launcher.empty(self._box.work)):
                            return False
                interpreter = "fresh" if ran is None else "zygote"
                if ran is None:
                    ran = self._run(lambda streams: self._launcher.start(command, streams), number, job, stdin, channel)
                if ran.outcome.ended_by == "stop":
                    return ran.clean
                header = {"op": "result", "id": number, "index": index, "interpreter": interpreter}
                header["outcome"] = ran.outcome.to_header()
                self._host.send(header, ran.stdout, ran.stderr, ran.channel)
                if not (ran.clean and self._launcher.empty(self._box.work)):
                    return False
        finally:
            if warm is not None:
                warm.close()
        return True

    def _run_warm(self, warm: Warm, number: object, job: Job, stdin: bytes, channel: bytes) -> Ran | None:
        """None: the zygote is gone, which may be the program's doing; a fresh interpreter will tell."""
        try:
            return self._run(warm.start, number, job, stdin, channel)
        except LauncherError:
            return None

    def _run(
        self, start: Callable[[Streams], Process], number: object, job: Job, stdin: bytes, channel: bytes
    ) -> Ran:
        run = Run(
            start,
            job.bounds,
            stdin,
            channel if job.channel else None,
            number if job.dialogue else None,
            self._launcher.memory_limit == "address_space",
        )
        return run.go(self._host, self._child_signal)

    def _command(self, argv: list[str], cwd: str, job: Job, build: Build | None) -> Command:
        """The command as whoever starts it needs it: found, and with all of its environment."""
        found = argv[0] if "/" in argv[0] else shutil.which(argv[0], path=self._path)
        env = {"PATH": self._path, "HOME": cwd, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TMPDIR": "/tmp", **job.env}
        bounds, purpose = (job.bounds, "run") if build is None else (build.bounds, "build")
        return Command([found or argv[0], *argv[1:]], cwd, env, bounds, purpose)  # type: ignore[arg-type]


def _child_signal() -> int:
    """A descriptor that becomes readable on SIGCHLD."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)  # ignored, it would not wake
    return reading
