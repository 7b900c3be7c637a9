"""The sandbox: programs in, results out, over a pool of slots."""

from __future__ import annotations

import asyncio
import contextlib
import os
import weakref
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from synthetic1.sandbox.agent.job import Outcome
from synthetic1.sandbox.backend import Backend
from synthetic1.sandbox.errors import SandboxError
from synthetic1.sandbox.execution.compile_cache import CompileCache, Compiled
from synthetic1.sandbox.execution.dialogue import Party, start_parties
from synthetic1.sandbox.execution.planning import (
    BUILD_LOG_BYTES,
    Work,
    called_function,
    compiled_of,
    make_work,
    signature_error,
)
from synthetic1.sandbox.execution.pool import Pool
from synthetic1.sandbox.execution.run import Run
from synthetic1.sandbox.execution.slot import GRACE_S, Slot, SlotFailed
from synthetic1.sandbox.languages.language import Plan, SignatureError
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
        self._size = slots
        self._cache = cache
        self._pool = Pool(backend, slots)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._leaving: set[asyncio.Task[None]] = set()
        self._closed = False
        _sandboxes.add(self)

    async def open(self) -> None:
        """Make the backend ready and start one agent, which shows whether it really works.

        Raises:
            SandboxUnavailable: it does not work here.
        """
        self._loop = asyncio.get_running_loop()
        self.description = await self.backend.open()
        (slot,) = await self.take(1)
        try:
            await slot.ready(Limits().memory_mb * MIB)
        finally:
            self.give_back(slot)

    def run(
        self, program: Program, inputs: Sequence[Input], limits: Limits | None = None, *, fresh: bool = False
    ) -> Run:
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
        return Run(self, lambda: make_work(program, called_function(inputs), bounds), inputs, fresh=fresh)

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
        works: list[Work | Result] = []
        for part, limit in zip(parts, each, strict=True):
            program, function = part if isinstance(part, tuple) else (part, None)
            try:
                works.append(make_work(program, function, limit))
            except SignatureError as error:
                works.append(self.sign(signature_error(error), {}))
        slots = await self.take(len(parts))
        parties: tuple[Party, ...] = ()
        try:
            parties = await start_parties(self, slots, works)
            yield parties
        finally:
            for party in parties:
                await party.leave()
            for slot in slots:
                self.give_back(slot)

    async def aclose(self) -> None:
        """End all slots and what they run. What is under way fails with SandboxError. May be called twice."""
        self._closed = True
        self._pool.close(SandboxError("the sandbox was closed"))
        await asyncio.gather(*(slot.close() for slot in self._pool.slots))
        while self._leaving:
            await asyncio.wait(self._leaving)
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
            plan = Plan(files={}, argv=language.version)
            (result,) = await Run(self, partial(Work, language, plan, Limits(), frozenset()), [b""], fresh=True)
            if result.status == "ok":
                found[name] = result.stdout.decode("utf-8", errors="replace").splitlines()[0]
        return found

    # For runs and dialogues -------------------------------------------------------------------------------------------

    async def take(self, count: int) -> list[Slot]:
        """``count`` slots at once, each of which must be given back."""
        self._check()
        slots = await self._pool.acquire(count)
        if self._closed:
            for slot in slots:
                self._pool.release(slot)
            self._check()
        return slots

    def give_back(self, slot: Slot) -> None:
        """Let others have the slot, once what it still does has been stopped; nobody waits for that."""
        if slot.settled:
            self._pool.release(slot)
            return
        leaving = asyncio.get_running_loop().create_task(self._finish(slot, self._pool))
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)

    async def _finish(self, slot: Slot, pool: Pool) -> None:
        try:
            await slot.finish()
        finally:
            pool.release(slot)

    async def build(self, slot: Slot, work: Work) -> Compiled | None:
        """What the compiler makes of the program, from the cache or in this slot; None if it needs no compiler.

        Raises:
            SlotFailed, SandboxUnavailable: the slot failed.
        """
        if work.plan.build is None:
            return None
        key = work.build_key(self.backend.toolchain)
        async with self._cache.lock(key):
            found = self._cache.get(key)
            if found is not None:
                return found
            await slot.ready(work.build_memory_bytes)
            job, blobs = work.build_job()
            assert job.build is not None
            slot.begin(job, blobs)
            header, sent = await slot.receive(
                job.build.bounds.wall_s + GRACE_S, 2 * BUILD_LOG_BYTES + job.build.output_bytes + MIB
            )
            try:
                outcome = Outcome.from_header(header["outcome"])
                said, *outputs = sent
                compiled = compiled_of(outcome, work.limits, said, outputs)
                fine = header["op"] == "built" and len(outputs) == (len(job.build.outputs) if compiled.ok else 0)
            except (KeyError, TypeError, ValueError):
                fine = False
            if not fine:
                raise SlotFailed(f"the agent sent no compilation: {str(dict(header))[:200]}")
            await slot.receive(GRACE_S, 0)  # done
            if outcome.ended_by != "wall":  # a busy machine's fault, perhaps; everything else would come out the same
                self._cache.put(key, compiled)
            return compiled

    def sign(self, result: Result, hello: Mapping[str, Any]) -> Result:
        """``result`` with where it comes from."""
        return replace(
            result,
            sandbox=self.backend.name,
            memory_limit="cgroup" if hello.get("memory_limit", "cgroup") == "cgroup" else "address_space",
            unsafe=self.backend.unsafe,
        )

    def _check(self) -> None:
        if self._closed:
            raise SandboxError("the sandbox was closed")
        loop = asyncio.get_running_loop()
        if self._loop is None:
            self._loop = loop
        elif self._loop is not loop:
            raise SandboxError("the sandbox belongs to another event loop; open one in this loop")

    def _forked(self) -> None:
        for slot in self._pool.slots:
            slot.abandon()
        self.backend.abandon()
        self._pool = Pool(self.backend, self._size)
        self._cache = CompileCache(
            self._cache.folder, max_bytes=self._cache.max_bytes
        )  # its locks belong to the parent
        self._loop, self._leaving = None, set()


_sandboxes: weakref.WeakSet[Sandbox] = weakref.WeakSet()


def _after_fork() -> None:
    for sandbox in list(_sandboxes):
        sandbox._forked()


os.register_at_fork(after_in_child=_after_fork)
