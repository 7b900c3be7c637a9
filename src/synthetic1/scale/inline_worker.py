"""A process beside a node's actor that verifies what never awaits: so a node's cores all work.

    python -m synthetic1.scale.inline_worker        # frames on stdin, frames on stdout; ends with its stdin

A question is two lengths (8 bytes each), a verifier and its pairs, pickled; a reply is one byte (0: verdicts; else why
not: a place in ``REFUSALS``), a length, and the verdicts, pickled, or a text.
"""

from __future__ import annotations

import asyncio
import os
import struct
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from typing import BinaryIO

from synthetic1.scale.sent_verifier import LoadedVerifiers, OtherVerifier, UnreadablePairs

QUESTION = struct.Struct(">QQ")
REPLY = struct.Struct(">BQ")


class WorkerDied(RuntimeError):
    """The process ended while it verified."""


REFUSALS: tuple[type[RuntimeError], ...] = (RuntimeError, RuntimeError, OtherVerifier, UnreadablePairs)
"""What a process may raise, by the first byte of its reply; the driver tells them apart."""


class InlineWorkers:
    """Processes that verify, at most ``most``, each one message at a time; started as they are needed.

    Lives on one event loop.
    """

    def __init__(self, most: int) -> None:
        self._free = asyncio.Semaphore(most)
        self._idle: list[Process] = []
        self._all: list[Process] = []

    async def verify(self, verifier: bytes, pairs: bytes, most_s: float | None = None) -> bytes:
        """The verdicts of ``pairs``, pickled.

        Args:
            most_s: seconds until a process that says nothing is ended: nothing else can interrupt an inline verifier.

        Raises:
            WorkerDied: the process ended, or was ended.
            RuntimeError: the verifier cannot work there.
            OtherVerifier, UnreadablePairs: as ``LoadedVerifiers.verify``.
        """
        async with self._free:
            process = self._idle.pop() if self._idle else await self._start()
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                async with asyncio.timeout(most_s):
                    process.stdin.write(QUESTION.pack(len(verifier), len(pairs)) + verifier + pairs)
                    await process.stdin.drain()
                    failed, size = REPLY.unpack(await process.stdout.readexactly(REPLY.size))
                    reply = await process.stdout.readexactly(size)
            except (asyncio.IncompleteReadError, ConnectionError) as error:
                raise WorkerDied(f"a verifying process ended with status {await process.wait()}") from error
            except TimeoutError as error:
                with suppress(ProcessLookupError):
                    process.kill()
                raise WorkerDied(f"a verifying process said nothing for {most_s:g} s, and was ended") from error
            except BaseException:  # cancelled in the middle of a frame
                with suppress(ProcessLookupError):
                    process.kill()
                raise
            self._idle.append(process)
        if failed:
            raise REFUSALS[failed](reply.decode(errors="replace"))
        return reply

    def kill(self) -> None:
        """End all of them."""
        for process in self._all:
            with suppress(ProcessLookupError):
                process.kill()

    async def _start(self) -> Process:
        env = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        }  # Ray puts the driver's folders there
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "synthetic1.scale.inline_worker", stdin=PIPE, stdout=PIPE, env=env
        )
        self._all = [one for one in self._all if one.returncode is None] + [process]
        return process


def serve(questions: BinaryIO, replies: BinaryIO) -> None:
    """Answer until the questions end."""
    loaded = LoadedVerifiers(cores=1)
    while len(head := questions.read(QUESTION.size)) == QUESTION.size:
        verifier, pairs = (questions.read(size) for size in QUESTION.unpack(head))
        failed, reply = 0, b""
        try:
            reply = loaded.verify_now(verifier, pairs)
        except Exception as error:
            failed = max(1, REFUSALS.index(type(error)) if type(error) in REFUSALS else 1)
            reply = str(error if failed > 1 else f"{type(error).__name__}: {error}").encode(errors="replace")
        replies.write(REPLY.pack(failed, len(reply)) + reply)
        replies.flush()


def main() -> None:
    """Serve on the standard streams; what verifiers print goes to stderr."""
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(sys.stdin.buffer, replies)


if __name__ == "__main__":
    main()
