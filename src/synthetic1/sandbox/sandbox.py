"""The sandbox: programs in, results out, over a pool of slots."""

from __future__ import annotations

import contextlib
import logging
import os
import weakref
from collections.abc import AsyncIterator, Sequence
from functools import partial

from synthetic1.sandbox.backend import Backend
from synthetic1.sandbox.errors import MissingPackage
from synthetic1.sandbox.execution.compile_cache import CompileCache
from synthetic1.sandbox.execution.dialogue import Party, open_dialogue
from synthetic1.sandbox.execution.inventory import find_missing
from synthetic1.sandbox.execution.planning import (
    PreparedProgram,
    called_function,
    prepare_program,
    signature_error,
    with_origin,
)
from synthetic1.sandbox.execution.pool import Pool
from synthetic1.sandbox.execution.run import ProgramRun
from synthetic1.sandbox.languages import packages
from synthetic1.sandbox.languages.language import ProgramPlan, SignatureError
from synthetic1.sandbox.languages.packages import Package, imported_packages, install_advice
from synthetic1.sandbox.languages.registry import get_language, languages
from synthetic1.sandbox.languages.versions import older_than_image
from synthetic1.sandbox.program import MIB, Input, Limits, Program
from synthetic1.sandbox.result import Result

log = logging.getLogger(__name__)
_warned: set[tuple[str, str]] = set()  # (backend, in what a tool is older) that the log has been told


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
        self._missing: frozenset[Package] | None = None
        self._older: dict[str, str] = {}
        self._knows: dict[str, bool] = {}
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
            SandboxError: the sandbox failed, twice at the same input, and with a known program in its place as well. If
                that one runs, the program is ``tampered``.
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
        self,
        parts: Sequence[Program | tuple[Program, str]],
        limits: Limits | Sequence[Limits] | None = None,
        *,
        fresh_agents: bool = False,
    ) -> AsyncIterator[tuple[Party, ...]]:
        """Start several programs at once, each in a slot and one process of its own, to talk with over their channels.

        Args:
            parts: programs as they are, or with the name of a function, whose harness then serves calls on the channel.
            limits: one for all, or one each; the clock starts when all of them have been compiled.
            fresh_agents: see ``open_dialogue``; for after a ``DialogueLost``.

        Raises:
            UnknownLanguage: no such language.
            DialogueLost: an agent was lost; the way on is ``fresh_agents``.
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
        async with open_dialogue(self._pool, self._cache, prepared, fresh_agents=fresh_agents) as parties:
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
            result = await self._ask(name, ProgramPlan(files={}, argv=language.version), "")
            if result.status == "ok":
                found[name] = result.stdout.decode("utf-8", errors="replace").splitlines()[0]
        return found

    async def missing_packages(self) -> frozenset[Package]:
        """Declared packages (``languages.packages``) that are not here, or do not work.

        The sandbox itself is asked, once: nothing that a program does or says changes the answer.

        Raises:
            SandboxError: the sandbox failed.
        """
        if self._missing is None:
            self._missing = await find_missing(self._ask, packages.PACKAGES)
        return self._missing

    async def require_for(self, program: Program) -> None:
        """Of a program that failed: see that this was not for want of a package or a standard that programs may use.

        Raises:
            UnknownLanguage: no such language.
            MissingPackage: it needs what is not here; says what would bring it.
            SandboxError: the sandbox failed.
        """
        language = get_language(program.language)
        imported = imported_packages(program.source, language.name)
        missing = [one for one in imported if one in await self.missing_packages()]
        if missing:
            names = ", ".join(one.name for one in missing)
            raise MissingPackage(
                f"{self.backend.name}: the program uses {names}, which programs may and this sandbox has not:"
                f" {install_advice(missing)}, or take sandbox=docker"
            )
        if language.knows_standard:
            if language.id not in self._knows:
                asked = await self._ask(language.id, ProgramPlan(files={}, argv=language.knows_standard), "")
                self._knows[language.id] = asked.status == "ok"
            if not self._knows[language.id]:
                raise MissingPackage(
                    f"{self.backend.name}: its compiler does not know {language.standard}; take a newer one,"
                    " or sandbox=docker"
                )

    async def older_tool(self, name: str) -> str:
        """In what the language's compiler or interpreter is older than the image's; ``""`` if it is not. The sandbox
        is asked once, and says so once in the log.

        Raises:
            UnknownLanguage: no such language.
            SandboxError: the sandbox failed.
        """
        language = get_language(name)
        if language.name not in self._older:
            result = await self._ask(language.name, ProgramPlan(files={}, argv=language.version), "")
            said = result.stdout.decode("utf-8", errors="replace") if result.status == "ok" else ""
            older = self._older[language.name] = older_than_image(language, said)
            if older and (self.backend.name, older) not in _warned:
                _warned.add((self.backend.name, older))
                log.warning(
                    "sandbox %s: %s. Programs that use what it lacks may fail: take a newer one, or sandbox=docker",
                    self.backend.name,
                    older,
                )
        return self._older[language.name]

    async def _ask(self, language: str, plan: ProgramPlan, stdin: str) -> Result:
        """Run a program of ours once, in a fresh interpreter."""
        prepare = partial(PreparedProgram, get_language(language), plan, Limits(), frozenset())
        (result,) = await ProgramRun(self._pool, self._cache, prepare, [stdin], fresh=True)
        return result

    def _reset_after_fork(self) -> None:
        self._pool.reset_after_fork()
        self.backend.abandon()
        self._cache.reset_after_fork()


_sandboxes: weakref.WeakSet[Sandbox] = weakref.WeakSet()


def _after_fork() -> None:
    for sandbox in list(_sandboxes):
        sandbox._reset_after_fork()


os.register_at_fork(after_in_child=_after_fork)
