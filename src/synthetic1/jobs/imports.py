"""Modules of other people's that a program imports first: their verifiers, row readers and environments register."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, Field

from synthetic1.jobs.env_settings import Section


def import_modules(names: Iterable[str]) -> None:
    """Import each module by its dotted name, from what is installed or from the folder a person is in.

    That folder comes last on ``sys.path``, so that nothing in it stands in for an installed package.

    Raises:
        ValueError: one line: which module, and why it cannot be imported.
    """
    here = os.getcwd()
    if here not in sys.path and "" not in sys.path:
        sys.path.append(here)
    for name in names:
        try:
            importlib.import_module(name)
        except (Exception, SystemExit) as error:
            why = " ".join(f"{type(error).__name__}: {error}".split())
            raise ValueError(
                f"`{name}` cannot be imported ({why}); name a module that is installed, or that lies in {here}"
            ) from error


def _imported(names: list[str]) -> list[str]:
    import_modules(names)
    return names


class ProgramSettings(Section):
    """What every program is told. ``imports`` is the first field, so that all others are validated after it."""

    imports: Annotated[list[str], AfterValidator(_imported)] = Field(default_factory=list)
    """Modules to import first: what registers your own verifiers, row readers and environments, e.g. ``[my_env]``."""
