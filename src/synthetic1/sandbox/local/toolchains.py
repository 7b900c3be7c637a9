"""The compilers and interpreters of this machine, for sandboxes that bring none of their own."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from synthetic1.sandbox.languages.cpp import PRECOMPILED, precompile_command

_SYSTEM = "/usr/local/bin:/usr/bin:/bin"
COMMANDS = ("python3", "node", "g++", "rustc")


def search_path(root: str, toolchains: Mapping[str, str]) -> str:
    """Where commands are found, as in ``PATH``: below ``root``, then in toolchains."""
    own = [os.path.join(root, folder.lstrip("/")) for folder in _SYSTEM.split(":")]
    return ":".join([*own, *(f"{folder}/bin" for folder in toolchains.values() if os.path.isdir(f"{folder}/bin"))])


def elsewhere() -> dict[str, str]:
    """Name → folder with a ``bin``, of toolchains that this machine has, though not under ``/usr``."""
    found = {}
    for command in COMMANDS:
        system = shutil.which(command, path=_SYSTEM)
        if system is None or not os.path.realpath(system).startswith("/usr/"):
            folder = _folder(command)
            if folder is not None and os.access(f"{folder}/bin/{command}", os.X_OK):
                found[command] = folder
    return found


def _folder(command: str) -> str | None:
    if command == "python3":
        return sys.base_prefix
    path = shutil.which(command) or shutil.which(command, path=os.path.expanduser("~/.cargo/bin"))
    if path is None:
        return None
    if command == "rustc":  # what rustup installs there is a switch that runs another one
        asked = subprocess.run([path, "--print", "sysroot"], capture_output=True, text=True, check=False)
        return asked.stdout.strip() or None
    return str(Path(path).resolve().parent.parent)


def identity(path: str) -> str:
    """Names the compilers on a search path so that others, or newer ones, have another name."""
    parts = [os.confstr("CS_GNU_LIBC_VERSION") or "", os.uname().machine]
    for command in COMMANDS:
        found = shutil.which(command, path=path)
        if found is not None:
            stat = os.stat(found)
            parts.append(f"{os.path.realpath(found)} {stat.st_size} {stat.st_mtime_ns}")
    return hashlib.blake2b("\n".join(parts).encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()


def precompiled(path: str) -> dict[str, str]:
    """The C++ standard library's headers, precompiled, as a toolchain; made once a compiler (3 s, 100 MB) and kept.

    Empty if there is no g++, or no room: programs then compile without, three times as slowly.
    """
    compiler = shutil.which("g++", path=path)
    if compiler is None:
        return {}
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    key = hashlib.blake2b(f"{identity(path)}{precompile_command()}".encode(), digest_size=16).hexdigest()
    folder = Path(home, "synthetic1", "precompiled", key)
    name = PRECOMPILED.removeprefix("/opt/")
    if folder.is_dir():
        return {name: str(folder)}
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as work:
            made = Path(work, "made")
            command = precompile_command(str(made), compiler)
            subprocess.run(["/bin/sh", "-c", command], check=True, capture_output=True, timeout=300)
            with contextlib.suppress(FileExistsError, OSError):  # somebody else was first
                made.rename(folder)
        return {name: str(folder)} if folder.is_dir() else {}
    return {}
