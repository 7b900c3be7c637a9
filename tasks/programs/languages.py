"""The languages that programs are shown in. A further one is a renderer like ``render_python`` and a line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from synthetic1.tasks.programs import render_python
from synthetic1.tasks.programs.program import Program, Stmt


@dataclass(frozen=True, slots=True)
class Language:
    name: str
    """As a person writes it, e.g. ``C++``; the key in ``LANGUAGES`` is what fences and ``metadata.language`` say."""
    render: Callable[[Program], str]
    """A whole program, without a trailing newline."""
    render_simple: Callable[[Stmt], str]
    """One statement on one line, as it stands in the program: what a trace shows."""


LANGUAGES = {"python": Language("Python", render_python.render, render_python.render_simple)}
