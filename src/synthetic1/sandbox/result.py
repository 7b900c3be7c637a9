"""What comes back: one result an input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal[
    "ok",  # ended by itself with exit code 0
    "runtime_error",  # another exit code, or a signal
    "time_limit",
    "memory_limit",
    "output_limit",
    "compile_error",
    "tampered",  # of a call: no answer, more than one, or one that is not JSON, exit code 0; or it took agents away
]
MemoryLimit = Literal["cgroup", "address_space"]


@dataclass(frozen=True)
class Result:
    """How the program did on one input."""

    index: int
    """Which input; results come in the order of the inputs."""
    status: Status
    stdout: bytes = b""
    """Up to ``Limits.stdout_bytes``."""
    stderr: bytes = b""
    """Up to ``Limits.stderr_bytes``; of a ``compile_error``, what the compiler said."""
    returned: str | None = None
    """Of a call: the returned value as JSON text, exactly one, as the program's side wrote it; untrusted."""
    instead: str | None = None
    """Of a call that returned nothing, as JSON text: what stands for its value where one is wanted. Of a function that
    works in place, its first argument after the call; of one that returns nodes, ``[]``. As untrusted as the value."""
    exit_code: int | None = None
    signal: int | None = None
    cpu_s: float = 0.0
    """CPU seconds of all its processes."""
    wall_s: float = 0.0
    peak_memory_bytes: int = 0
    why: str = ""
    """One line for people: which limit, which signal."""
    interpreter: Literal["fresh", "fork_server"] = "fresh"
    sandbox: str = ""
    """``docker``, ``bubblewrap`` or ``subprocess``."""
    memory_limit: MemoryLimit = "cgroup"
    """What held the memory limit: with ``address_space``, memory that is mapped and not touched counts too."""
    unsafe: bool = False
    """True if nothing kept the program from the machine."""
