"""The folder of a job, and how anything that a program left in a folder is removed."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable

MOST_REMOVALS = 2_000_000
"""More than any tmpfs has files; a bound, so that a program cannot keep us busy for ever."""


class Box:
    """``ROOT/box``: the program's files, which it cannot write, and ``work`` and ``build``, which it can."""

    def __init__(self, root: str) -> None:
        self.folder = os.path.join(root, "box")
        self.work = os.path.join(self.folder, "work")
        self.build = os.path.join(self.folder, "build")

    def make(self, files: Iterable[tuple[str, int, bytes]], build: bool) -> None:
        """Lay out a job: (name, mode, content) of each file, also in ``build`` if there is something to build.

        Raises:
            OSError: there is no room, or something of the previous job is still there.
            ValueError: a name that leaves the box.
        """
        os.mkdir(self.folder, 0o755)
        os.mkdir(self.work)
        os.chmod(self.work, 0o777)  # the program is another user, and the agent may not give files away
        if build:
            os.mkdir(self.build)
            os.chmod(self.build, 0o777)
        for name, mode, content in files:
            self.add(name, mode, content)
            if build:
                _write(self.build, name, mode, content)

    def add(self, name: str, mode: int, content: bytes) -> None:
        """Raises OSError or ValueError, as ``make``."""
        _write(self.folder, name, mode, content)

    def built(self, name: str, limit: int) -> bytes | None:
        """What the compiler made; None if there is no such plain file, or it has more than ``limit`` bytes."""
        try:
            descriptor = os.open(os.path.join(self.build, name), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            return None
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            return None
        with open(descriptor, "rb") as file:
            content = file.read(limit + 1)
        return content if len(content) <= limit else None

    def remove(self) -> bool:
        """Remove it all, ``work`` and ``build`` having been emptied; False: something stays."""
        return not os.path.lexists(self.folder) or (remove_below(self.folder) and _try(os.rmdir, self.folder))


def remove_below(folder: str, keep: str | None = None) -> bool:
    """Remove what stands in a folder, but for the entry ``keep``, as far as this user may; False: something stays.

    Nothing here follows links or recurses: a folder that is not empty has its entries moved up first, so that neither
    depth nor the length of a path can stop it.
    """
    steps = moved = 0
    while True:
        before = steps
        for name in os.listdir(folder):
            path = os.path.join(folder, name)
            if name == keep:
                continue
            if not stat.S_ISDIR(os.lstat(path).st_mode):
                steps += _try(os.unlink, path)
                continue
            _try(os.chmod, path, 0o700)
            for below in _entries(path):
                inner = os.path.join(path, below)
                if not os.path.islink(inner) and os.path.isdir(inner):
                    _try(os.chmod, inner, 0o700)  # moving a folder writes its `..`
                    while os.path.lexists(target := os.path.join(folder, f".moved-{moved}")):
                        moved += 1  # a program may have taken that name
                    steps += _try(os.rename, inner, target)
                else:
                    steps += _try(os.unlink, inner)
            steps += _try(os.rmdir, path)
        if steps == before or steps > MOST_REMOVALS:
            return not [name for name in _entries(folder) if name != keep]


def _entries(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _try(act: object, *arguments: object) -> bool:
    try:
        act(*arguments)  # type: ignore[operator]
    except OSError:
        return False
    return True


def _write(folder: str, name: str, mode: int, content: bytes) -> None:
    if name.startswith("/") or ".." in name.split("/"):
        raise ValueError(f"file {name!r:.60} leaves the box")
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with open(os.open(path, flags, mode), "wb", buffering=0) as file:
        os.fchmod(file.fileno(), mode)
        view = memoryview(content)
        while view:
            view = view[file.write(view) :]
