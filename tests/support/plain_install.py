"""An environment as `pip install .` alone would make it: what no core requirement brings cannot be imported.

Run as a program, it reads commands from stdin, runs them one after another in this process, and prints what became of
each; or it runs one program given whole.
"""

from __future__ import annotations

import contextlib
import io
import json
import runpy
import sys
from importlib import metadata
from importlib.abc import MetaPathFinder
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def kept_out() -> list[str]:
    """What can be imported here, and not with the core requirements, and theirs, alone."""
    brought = _closure("synthetic1")
    return sorted(
        name
        for name, sources in metadata.packages_distributions().items()
        if brought.isdisjoint(map(canonicalize_name, sources)) and name not in sys.stdlib_module_names
    )


def _closure(name: str) -> set[str]:
    found: set[str] = set()
    waiting: list[tuple[str, frozenset[str]]] = [(name, frozenset())]
    while waiting:
        name, extras = waiting.pop()
        try:
            requires = metadata.requires(name) or []
        except metadata.PackageNotFoundError:  # a requirement of another platform
            continue
        if canonicalize_name(name) in found:
            continue
        found.add(canonicalize_name(name))
        for requirement in map(Requirement, requires):
            marker = requirement.marker
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
                waiting.append((requirement.name, frozenset(requirement.extras)))
    return found


class _Missing(MetaPathFinder):
    def __init__(self, names: list[str]) -> None:
        self.names = frozenset(names)

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name.partition(".")[0] in self.names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def _run(command: list[str]) -> dict[str, Any]:
    """Status and output of `python FILE …`, or of `synthetic1 …`."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    sys.argv = list(command)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            if command[0] == "synthetic1":
                runpy.run_module("synthetic1.cli", run_name="__main__", alter_sys=False)
            else:
                runpy.run_path(command[0], run_name="__main__")
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        except BaseException as error:
            code = 1
            err.write(f"Traceback: {type(error).__name__}: {error}\nand more\n")
    return {"code": code, "out": out.getvalue(), "err": err.getvalue()}


def main() -> None:
    given = json.load(sys.stdin)
    sys.meta_path.insert(0, _Missing(given["missing"]))
    if program := given.get("program"):
        exec(compile(program, "program", "exec"), {"__name__": "program"})
    else:
        print(json.dumps([_run(command) for command in given["commands"]]))


if __name__ == "__main__":
    main()
