"""A dialogue: programs that run at the same time, each in a slot of its own, to be talked with over their channels."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence

from synthetic1.sandbox.agent.job import BUSY, Job, Outcome
from synthetic1.sandbox.errors import SandboxError
from synthetic1.sandbox.execution.build import build
from synthetic1.sandbox.execution.compile_cache import CompileCache
from synthetic1.sandbox.execution.lost_agent import decide
from synthetic1.sandbox.execution.planning import PreparedInput, PreparedProgram, compile_error, result_of, with_origin
from synthetic1.sandbox.execution.pool import Pool
from synthetic1.sandbox.execution.slot import GRACE_S, SandboxSlot, SlotFailed
from synthetic1.sandbox.program import MIB
from synthetic1.sandbox.result import Result


class DialogueLost(SandboxError):
    """An agent was lost in the middle of a dialogue. Whose fault that is, a dialogue with fresh ones decides."""


_Ready = tuple[SandboxSlot, PreparedProgram, Job, list[bytes]]
"""What ``Party.start`` takes."""


class Party:
    """One program of a dialogue. Its channel is a stream of bytes both ways, at fd 3; its stdin is empty."""

    def __init__(self, *, fresh_agent: bool = False) -> None:
        self._fresh_agent = fresh_agent
        self._slot: SandboxSlot | None = None
        self._said: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._result: Result | None = None
        self._failure: SandboxError | None = None
        self._over = asyncio.Event()
        self._listening: asyncio.Task[None] | None = None

    def start(self, slot: SandboxSlot, program: PreparedProgram, job: Job, blobs: list[bytes]) -> None:
        """Begin; ``job`` is of a dialogue, and the slot is ready for it."""
        slot.begin(job, blobs)
        slot.send({"op": "input", "index": 0}, [b"", b""])
        slot.flush()
        self._slot = slot
        self._listening = asyncio.create_task(self._listen(slot, program))

    def decline(self, result: Result) -> None:
        """Its program cannot be started at all: ``result`` says why."""
        self._finish(result)

    async def send(self, data: bytes) -> None:
        """Write to the program's channel. After its end this does nothing.

        Raises:
            SandboxError: the sandbox failed.
        """
        self._raise_failure()
        if self._slot is not None and not self._over.is_set():
            self._slot.send({"op": "channel"}, [data])
            self._slot.flush()

    async def receive(self) -> bytes | None:
        """What the program wrote to its channel since the last time; waits for it. None: it has ended.

        Raises:
            SandboxError: the sandbox failed.
        """
        data = await self._said.get()
        if data is None:
            self._said.put_nowait(None)  # for whoever asks again
            self._raise_failure()
        return data

    async def hangup(self) -> None:
        """Say that nothing more will be sent: the program reads the end of its channel."""
        if self._slot is not None and not self._over.is_set():
            self._slot.send({"op": "hangup"})
            self._slot.flush()

    async def result(self) -> Result:
        """How it ended; waits for that, and its limits see to it that it ends.

        Raises:
            SandboxError: the sandbox failed.
        """
        await self._over.wait()
        self._raise_failure()
        assert self._result is not None
        return self._result

    async def leave(self) -> None:
        """Stop listening; the slot can be given back."""
        if self._listening is not None:
            self._listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._listening

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _finish(self, result: Result | None = None, failure: SandboxError | None = None) -> None:
        self._result, self._failure = result, failure
        self._over.set()
        self._said.put_nowait(None)

    # A task of its own: an agent that cannot get rid of what the program says would not listen to us either. What it
    # gathers is bounded by the limits of the job.
    async def _listen(self, slot: SandboxSlot, program: PreparedProgram) -> None:
        limits = program.limits
        most = 2 * limits.stdout_bytes + limits.stderr_bytes + MIB
        heard = 0
        try:
            while not self._over.is_set():
                header, blobs = await slot.receive(BUSY * limits.clock_s + GRACE_S, most)
                if header["op"] == "channel" and len(blobs) == 1:
                    heard += len(blobs[0])
                    if heard > most:
                        raise SlotFailed(f"the agent relayed {heard} bytes where at most {most} can be")
                    self._said.put_nowait(blobs[0])
                elif header["op"] == "result":
                    outcome = Outcome.from_header(header["outcome"])
                    stdout, stderr, channel = blobs
                    result = result_of(outcome, 0, limits, stdout, stderr, channel, PreparedInput(b""))
                    self._finish(with_origin(result, slot.backend, slot.hello))
                else:
                    raise SlotFailed(f"the agent sent something else than a dialogue: {str(dict(header))[:200]}")
            await slot.receive(GRACE_S, 0)  # done
        except (SandboxError, KeyError, TypeError, ValueError) as error:
            hello = slot.hello
            await slot.discard()
            if self._over.is_set():
                return
            lost = error if isinstance(error, SlotFailed) else SlotFailed(f"{type(error).__name__}: {error}")
            where = f"{slot.backend.name}, in a dialogue"
            if not self._fresh_agent:
                self._finish(failure=DialogueLost(f"{where}: {lost}"))
                return
            try:
                self._finish(
                    with_origin(await decide(slot, program, lost, where, PreparedInput(b"")), slot.backend, hello)
                )
            except SandboxError as failure:
                self._finish(failure=failure)


@contextlib.asynccontextmanager
async def open_dialogue(
    pool: Pool, cache: CompileCache, programs: Sequence[PreparedProgram | Result], *, fresh_agents: bool = False
) -> AsyncIterator[tuple[Party, ...]]:
    """Start all programs together, each in a slot of its own; leaving the block stops those that still run.

    Args:
        programs: a ``Result`` in place of a program that cannot be started says why.
        fresh_agents: start new ones. A program that loses such an agent is ``tampered``, unless a known program loses
            one as well.

    Raises:
        DialogueLost: from the parties' methods, an agent was lost that was not fresh; open it again with fresh ones.
        SandboxError: the sandbox failed.
    """
    slots = await pool.acquire(len(programs))
    parties: tuple[Party, ...] = ()
    try:
        if fresh_agents:
            await asyncio.gather(*(slot.discard() for slot in slots))
        parties = await _start(slots, cache, programs, fresh_agents=fresh_agents)
        yield parties
    finally:
        for party in parties:
            await party.leave()
        for slot in slots:
            pool.release(slot)


async def _start(
    slots: Sequence[SandboxSlot],
    cache: CompileCache,
    programs: Sequence[PreparedProgram | Result],
    *,
    fresh_agents: bool,
) -> tuple[Party, ...]:
    """Compile all programs, then start them together."""

    async def prepare(slot: SandboxSlot, program: PreparedProgram | Result) -> Result | _Ready:
        if isinstance(program, Result):
            return program
        failures = 0
        while True:
            try:
                compiled = await build(program, slot, cache)
                if compiled is not None and not compiled.ok:
                    return with_origin(compile_error(compiled), slot.backend, slot.hello)
                await slot.ready(program.run_memory_bytes)
                # Never in a fork of the server: a crash there could not be tried again in a fresh interpreter.
                return slot, program, *program.run_job(compiled, 1, fresh=True, dialogue=True)
            except SlotFailed as error:
                await slot.discard()
                failures += 1
                if failures == 2:
                    where = f"{slot.backend.name}, before a dialogue"
                    result = await decide(slot, program, error, where, PreparedInput(b""))
                    return with_origin(result, slot.backend, slot.hello)

    preparing = (prepare(slot, program) for slot, program in zip(slots, programs, strict=True))
    prepared = await asyncio.gather(*preparing, return_exceptions=True)  # so that none goes on behind our back
    for outcome in prepared:
        if isinstance(outcome, BaseException):
            raise outcome
    parties = tuple(Party(fresh_agent=fresh_agents) for _ in programs)
    for party, ready in zip(parties, prepared, strict=True):
        if isinstance(ready, Result):
            party.decline(ready)
        elif not isinstance(ready, BaseException):
            party.start(*ready)
    return parties
