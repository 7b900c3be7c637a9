"""Optional packages: which extra of ours brings one, and the sentence that says what to install."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.requirements import Requirement

EXTRAS = ("data", "judge", "sandbox", "train", "vllm", "curate", "serve", "track", "postgres", "ray", "pool")
"""What people use, the smallest that brings a package first; `dev` and `docs` are for work on this project."""
IMPORTED_AS = {
    "binary": "psycopg_binary",  # psycopg[binary]
    "client": "grpc",  # ray[client]
    "hydra-core": "hydra",
    "mlflow-skinny": "mlflow",
    "prometheus-client": "prometheus_client",
}
"""Requirement, or what it says in brackets → what is imported, where the names differ by more than a dash."""


def how_to_install(extra: str) -> str:
    """The command that brings an extra.

    It serves a clone, a wheel and an index alike: pip takes the synthetic1 that is installed, from wherever it came,
    and fetches what the extra adds.
    """
    return f"pip install 'synthetic1[{extra}]' (in a clone: pip install '.[{extra}]')"


def not_installed(module: str, extra: str | None = None) -> str:
    """The sentence for a package that is missing.

    Args:
        module: what could not be imported, e.g. ``pyarrow.parquet``.
        extra: the extra of the program that wanted it, named if it brings the package; else the first that does.
    """
    package = module.partition(".")[0]
    brings = extra_of(package, extra)
    command = how_to_install(brings) if brings else f"pip install {package}"
    return f"the package `{package}` is not installed; run: {command}"


def missing(error: ModuleNotFoundError, extra: str) -> ModuleNotFoundError:
    """The same error, in that sentence."""
    return ModuleNotFoundError(not_installed(error.name or "", extra), name=error.name)


def extra_of(module: str, preferred: str | None = None) -> str | None:
    """The extra that brings what is imported as ``module``: ``preferred`` if that does, else the first of ``EXTRAS``;
    ``None`` where none of them names it."""
    package = module.partition(".")[0]
    brings = [extra for extra in EXTRAS if package in imported_names(extra)]
    return preferred if preferred in brings else next(iter(brings), None)


def imported_names(extra: str) -> set[str]:
    """What the packages of an extra are imported as."""
    names = set()
    for requirement in our_requirements(extra):
        names.add(IMPORTED_AS.get(requirement.name, requirement.name.replace("-", "_")))
        names |= {IMPORTED_AS.get(name, name) for name in requirement.extras}  # trl[vllm]
    return names


def our_requirements(extra: str | None) -> list[Requirement]:
    """The requirements that our own metadata declares for an extra, or for the core (``None``)."""
    from packaging.requirements import Requirement

    try:
        lines = metadata.requires("synthetic1") or []
    except metadata.PackageNotFoundError:  # a folder on PYTHONPATH
        return []
    found = []
    for requirement in map(Requirement, lines):
        marker = requirement.marker
        core = marker is None or "extra" not in str(marker)
        if core if extra is None else (not core and marker is not None and marker.evaluate({"extra": extra})):
            found.append(requirement)
    return found


@contextmanager
def said_in_one_line(program: str, extra: str | None = None) -> Iterator[None]:
    """Within the block a missing package ends the program in one line and exit status 2.

    Args:
        program: as people call it, e.g. ``synthetic1 grpo``.
        extra: what the program needs.

    Raises:
        SystemExit: a package of others is not installed.
        ModuleNotFoundError: a module of ours is missing: a defect, which keeps its traceback.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        message = explained(error, extra)
        if message is None:
            raise
        print(f"{program}: {message}", file=sys.stderr)
        raise SystemExit(2) from None


def explained(error: ModuleNotFoundError, extra: str | None = None) -> str | None:
    """The sentence for an import that failed; ``None`` for a module of ours, or of the standard library."""
    package = (error.name or "").partition(".")[0]
    if not package or package == "synthetic1" or package in sys.stdlib_module_names:
        return None
    return not_installed(package, extra)
