"""The command line as it was typed, and the one that goes on from where it stopped."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path


def typed() -> list[str]:
    """The words of this process's command line, the interpreter first: whatever has been made of ``sys.argv`` since."""
    return list(sys.orig_argv)


def given(arguments: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(name, value) of the settings among the words of a command line, without Hydra's signs before them."""
    for argument in arguments:
        name, separator, value = argument.partition("=")
        if separator and not argument.startswith("-"):
            yield name.lstrip("+~"), value


def with_settings(words: Sequence[str], settings: Mapping[str, str]) -> str:
    """A command line for a shell: ``words`` with these settings, in place of what it said of them.

    The interpreter is named as from the folder a person is in, where that is shorter.
    """
    kept = [word for word in words if not any(name in settings for name, _ in given([word]))]
    return shlex.join([_nearby(kept[0]), *kept[1:], *(f"{name}={value}" for name, value in settings.items())])


def going_on(*, overwrites: bool) -> str:
    """How a trainer that was stopped goes on, as a whole command if it was typed as one.

    Args:
        overwrites: the run has ``overwrite=true``, from its recipe or from the command line.
    """
    more = {"resume": "true"} | ({"overwrite": "false"} if overwrites else {})
    if "WORLD_SIZE" in os.environ:  # of a launcher (accelerate, torchrun), whose command line was typed
        return f"go on with the same command and {' '.join(f'{name}={value}' for name, value in more.items())}"
    return f"go on with: {with_settings(typed(), more)}"


def _nearby(program: str) -> str:
    path = Path(program)
    if path.is_absolute() and path.is_relative_to(Path.cwd()):
        return str(path.relative_to(Path.cwd()))
    return program
