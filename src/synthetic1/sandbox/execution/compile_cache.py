"""What compilers made of programs, kept on the host's disk by content: nothing is compiled twice, failures neither."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
import os
import struct
import tempfile
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from synthetic1.sandbox.agent.job import Bounds
from synthetic1.sandbox.languages.language import ProgramPlan

MAX_BYTES = 2 * 2**30
MEMORY_BYTES = 64 * 2**20
_MAGIC = b"synthetic1 compiled 1\n"  # raise the number when the format or what a key means changes
_DIGEST = 32
_HEAD = struct.Struct("!I")
_STALE_S = 3600  # a temporary file this old was left by a writer that died

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Compiled:
    """What a compiler said of a program and, if it accepted it, what it made."""

    ok: bool
    log: bytes
    """What the compiler said."""
    outputs: tuple[bytes, ...] = ()
    """Contents of the plan's ``outputs``, in their order; empty unless ``ok``."""
    why: str = ""
    """Of a failure, one line for people: the compiler's exit code, or the limit that it hit."""

    @property
    def size(self) -> int:
        """Bytes, as far as the limits of a cache are concerned."""
        return len(self.log) + sum(map(len, self.outputs)) + 256


def cache_key(language: str, plan: ProgramPlan, bounds: Bounds, output_bytes: int, toolchain: str) -> str:
    """The content address of a compilation: 64 hexadecimal digits.

    Everything that can change what the compiler makes takes part, and nothing of how the program is run afterwards.

    Args:
        bounds: the compiler's own; a program that one limit stops may compile under another.
        toolchain: ``Backend.toolchain`` and the compiler's version.

    Raises:
        ValueError: the plan compiles nothing.
    """
    if plan.build is None:
        raise ValueError(f"a {language} plan without a build has no compilation to keep")
    what = {
        "language": language,
        "files": {name: hashlib.blake2b(content).hexdigest() for name, content in plan.files.items()},
        "build": plan.build,
        "outputs": plan.outputs,
        "env": dict(plan.env),
        "bounds": asdict(bounds),
        "output_bytes": output_bytes,
        "toolchain": toolchain,
    }
    return hashlib.blake2b(json.dumps(what, sort_keys=True).encode(), digest_size=32).hexdigest()


def default_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """``$XDG_CACHE_HOME/synthetic1/compile``, with the standard's default."""
    home = environ.get("XDG_CACHE_HOME", "")
    return (Path(home) if os.path.isabs(home) else Path.home() / ".cache") / "synthetic1" / "compile"


