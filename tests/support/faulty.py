"""Runs programs of datagen, with a fault at one call or none, each in a fork of a process that has imported everything.

``python tests/support/faulty.py``, with ``faults.c`` preloaded or not, reads orders as JSON lines, answers a line each.
``Faulty`` is the other side of it, for tests.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SMALL_CHECKPOINT = 8  # pages: so that short runs meet checkpoints, too


@dataclass(frozen=True)
class Ended:
    """How a program ended."""

    status: int
    """Its exit status, or minus the signal that ended it."""
    out: str
    err: str
    calls: tuple[tuple[str, str], ...]
    """Name and path of each counted call, in order."""
    fired: bool
    """The call that the fault was at has been reached."""


class Faulty:
    """A process that imported the programs, and runs one when asked."""

    def __init__(self, library: Path | None, folder: Path) -> None:
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        if library is not None:
            environment["LD_PRELOAD"] = str(library)
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=HERE.parents[1],
        )

    def __call__(
        self, program: str, *overrides: str, below: Path, at: int = 0, how: str = "count", which: str = "sync"
    ) -> Ended:
        """Run a program to its end.

        Args:
            below: the folder whose files' calls are counted.
            at: the call that the fault is at, from 1.
            how: what happens there; see ``faults.c``, for ``which`` too.
        """
        log, out, err = (self.folder / name for name in ("calls", "out", "err"))
        log.unlink(missing_ok=True)
        order = {"program": program, "overrides": overrides, "below": str(below.absolute())}
        order |= {"at": at, "how": how, "which": which, "log": str(log), "out": str(out), "err": str(err)}
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        status = int(self.process.stdout.readline())
        lines = log.read_text().splitlines() if log.exists() else []
        calls = tuple((name, path) for _, name, path in (line.split(" ", 2) for line in lines))
        return Ended(status, out.read_text(), err.read_text(), calls, 0 < at <= len(calls))

    def close(self) -> None:
        self.process.communicate()


@contextlib.contextmanager
def faulty(library: Path | None, folder: Path) -> Iterator[Faulty]:
    """With ``faults.c`` built; or without: then programs run as they are, and nothing is counted."""
    started = Faulty(library, folder)
    try:
        yield started
    finally:
        started.close()


def build(folder: Path) -> Path:
    """Compile ``faults.c``."""
    library = folder / "faults.so"
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-O1", "-Wall", "-o", library, HERE / "faults.c", "-ldl"],
        check=True,
        capture_output=True,
    )
    return library


def _with_faults() -> bool:
    return "LD_PRELOAD" in os.environ


def _import_everything() -> None:
    import aiohttp  # noqa: F401
    import fsspec.implementations.local  # noqa: F401
    import hydra
    import pyarrow.parquet
    from hydra._internal.hydra import Hydra

    import synthetic1.datagen.export
    import synthetic1.datagen.exporting.card
    import synthetic1.datagen.exporting.columns
    import synthetic1.datagen.exporting.decontaminate
    import synthetic1.datagen.exporting.manifest
    import synthetic1.datagen.generate
    import synthetic1.datagen.generation.run
    import synthetic1.datagen.journal.runs
    import synthetic1.datagen.verify
    import synthetic1.envs.code_understanding
    import synthetic1.envs.math
    import synthetic1.reports.progress
    from synthetic1.tasks.formats import readers

    for name in (
        "_plot_families",
        "_plot_pass_rates",
        "_plot_lengths",
    ):  # a second of drawing, which is not tested here
        assert callable(getattr(synthetic1.datagen.exporting.card, name))
        setattr(synthetic1.datagen.exporting.card, name, lambda path, counts: path.write_bytes(repr(counts).encode()))
    # Hydra composes everything twice, first only to ask whether it is to sweep, which no run here does.
    assert callable(Hydra.get_mode)
    Hydra.get_mode = lambda *_, **__: None  # type: ignore[method-assign]
    # What is slow the first time: the readers of every layout, pandas below pyarrow, the grammar of overrides.
    for module in readers.BUILT_IN:
        importlib.import_module(module)
    pyarrow.parquet.write_table(pyarrow.table({"a": ["b"]}), pyarrow.BufferOutputStream())
    with hydra.initialize_config_module("synthetic1.configs", version_base="1.3"):
        hydra.compose("generate", ["env=mixture", "~env.mixture.easy", "+env.mixture.a={id: b, weight: 1.0}"])


def _child(order: dict[str, Any]) -> None:
    """Become the program, with the fault armed."""
    programs = {name: sys.modules[f"synthetic1.datagen.{name}"] for name in ("generate", "verify", "export")}
    for handle, name in ((1, order["out"]), (2, order["err"])):
        opened = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.dup2(opened, handle)
        os.close(opened)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.argv = [f"{order['program']}.py", *order["overrides"]]
    if _with_faults():
        sys.modules["synthetic1.datagen.journal.sqlite_database"].CHECKPOINT_PAGES = SMALL_CHECKPOINT
        os.environ.pop("LD_PRELOAD")  # of verifiers' processes
        arm = ctypes.CDLL(None).faults_arm
        arm(*(order[name].encode() for name in ("below", "log", "which", "how")), ctypes.c_long(order["at"]))
    programs[order["program"]].main()


def serve() -> None:
    _import_everything()
    for line in sys.stdin:
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            _child(json.loads(line))
            return
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    serve()
