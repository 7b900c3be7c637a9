"""The languages that programs are shown in. A further one is a renderer like ``render_rust`` and a line here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from types import ModuleType

from synthetic1.tasks.programs import render_cpp, render_javascript, render_python, render_rust
from synthetic1.tasks.programs.program import SourceProgram, Stmt


@dataclass(frozen=True, slots=True)
class TargetLanguage:
    name: str
    """As a person writes it, e.g. ``C++``; the key in ``LANGUAGES`` is what fences and ``metadata.language`` say."""
    render: Callable[[SourceProgram], str]
    """A whole program, without a trailing newline."""
    render_statement: Callable[[SourceProgram, Stmt], str]
    """One statement on one line, as it stands in the program: what a trace shows."""
    render_unit: Callable[[Sequence[tuple[SourceProgram, str]]], str]
    """One file that runs many programs, each on its input, and prints the output of each as JSON, a line each."""


def _language(name: str, renderer: ModuleType) -> TargetLanguage:
    return TargetLanguage(name, renderer.render, renderer.render_statement, renderer.render_unit)


LANGUAGES = {
    "python": _language("Python", render_python),
    "javascript": _language("JavaScript", render_javascript),
    "rust": _language("Rust", render_rust),
    "cpp": _language("C++", render_cpp),
}


def parse_languages(languages: str | Iterable[str]) -> tuple[str, ...]:
    """One name, or several in the order they take turns.

    Raises:
        ValueError: one line that says which languages there are.
    """
    names = (languages,) if isinstance(languages, str) or not isinstance(languages, Iterable) else tuple(languages)
    unknown = [name for name in names if not isinstance(name, str) or name not in LANGUAGES]
    if unknown or not names or len(set(names)) < len(names):
        what = f"unknown language {unknown[0]!r:.60}" if unknown else f"cannot read languages {names!r:.60}"
        raise ValueError(f"{what}; languages are {', '.join(LANGUAGES)}, one name or a list of different ones")
    return names
