"""The sandbox: programs in, results out, over a pool of slots."""

from __future__ import annotations

import contextlib
import os
import weakref
from collections.abc import AsyncIterator, Sequence
from functools import partial

from synthetic1.sandbox.backend import Backend
from synthetic1.sandbox.execution.compile_cache import CompileCache
from synthetic1.sandbox.execution.dialogue import Party, open_dialogue
from synthetic1.sandbox.execution.planning import (
    PreparedProgram,
    called_function,
    prepare_program,
    signature_error,
    with_origin,
)
from synthetic1.sandbox.execution.pool import Pool
from synthetic1.sandbox.execution.run import ProgramRun
from synthetic1.sandbox.languages.language import ProgramPlan, SignatureError
from synthetic1.sandbox.languages.registry import get_language, languages
from synthetic1.sandbox.program import MIB, Input, Limits, Program
from synthetic1.sandbox.result import Result


def usable_cores() -> int:
    """How many cores this process may use: the number of slots, if none is given."""
    return max(1, len(os.sched_getaffinity(0)))


class Sandbox:
    """Made by ``open_sandbox``. It belongs to the event loop that it was opened in.

    After a fork of the process the child leaves the parent's slots alone and starts its own.

    Args:
        slots: how many programs run at once.
        cache: where compilations are kept.
    """

    def __init__(self, backend: Backend, slots: int, cache: CompileCache) -> None:
        self.backend = backend
        self.description = ""
        """One line: which kind of sandbox, and why it was taken."""
        self._cache = cache
        self._pool = Pool(backend, slots)
        _sandboxes.add(self)

    async def open(self) -> None:
        """Make the backend ready and start one agent, which shows whether it really works.

        Raises:
            SandboxUnavailable: it does not work here.
        """
        self.description = await self.backend.open()
        (slot,) = await self._pool.acquire()
        try:
            await slot.ready(Limits().memory_mb * MIB)
        finally:
            self._pool.release(slot)

    def run(
        self, program: Program, inputs: Sequence[Input], limits: Limits | None = None, *, fresh: bool = False
    ) -> ProgramRun:
        """Run ``program`` once for each input, in their order, each time in a process of its own.

        Args:
            inputs: all of them stdin, or all of them calls of one function.
            limits: of each input, and of the compiler; None = ``Limits()``.
            fresh: Python starts a new interpreter each time. Else a warm one forks, which is ten times as fast, and a
                program that fails there runs again in a new one before it is reported.

        Returns:
            ``await`` it for the list of all results, or use ``async with … as run`` and ``async for result in run``;
            leaving that block early stops the program. A program that does not compile has one result, which says so.

        Raises (as soon as it is awaited):
            UnknownLanguage: no such language.
            ValueError: inputs of several kinds, or a call's argument that JSON cannot hold.
            SandboxError: the sandbox failed, twice at the same input; says nothing about the program.
        """
        bounds = limits or Limits()
        return ProgramRun(
            self._pool,
            self._cache,
            lambda: prepare_program(program, called_function(inputs), bounds),
            inputs,
            fresh=fresh,
        )

    @contextlib.asynccontextmanager
    async def dialogue(
        self, parts: Sequence[Program | tuple[Program, str]], limits: Limits | Sequence[Limits] | None = None
    ) -> AsyncIterator[tuple[Party, ...]]:
        """Start several programs at once, each in a slot and one process of its own, to talk with over their channels.

        Args:
            parts: programs as they are, or with the name of a function, whose harness then serves calls on the channel.
            limits: one for all, or one each; the clock starts when all of them have been compiled.

        Raises:
            UnknownLanguage: no such language.
            SandboxError: the sandbox failed.
        """
        each = [limits or Limits()] * len(parts) if limits is None or isinstance(limits, Limits) else list(limits)
        prepared: list[PreparedProgram | Result] = []
        for part, limit in zip(parts, each, strict=True):
            program, function = part if isinstance(part, tuple) else (part, None)
            try:
                prepared.append(prepare_program(program, function, limit))
            except SignatureError as error:
                prepared.append(with_origin(signature_error(error), self.backend, {}))
        async with open_dialogue(self._pool, self._cache, prepared) as parties:
            yield parties

    async def aclose(self) -> None:
        """End all slots and what they run. What is under way fails with SandboxError. May be called twice."""
        await self._pool.aclose()
        await self.backend.close()

    async def versions(self) -> dict[str, str]:
        """Language → what its compiler or interpreter says of its version; only languages that are there.

        Raises:
            SandboxError: the sandbox failed.
        """
        found = {}
        for name in languages():
            language = get_language(name)
            if not language.version:
                continue
            plan = ProgramPlan(files={}, argv=language.version)
            prepare = partial(PreparedProgram, language, plan, Limits(), frozenset())
            (result,) = await ProgramRun(self._pool, self._cache, prepare, [b""], fresh=True)
            if result.status == "ok":
                found[name] = result.stdout.decode("utf-8", errors="replace").splitlines()[0]
        return found

    def _reset_after_fork(self) -> None:
        self._pool.reset_after_fork()
        self.backend.abandon()
        self._cache.reset_after_fork()


_sandboxes: weakref.WeakSet[Sandbox] = weakref.WeakSet()


def _after_fork() -> None:
    for sandbox in list(_sandboxes):
        sandbox._reset_after_fork()


os.register_at_fork(after_in_child=_after_fork)
