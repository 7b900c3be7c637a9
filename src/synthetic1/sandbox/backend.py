"""What a backend is: something that starts agents. All that is above it is the same for every backend."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import ClassVar

OUT_OF_MEMORY = "out of memory"
"""What ``exit_reason`` says of an agent that the kernel ended for memory."""


class Connection(ABC):
    """One started agent: a slot, which runs one job at a time."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @abstractmethod
    async def set_memory(self, limit_bytes: int) -> None:
        """Make ``limit_bytes`` the memory limit of the coming jobs, where the agent cannot do that itself.

        Raises:
            SandboxError: it could not be set.
        """

    _closing: asyncio.Future[None] | None = None

    async def close(self) -> None:
        """End the agent and everything it started; never raises. A second call returns when it has ended, too."""
        if self._closing is None or self._closing.cancelled():
            self.hang_up()
            self._closing = asyncio.ensure_future(self.end())
        await asyncio.shield(self._closing)

    @abstractmethod
    def hang_up(self) -> None:
        """Break the stream, at once, by which the agent is told to end. Never raises."""

    @abstractmethod
    async def end(self) -> None:
        """After ``hang_up``: wait until it has ended, and remove what is left. Never raises."""

    def abandon(self) -> None:  # noqa: B027 (a connection without descriptors has nothing to do)
        """In a forked child: close the parent's descriptors, or the agent outlives the parent; say nothing to it."""

    @abstractmethod
    async def exit_reason(self) -> str:
        """After the stream ended unasked: one line that says why, as far as can be known."""


class Backend(ABC):
    """A kind of sandbox."""

    name: ClassVar[str]
    unsafe: ClassVar[bool] = False
    toolchain: str = ""
    """Names compilers and flags' surroundings for the compile cache: an image id, versions. Set by ``open``."""
    caveats: tuple[str, ...] = ()
    """What it cannot guarantee here, a line each. Set by ``open``."""

    @abstractmethod
    async def open(self) -> str:
        """Look whether it works here and make ready; sweep away what crashed owners left. One line that describes it.

        Raises:
            SandboxUnavailable: it does not work here; the message says what would bring it.
        """

    @abstractmethod
    async def connect(self) -> Connection:
        """Start one more agent, with a uid of its own for its programs where the backend can.

        Raises:
            SandboxUnavailable: it does not start (any more).
        """

    @abstractmethod
    async def close(self) -> None:
        """Let go of everything; may be called twice, never raises."""

    def abandon(self) -> None:  # noqa: B027 (as above)
        """In a forked child: close the parent's descriptors. The child may use the backend, and gets its own."""