class CompileCache:
    """Compilations by key, on disk and the latest in memory too.

    Any number of processes may share a folder: entries appear whole (written aside, then renamed) and carry a checksum,
    so that a damaged one counts as absent and is replaced. The longest unused ones go when the folder grows over
    ``max_bytes``. It lies outside every sandbox: only what the agent sent back gets in, and no program ever sees it.
    A folder that cannot be written leaves a cache in memory, and a warning in the log.

    Args:
        folder: None = ``default_folder()``. Made at the first ``put``, for its owner alone.
        max_bytes: of the folder; it is exceeded by at most a sixteenth, for a moment.
        memory_bytes: of what is kept in memory.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str] | None = None,
        *,
        max_bytes: int = MAX_BYTES,
        memory_bytes: int = MEMORY_BYTES,
    ) -> None:
        if max_bytes <= 0 or memory_bytes < 0:
            raise ValueError(
                f"a compile cache needs max_bytes > 0 and memory_bytes >= 0, got {max_bytes}, {memory_bytes}"
            )
        self.folder = Path(folder) if folder is not None else default_folder()
        self.max_bytes = max_bytes
        self._memory_bytes = memory_bytes
        self._memory: OrderedDict[str, Compiled] = OrderedDict()
        self._memory_used = 0
        self._unswept = max_bytes  # bytes written since the last sweep; at first nobody knows, so the first put sweeps
        self._locks: dict[str, tuple[asyncio.Lock, list[None]]] = {}
        self._warned = False

    def reset_after_fork(self) -> None:
        """In a forked child: let go of the parent's locks, and of what another thread may have been changing."""
        self._locks = {}
        self._memory, self._memory_used = OrderedDict(), 0

    @contextlib.asynccontextmanager
    async def lock(self, key: str) -> AsyncIterator[None]:
        """Hold while looking, compiling and putting: of many that want the same program, one compiles it.

        Within one event loop; two processes may compile the same program once each, which does no harm.
        """
        lock, holders = self._locks.setdefault(key, (asyncio.Lock(), []))
        holders.append(None)
        try:
            async with lock:
                yield
        finally:
            holders.pop()
            if not holders:
                self._locks.pop(key, None)

    def get(self, key: str) -> Compiled | None:
        """What was put under ``key``; None if nothing was, or it is gone or damaged."""
        path = self._path(key)
        found = self._memory.get(key)
        if found is not None:
            self._memory.move_to_end(key)
        else:
            try:
                found = _decode(key, path.read_bytes())
            except (OSError, ValueError, KeyError, TypeError, struct.error):
                return None
            self._remember(key, found)
        with contextlib.suppress(OSError):
            os.utime(path)  # the sweep goes by it
        return found

    def put(self, key: str, compiled: Compiled) -> None:
        """Keep ``compiled`` under ``key``, in place of what is there."""
        self._remember(key, compiled)
        path = self._path(key)
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.parent.mkdir(mode=0o700, exist_ok=True)
            handle, aside = tempfile.mkstemp(prefix=".", dir=path.parent)
            try:
                with open(handle, "wb") as file:
                    file.write(_encode(key, compiled))
                os.replace(aside, path)
            except BaseException:
                os.unlink(aside)
                raise
            self._unswept += compiled.size
            if self._unswept > self.max_bytes // 16:
                self.sweep()
        except OSError as error:
            if not self._warned:
                log.warning(
                    "the compile cache %s cannot be written (%s); compilations are kept in memory", self.folder, error
                )
            self._warned = True

    def sweep(self) -> int:
        """Remove the longest unused entries until the folder is within its limit; returns how many were removed."""
        self._unswept = 0
        entries: list[tuple[float, int, str]] = []
        now = time.time()
        for part in list(_scan(self.folder)):
            for entry in _scan(part.path):
                with contextlib.suppress(FileNotFoundError):  # another process sweeps too
                    stat = entry.stat(follow_symlinks=False)
                    if not entry.name.startswith("."):
                        entries.append((stat.st_mtime, stat.st_size, entry.path))
                    elif now - stat.st_mtime > _STALE_S:
                        os.unlink(entry.path)
        used = sum(size for _, size, _ in entries)
        removed = 0
        # A little further than necessary, or each put at the limit would scan the folder.
        goal = self.max_bytes if used <= self.max_bytes else self.max_bytes - self.max_bytes // 16
        for _, size, path in sorted(entries):
            if used <= goal:
                break
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
                removed += 1
            used -= size
        return removed

    def _path(self, key: str) -> Path:
        if len(key) != 64 or not set(key) <= set("0123456789abcdef"):
            raise ValueError(f"a key of the compile cache has 64 hexadecimal digits, got {key!r:.80}")
        return self.folder / key[:2] / key[2:]

    def _remember(self, key: str, compiled: Compiled) -> None:
        old = self._memory.pop(key, None)
        self._memory_used += compiled.size - (old.size if old is not None else 0)
        self._memory[key] = compiled
        while self._memory_used > self._memory_bytes:
            self._memory_used -= self._memory.popitem(last=False)[1].size


def _scan(folder: str | os.PathLike[str]) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except (FileNotFoundError, NotADirectoryError):
        return []


def _checksum(key: str, body: bytes) -> bytes:
    # The key is in it, so that an entry under another's name counts as damaged.
    return hashlib.blake2b(body, key=bytes.fromhex(key), digest_size=_DIGEST).digest()


def _encode(key: str, compiled: Compiled) -> bytes:
    sizes = [len(output) for output in compiled.outputs]
    header = json.dumps({"ok": compiled.ok, "why": compiled.why, "log": len(compiled.log), "outputs": sizes}).encode()
    body = b"".join([_HEAD.pack(len(header)), header, compiled.log, *compiled.outputs])
    return _MAGIC + _checksum(key, body) + body


def _decode(key: str, data: bytes) -> Compiled:
    """Raises ValueError and others for bytes that are not a whole entry of this key."""
    body = data[len(_MAGIC) + _DIGEST :]
    if not data.startswith(_MAGIC) or data[len(_MAGIC) : len(_MAGIC) + _DIGEST] != _checksum(key, body):
        raise ValueError("damaged")
    at = _HEAD.size + _HEAD.unpack_from(body)[0]
    header = json.loads(body[_HEAD.size : at])
    pieces = []
    for size in (header["log"], *header["outputs"]):
        pieces.append(body[at : at + size])
        at += size
    return Compiled(ok=header["ok"], log=pieces[0], outputs=tuple(pieces[1:]), why=header["why"])
