"""The environments of other packages, in which adapters are tested against the real thing: `bash locks/adapters.sh`."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


def adapter_python(name: str, require: Callable[[str, object, str], None]) -> str:
    """The interpreter of the environment ``name`` (``locks/adapters/NAME.in``); ``require`` is the fixture. Tests take
    the fixture of the same name, by which they are known as ``integrations``.

    Where no Python that the package wants is on this machine, the test is skipped, even if everything is required:
    no command of ours could bring one.
    """
    python = ROOT / ".cache/adapters" / name / "bin/python"
    made = (python.parent.parent / "stamp").exists()
    wanted = _header(name, "python")
    if not made and wanted and not _has_python(wanted):
        pytest.skip(f"{name} needs Python {wanted}, which is not on this machine")
    require(f"the environment of {name}", made, f"bash locks/adapters.sh {name}")
    return str(python)


def run_script(
    python: str, script: str | Path, *arguments: str, env: dict[str, str] | None = None, timeout_s: float = 240
) -> Any:
    """Run a script of ``tests/support`` or ``docs`` with another environment's interpreter.

    Returns what its last line holds as JSON; fails with its output where it ended badly.
    """
    done = run([python, str(script), *arguments], env=env, timeout_s=timeout_s)
    return json.loads(done.strip().splitlines()[-1])


def run(command: Sequence[str], *, env: dict[str, str] | None = None, timeout_s: float = 240) -> str:
    """What a command prints; fails with all of it where it ended badly."""
    env = compiling() if env is None else env
    done = subprocess.run(
        command, env=env, cwd=ROOT, timeout=timeout_s, capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode:
        pytest.fail(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-4000:]}\n{done.stderr[-6000:]}")
    return done.stdout


def compiling() -> dict[str, str]:
    """This process's environment, in which Python keeps what it compiles: the packages here are imported again and
    again, and nobody compiled them when they were installed."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _header(name: str, field: str) -> str | None:
    lines = (ROOT / "locks/adapters" / f"{name}.in").read_text(encoding="utf-8").splitlines()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(f"# {field}:")), None)


def _has_python(version: str) -> bool:
    done = subprocess.run(
        ["bash", str(ROOT / "locks/adapters.sh"), "--has-python", version], capture_output=True, check=False
    )
    return done.returncode == 0
