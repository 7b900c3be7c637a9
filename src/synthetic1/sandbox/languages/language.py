"""What the sandbox has to know of a language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class ProgramPlan:
    """A program made ready for the agent: files, how to build, how to run (see ``agent.job.Job`` for the layout)."""

    files: Mapping[str, bytes]
    argv: tuple[str, ...]
    """Seen from ``box/work``: ``("../main",)``, ``("{python}", "-s", "../main.py")``; ``{tool}`` is looked up."""
    build: tuple[str, ...] | None = None
    """Seen from ``box/build``, where all files stand: ``("{cxx}", "-O2", …, "-o", "main", "main.cpp")``."""
    outputs: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    fork_server: bool = False
    channel: bool = False


@dataclass(frozen=True)
class Language:
    """One language. A further one is a value like this in ``languages/registry.py``."""

    name: str
    aliases: tuple[str, ...]
    """Other names, lower case, as fences and rows write them: ``c++``, ``py``, ``js``."""
    source_name: str
    """The file the source goes to, ``main.py``."""
    tools: Mapping[str, tuple[str, ...]]
    """Placeholder → commands to look for on the PATH, best first: ``{"cxx": ("g++",)}``."""
    plan: Callable[[str], ProgramPlan]
    """``plan(source)``: as a whole program that reads stdin."""
    plan_call: Callable[[str, str], ProgramPlan]
    """``plan_call(source, function)``: the program with a harness that serves calls over the channel.

    The harness reads requests from the channel, a line each: ``NONCE [arg, …]``. It answers each with a line
    ``NONCE {"value": …}``, ASCII JSON; of a function that returns nothing (``void``, ``-> None``) and can change its
    first argument, ``NONCE {"value": null, "instead": …}`` with that argument after the call. It ends
    with exit code 0 when the channel has no more requests. What the program writes to stdout is its own business.
    Raises ``SignatureError`` when no harness can be made.
    """
    version: tuple[str, ...] = ()
    """Command that prints the version, ``("{cxx}", "--version")``: part of the compile cache's key."""
    standard: str = ""
    """Of a dialect, the standard that it keeps to, which is one of its aliases: ``c++17``, ``rust2018``."""
    knows_standard: tuple[str, ...] = ()
    """Of a dialect, a command that fails where the compiler is too old for its standard."""
    recommended: str = ""
    """The version that the image has, as ``version`` shows it: ``22``. Older ones lack what programs use."""
    dialects: tuple[Language, ...] = ()
    """The language as certain standards have it. Each has this one's name, and aliases of its own."""

    @property
    def id(self) -> str:
        """What ``get_language`` finds it by: its standard if it has one, else its name."""
        return self.standard or self.name


class SignatureError(ValueError):
    """The program has no such function, or one whose types no JSON value can fill. One line; a fault of the program."""
