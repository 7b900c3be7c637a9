"""What is run: a program, its inputs, and the limits it runs under."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

MIB = 2**20


@dataclass(frozen=True)
class Program:
    """A program as source text.

    Raises:
        ValueError: ``source`` is not among ``files``, or a file's name leaves the program's folder.
    """

    language: str
    """``python``, ``javascript``, ``rust``, ``cpp``, or an alias such as ``c++``."""
    source: str
    """The source text that is compiled or run."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Further files beside the source, by name; read-only for the program."""

    def __post_init__(self) -> None:
        for name in self.files:
            if not name or name.startswith(("/", ".")) or ".." in name.split("/") or "\x00" in name:
                raise ValueError(f"a program's file is named relative to its folder, without dots; got {name!r:.60}")


@dataclass(frozen=True)
class Call:
    """Instead of a stdin: call a function of the program with plain values and take what it returns.

    The function may be a top-level one or a method of a class ``Solution``. Each call runs in a process of its own.
    """

    function: str
    args: Sequence[Any]
    """JSON values, one a parameter."""

    def to_json(self) -> str:
        """The arguments as one line of JSON.

        Raises:
            ValueError: an argument that JSON cannot hold.
        """
        try:
            return json.dumps(list(self.args), ensure_ascii=True, allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise ValueError(f"an argument of {self.function} is not a JSON value: {error}") from None


Input = bytes | str | Call
"""One test's input: stdin (a string is sent as UTF-8), or a call."""


@dataclass(frozen=True)
class Limits:
    """What one input may use; the last three are for compiling. Every excess is a status, never an exception.

    Raises:
        ValueError: a limit that is not positive, or has no end.
    """

    cpu_s: float = 10.0
    """CPU seconds, of all its processes together. Exceeded: ``time_limit``."""
    wall_s: float | None = None
    """Seconds by the clock, without those in which it waited for a processor; None = 2 × ``cpu_s`` + 2. Exceeded:
    ``time_limit``. Whatever it waited for, four times as much is the end."""
    memory_mb: int = 512
    """MiB touched, of all its processes and files together. Exceeded: ``memory_limit``."""
    stdout_bytes: int = 16 * MIB
    """Exceeded: ``output_limit``."""
    stderr_bytes: int = 64 * 1024
    """What is kept of it; more is read and dropped, without consequence."""
    processes: int = 64
    """Processes and threads at once. Exceeded: the program's own ``fork`` fails."""
    files_mb: int = 64
    """MiB of files it may write. Exceeded: its own ``write`` fails."""
    build_cpu_s: float = 20.0
    """CPU seconds of the compiler and all that it starts. Exceeded: ``compile_error``, as for the two below."""
    build_memory_mb: int = 1536
    build_output_bytes: int = 64 * MIB
    """Size of what the compiler makes. Of what it says, 64 KiB are kept."""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value is not None and not 0 < value < float("inf"):
                raise ValueError(f"limit {name} must be positive and finite, got {value}")

    @property
    def clock_s(self) -> float:
        """Seconds by the clock one input may take."""
        return self.wall_s if self.wall_s is not None else 2 * self.cpu_s + 2
