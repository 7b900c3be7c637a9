"""Choosing a sandbox: the first kind that works here, or the one that is asked for."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Generator
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, get_args

from synthetic1.sandbox.backend import Backend
from synthetic1.sandbox.errors import SandboxUnavailable
from synthetic1.sandbox.execution.compile_cache import CompileCache
from synthetic1.sandbox.sandbox import Sandbox, usable_cores

Kind = Literal["auto", "docker", "bubblewrap", "subprocess"]

log = logging.getLogger(__name__)
_logged: set[str] = set()


@dataclass(frozen=True)
class Settings:
    """What ``open_sandbox`` takes; see there.

    Raises:
        ValueError: a setting that the kind does not know, or ``subprocess`` without ``unsafe``.
    """

    kind: Kind = "auto"
    slots: int | None = None
    image: str | None = None
    runtime: str | None = None
    engine: str | None = None
    rootfs: str | None = None
    cache: str | os.PathLike[str] | None = None
    unsafe: bool = False

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise ValueError(f"sandbox must be one of {', '.join(get_args(Kind))}; got {self.kind!r:.40}")
        if self.slots is not None and self.slots < 1:
            raise ValueError(f"slots must be at least 1, or None for one a core; got {self.slots}")
        if self.kind == "subprocess" and not self.unsafe:
            raise ValueError(
                "sandbox=subprocess keeps programs from nothing on this machine; if you mean it: unsafe=true"
            )
        if not self.kinds:
            raise ValueError("image, runtime and engine are settings of docker, rootfs is one of bubblewrap")

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds to try, in this order. ``auto`` never takes one that would ignore a setting."""
        kinds: tuple[Kind, ...] = ("docker", "bubblewrap") if self.kind == "auto" else (self.kind,)
        if self.image or self.runtime or self.engine:
            kinds = tuple(kind for kind in kinds if kind == "docker")
        if self.rootfs:
            kinds = tuple(kind for kind in kinds if kind == "bubblewrap")
        return kinds

    def backend(self, kind: Kind) -> Backend:
        """A backend of that kind, not yet open."""
        return _BACKENDS[kind](self)


def _docker(settings: Settings) -> Backend:
    from synthetic1.sandbox.docker.backend import DockerBackend

    return DockerBackend(image=settings.image, runtime=settings.runtime, engine=settings.engine)


def _bubblewrap(settings: Settings) -> Backend:
    from synthetic1.sandbox.local.bubblewrap import BubblewrapBackend

    return BubblewrapBackend(rootfs=settings.rootfs)


def _subprocess(settings: Settings) -> Backend:
    from synthetic1.sandbox.local.subprocess import SubprocessBackend

    return SubprocessBackend()


_BACKENDS: dict[str, Callable[[Settings], Backend]] = {
    "docker": _docker,
    "bubblewrap": _bubblewrap,
    "subprocess": _subprocess,
}


def open_sandbox(
    kind: Kind = "auto",
    *,
    slots: int | None = None,
    image: str | None = None,
    runtime: str | None = None,
    engine: str | None = None,
    rootfs: str | None = None,
    cache: str | os.PathLike[str] | None = None,
    unsafe: bool = False,
) -> Opening:
    """Open a sandbox: ``async with open_sandbox() as sandbox``, or ``await open_sandbox()`` and ``aclose()`` it later.

    Args:
        kind: ``docker``, ``bubblewrap``, ``subprocess``; ``auto`` takes the first of the first two that works here.
        slots: how many programs run at once; None = one a usable core.
        image: of docker; None = what ``synthetic1 sandbox build`` made.
        runtime: of docker, such as ``runsc``.
        engine: of docker, its address; None = ``DOCKER_HOST``, or the engine of this machine.
        rootfs: of bubblewrap, a folder to take as the root in place of this machine's programs.
        cache: folder of the compile cache; None = ``$XDG_CACHE_HOME/synthetic1/compile``.
        unsafe: allow ``subprocess``, which keeps programs from nothing.

    Raises:
        ValueError: at once, a setting that makes no sense.
        SandboxUnavailable: on opening, nothing that was asked for works here; says for each kind what would help.
    """
    return Opening(Settings(kind, slots, image, runtime, engine, rootfs, cache, unsafe))


class Opening:
    """A sandbox about to be opened: an awaitable, and an asynchronous context manager."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._sandbox: Sandbox | None = None

    def __await__(self) -> Generator[object, None, Sandbox]:
        return open_with(self._settings).__await__()

    async def __aenter__(self) -> Sandbox:
        self._sandbox = await self
        return self._sandbox

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._sandbox is not None
        await self._sandbox.aclose()


async def open_with(settings: Settings) -> Sandbox:
    """The first kind of sandbox that opens. Says once in the log which, and why none before it.

    Raises:
        SandboxUnavailable: none opens.
    """
    refusals: list[str] = []
    for kind in settings.kinds:
        cache = CompileCache(settings.cache)
        sandbox = Sandbox(settings.backend(kind), settings.slots or usable_cores(), cache)
        try:
            await sandbox.open()
        except SandboxUnavailable as error:
            refusals.append(str(error))
            await sandbox.aclose()
            continue
        except BaseException:
            await asyncio.shield(sandbox.aclose())
            raise
        because = f"; not {'; not '.join(refusals)}" if refusals else ""
        sandbox.description = f"{kind}: {sandbox.description}{because}"
        if sandbox.description not in _logged:
            _logged.add(sandbox.description)
            log.info("sandbox %s", sandbox.description)
        return sandbox
    raise SandboxUnavailable("; ".join(refusals))
