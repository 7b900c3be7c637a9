"""Whose parts these are: the start of a run that processes, which may outlive it, work for."""

from __future__ import annotations

import fcntl
import os
import secrets
from pathlib import Path
from typing import Any

from datatrove.pipeline.base import PipelineStep

from synthetic1.jobs.program import ProgramError

AT_WORK, OWNER = "at_work.lock", "owner"
_held: dict[str, int] = {}
"""Locks of this process, by path; for all its life, since datatrove goes on writing when a step has returned."""


class WorkOfOwner(PipelineStep):  # type: ignore[misc]
    """First step in a process of datatrove's: a sign that it is at work, and an end to those whose parent was killed.

    datatrove's processes outlive ``kill -9`` of their parent, and the lock of the run's folder is not theirs. Each
    holds a shared lock as long as it lives, and the next start of the run waits for all of these. One that comes to it
    later finds that the parts are another's.
    """

    type, name = "🔒 - LOCK", "work of owner"

    def __init__(self, logs: str, owner: str) -> None:
        super().__init__()
        self.logs, self.owner = logs, owner

    def run(self, data: Any, rank: int = 0, world_size: int = 1) -> Any:
        """Raises ProgramError: the process that this part was begun for has been killed."""
        lock = os.path.join(self.logs, AT_WORK)
        if lock not in _held:
            _held[lock] = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            fcntl.flock(_held[lock], fcntl.LOCK_SH)
        if not is_owner(Path(self.logs), self.owner):
            raise ProgramError("the process that this part was begun for has been killed")
        return data


def after_earlier_processes(logs: Path) -> str:
    """Wait for processes of an earlier start on this machine; the name of the new owner of all parts."""
    handle = os.open(logs / AT_WORK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"{logs.name}: processes of an earlier start end the parts that they are at", flush=True)
            fcntl.flock(handle, fcntl.LOCK_EX)
        owner = secrets.token_hex(8)
        (logs / OWNER).write_text(owner, encoding="ascii")
        return owner
    finally:
        os.close(handle)  # which unlocks it, before datatrove forks what would inherit it


def is_owner(logs: Path, owner: str) -> bool:
    """Raises FileNotFoundError: the folder is not there, on another machine."""
    return (logs / OWNER).read_text(encoding="ascii") == owner
