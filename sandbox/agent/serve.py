"""Jobs, one after the other: lay out the box, build, run each input, leave nothing behind."""

from __future__ import annotations

import os
import shutil
import signal
from typing import Any

from synthetic1.sandbox.agent.box import Box
from synthetic1.sandbox.agent.host import Host
from synthetic1.sandbox.agent.job import Build, Job
from synthetic1.sandbox.agent.launch import Command, Launcher, LauncherError, Warm
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
        clean = True
        if job.build is None or (clean := self._build(number, job, job.build)):
            clean = self._run_inputs(number, job) and clean
        return self._clear() and clean

    def _clear(self) -> bool:
        """Whether nothing of the job is left, processes or files."""
        clean = self._launcher.sweep()
        for folder in (self._box.work, self._box.build):
            if os.path.isdir(folder):
                clean = self._launcher.empty(folder) and clean
        return self._box.remove() and clean

    def _build(self, number: object, job: Job, build: Build) -> bool:
        """Whether there is now something to run."""
        command = self._command(build.argv, self._box.build, job, build)
        ran = Run(lambda streams: self._launcher.start(command, streams), build.bounds).go(self._host, self._child_signal)
        outcome = ran.outcome
        made = [self._box.built(name, build.output_bytes) for name in build.outputs] if outcome.exit_code == 0 else []
        if sum(len(content) for content in made if content) > build.output_bytes:
            made = [None]
        return self._tell_built(number, job, ran, made)
