"""A run: one program over many inputs, as a stream of results."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from dataclasses import replace
from types import TracebackType

from synthetic1.sandbox.agent.job import BUSY, Outcome
from synthetic1.sandbox.errors import SandboxUnavailable
from synthetic1.sandbox.execution.build import build
from synthetic1.sandbox.execution.compile_cache import CompileCache
from synthetic1.sandbox.execution.lost_agent import MOST_LOST, decide
from synthetic1.sandbox.execution.planning import (
    PreparedInput,
    PreparedProgram,
    compile_error,
    prepare_input,
    result_of,
    signature_error,
    with_origin,
)
from synthetic1.sandbox.execution.pool import Pool
from synthetic1.sandbox.execution.slot import GRACE_S, SandboxSlot, SlotFailed
from synthetic1.sandbox.languages.language import SignatureError
from synthetic1.sandbox.program import MIB, Input
from synthetic1.sandbox.result import Result

WINDOW_BYTES = 4 * MIB  # of inputs that the agent has and has not answered
WINDOW_INPUTS = 256
_LARGE = 8 * MIB


class ProgramRun:
    """``await`` it for all results, or iterate over it in ``async with``: leaving the block early stops the program."""

    def __init__(
        self,
        pool: Pool,
        cache: CompileCache,
        prepare: Callable[[], PreparedProgram],
        inputs: Sequence[Input],
        *,
        fresh: bool,
    ) -> None:
        self._pool = pool
        self._cache = cache
        self._taken = False
        self._results = self._stream(prepare, inputs, fresh)

    def __await__(self) -> Generator[object, None, list[Result]]:
        return self._all().__await__()

    async def _all(self) -> list[Result]:
        if self._taken:
            raise RuntimeError("the results of this run were taken already; make another run")
        async with self:
            return [result async for result in self]

    async def __aenter__(self) -> ProgramRun:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._results.aclose()

    def __aiter__(self) -> ProgramRun:
        return self

    async def __anext__(self) -> Result:
        self._taken = True
        return await anext(self._results)

    async def _stream(
        self, prepare: Callable[[], PreparedProgram], inputs: Sequence[Input], fresh: bool
    ) -> AsyncGenerator[Result, None]:
        backend = self._pool.backend
        try:
            program = prepare()
        except SignatureError as error:
            yield with_origin(signature_error(error), backend, {})
            return
        room = _room(inputs)
        answered = lost = 0
        lost_at, lost_s = -1, 0.0
        (slot,) = await self._pool.acquire()
        try:
            while True:
                began = time.monotonic()
                try:
                    compiled = await build(program, slot, self._cache)
                    if compiled is not None and not compiled.ok:
                        yield with_origin(compile_error(compiled), backend, slot.hello)
                        return
                    await slot.ready(program.run_memory_bytes + room)
                    slot.begin(*program.run_job(compiled, len(inputs) - answered, fresh=fresh))
                    window = _Window(slot, [prepare_input(one) for one in inputs[answered:]])
                    first = answered
                    while answered < len(inputs):
                        result = await _next_result(slot, program, window, first, fresh=fresh)
                        answered += 1
                        yield with_origin(result, backend, slot.hello)
                        began = time.monotonic()
                    await slot.receive(GRACE_S, 0)  # done
                    return
                except SandboxUnavailable:
                    raise
                except SlotFailed as error:
                    hello = slot.hello
                    await slot.discard()  # so that the next one is fresh, and has nothing else to do
                    if answered and answered == len(inputs):
                        return  # all is known; only what follows was lost
                    lost += 1
                    lost_s = time.monotonic() - began + (lost_s if lost_at == answered else 0.0)
                    if lost_at != answered and lost < MOST_LOST:
                        lost_at = answered
                        continue
                    where = f"{backend.name}, input {answered}"
                    given = prepare_input(inputs[answered]) if inputs else PreparedInput(b"")
                    verdict = await decide(slot, program, error, where, given, room)
                    alone = error.out_of_memory and lost < MOST_LOST
                    for index in range(answered, answered + 1 if alone else len(inputs)):
                        yield with_origin(replace(verdict, index=index, wall_s=lost_s), backend, hello)
                        answered = index + 1
                    if answered == len(inputs):
                        return
        finally:
            self._pool.release(slot)


def _room(inputs: Sequence[Input]) -> int:
    """Bytes the agent needs for inputs larger than it is prepared for, where its memory counts as the program's."""
    largest = max((len(one) for one in inputs if isinstance(one, bytes | str)), default=0)
    return -(-3 * largest // (64 * MIB)) * 64 * MIB if largest > _LARGE else 0


async def _next_result(
    slot: SandboxSlot, program: PreparedProgram, window: _Window, first: int, *, fresh: bool
) -> Result:
    limits = program.limits
    window.fill()
    # A program that crashes in a fork of the server runs again in a fresh interpreter before it is reported.
    clock_s = BUSY * limits.clock_s * (2 if program.plan.fork_server and not fresh else 1)
    header, blobs = await slot.receive(clock_s + GRACE_S, 2 * limits.stdout_bytes + limits.stderr_bytes + MIB)
    try:
        outcome = Outcome.from_header(header["outcome"])
        stdout, stderr, channel = blobs
        fine = header["op"] == "result" and header["index"] == window.answered and outcome.ended_by != "stop"
    except (KeyError, TypeError, ValueError):
        fine = False
    if not fine:
        raise SlotFailed(f"the agent sent no result of input {window.answered}: {str(dict(header))[:200]}")
    one = window.take()
    result = result_of(outcome, first + window.answered - 1, limits, stdout, stderr, channel, one)
    return replace(result, interpreter="fork_server" if header.get("interpreter") == "fork_server" else "fresh")


class _Window:
    """The inputs of a job on their way: some ahead of the program, so that it never waits, and never all of them."""

    def __init__(self, slot: SandboxSlot, inputs: list[PreparedInput]) -> None:
        self._slot = slot
        self._inputs = inputs
        self._sent = 0
        self._bytes = 0
        self.answered = 0

    def fill(self) -> None:
        while self._sent < len(self._inputs) and self._room_for(self._inputs[self._sent]):
            one = self._inputs[self._sent]
            self._slot.send({"op": "input", "index": self._sent}, [one.stdin, one.channel])
            self._bytes += len(one.stdin) + len(one.channel)
            self._sent += 1

    def _room_for(self, one: PreparedInput) -> bool:
        ahead = self._sent - self.answered
        size = len(one.stdin) + len(one.channel)
        return ahead == 0 or (ahead < WINDOW_INPUTS and self._bytes + size <= WINDOW_BYTES)

    def take(self) -> PreparedInput:
        """The input that was answered now."""
        one = self._inputs[self.answered]
        self._bytes -= len(one.stdin) + len(one.channel)
        self.answered += 1
        return one
