"""The commits of a local git repository as rows in CommitPack's columns, streamed from two git processes.

Git is called with arguments, never through a shell, and with what a repository's own configuration could make it run
(monitors, external diffs, text conversion) turned off: the history may be anybody's.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from synthetic1.datagen.curation.raw_rows import RawRow
from synthetic1.datagen.curation.recipes.commits.licenses import LICENSE_FILES, license_of
from synthetic1.jobs.program import ProgramError

PREFIX = "git:"
LARGEST = 4_000_000
"""Bytes of a file that are read; of a larger one the row holds nothing but ``too_large: true``."""
_MARK = b"\x01commit"
_FIELDS = ("commit", "parents", "author", "email", "date", "message")
_FORMAT = "%x00%x01commit%x00%H%x00%P%x00%an%x00%ae%x00%cI%x00%B%x00"
_SAFE = ("-c", "core.fsmonitor=false", "-c", "log.showSignature=false", "-c", "core.quotePath=false")


@dataclass(frozen=True)
class ChangedFile:
    """What git says of a file of a commit."""

    old_mode: str
    new_mode: str
    old_id: str
    new_id: str
    old_path: str
    new_path: str

    @property
    def is_plain(self) -> bool:
        """Neither a symbolic link nor a submodule."""
        return {self.old_mode, self.new_mode} <= {"000000", "100644", "100755", "100664"}


def git_rows(path: str, *, revision: str, first_parent: bool) -> Iterator[RawRow]:
    """Every commit that ``revision`` reaches, newest first, in topological order, merges included.

    Fields: those of CommitPack (``commit``, ``old_file``, ``new_file``, ``old_contents``, ``new_contents``,
    ``subject``, ``message``, ``license``, ``repos``), and ``author``, ``email``, ``date``, ``parents`` (how many),
    ``files`` (how many). Contents are there where the commit changes one plain file, ``None`` where that is binary.

    Raises:
        ProgramError: git is absent, ``path`` is not a repository, or it has no such revision.
    """
    git, name, tip = _opened(path, revision)
    license_name = _license_at(git, tip)
    arguments = [
        "log",
        "-z",
        "--raw",
        "--no-abbrev",
        "-M",
        "--no-ext-diff",
        "--no-textconv",
        "--no-color",
        "--topo-order",
    ]
    arguments += ["--encoding=UTF-8", "--root", f"--format={_FORMAT}"]
    arguments += ["--first-parent"] if first_parent else []
    # merges come without a diff, which is all that is wanted of them
    with (
        _running([*git, *arguments, "--no-diff-merges", tip, "--"]) as log,
        _running([*git, "cat-file", "--batch"]) as files,
    ):
        for number, (said, changed) in enumerate(_commits(log.stdout), 1):
            fields: dict[str, object] = {**said, "parents": len(said["parents"].split()), "files": len(changed)}
            fields["subject"] = said["message"].strip().partition("\n")[0]
            fields |= {"license": license_name, "repos": name}
            if len(changed) == 1:
                fields |= _contents(files, changed[0])
            yield RawRow(f"{name}, commit {said['commit'][:12]}", fields, f"{PREFIX}{name}", number)


def git_state(path: str, revision: str) -> tuple[str, str]:
    """What the repository is called, and the commit that ``revision`` is.

    Raises:
        ProgramError: see ``git_rows``.
    """
    _, name, tip = _opened(path, revision)
    return name, tip


def _opened(path: str, revision: str) -> tuple[list[str], str, str]:
    folder = Path(os.path.expanduser(path)).absolute()
    git = _git_at(folder)
    tip = _asked(git, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if tip is None:
        raise ProgramError(f"input=git:{path} has no revision `{revision}`, or no commit yet")
    return git, _name_of(git, folder), tip.decode("ascii").strip()


def _git_at(folder: Path) -> list[str]:
    """The beginning of every command line.

    Raises:
        ProgramError: see ``git_rows``.
    """
    program = shutil.which("git")
    if program is None:
        raise ProgramError("input=git:PATH reads a repository with git, which is not installed or not on PATH")
    if not folder.is_dir():
        raise ProgramError(f"input=git:{folder}: there is no such folder")
    git = [program, *_SAFE, "-C", str(folder)]
    tried = subprocess.run([*git, "rev-parse", "--git-dir"], capture_output=True, env=_environment(), check=False)
    if tried.returncode:
        said = " ".join(tried.stderr.decode("utf-8", "replace").split())
        raise ProgramError(f"input=git:{folder} is not a git repository that can be read: {said[:300]}")
    return git


def _environment() -> dict[str, str]:
    """Ours, without what would point git elsewhere, ask a person, or fetch."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return {**kept, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0"}


def _asked(git: list[str], *arguments: str) -> bytes | None:
    done = subprocess.run([*git, *arguments], capture_output=True, env=_environment(), check=False)
    return done.stdout if done.returncode == 0 else None


@contextmanager
def _running(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """A git process that is gone afterwards, whoever stopped reading.

    Raises:
        ProgramError: it failed by itself.
    """
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=_environment()
    )
    finished = False
    try:
        yield process
        finished = True
    finally:
        for end in (process.stdin, process.stdout):
            if end is not None:
                end.close()
        if not finished:
            process.kill()
        code = process.wait()
    if code:
        raise ProgramError(
            f"`git {command[len(_SAFE) + 3]}` failed with exit status {code}: is the repository damaged?"
        )


def _name_of(git: list[str], folder: Path) -> str:
    """What the repository is called: its own folder's name, wherever in it ``folder`` lies."""
    top = _asked(git, "rev-parse", "--show-toplevel")
    path = Path(os.fsdecode(top).rstrip("\n")) if top and top.strip() else folder
    return path.name.removesuffix(".git") or "repository"


def _license_at(git: list[str], tip: str) -> str | None:
    """The licence that a file at the top of the tree says; None where there is none that is known."""
    listed = _asked(git, "ls-tree", "-z", "--name-only", tip) or b""
    names = {name: name.decode("utf-8", "replace") for name in listed.split(b"\0") if name}
    for name in sorted(names.values()):
        if LICENSE_FILES.fullmatch(name):
            text = _asked(git, "cat-file", "blob", f"{tip}:{name}") or b""
            if (found := license_of(text.decode("utf-8", "replace"))) is not None:
                return found
    return None


def _tokens(stream: IO[bytes]) -> Iterator[bytes]:
    """What stands between NUL bytes."""
    rest = b""
    while block := stream.read(1 << 16):
        *whole, rest = (rest + block).split(b"\0")
        yield from whole
    if rest:
        yield rest


def _commits(stream: IO[bytes] | None) -> Iterator[tuple[dict[str, str], list[ChangedFile]]]:
    """Each commit with its files; what is not UTF-8 in names and messages is replaced."""
    assert stream is not None
    said: dict[str, str] | None = None
    changed: list[ChangedFile] = []
    tokens = _tokens(stream)
    for token in tokens:
        token = token.lstrip(b"\n")
        if token == _MARK:
            if said is not None:
                yield said, changed
            said, changed = {name: next(tokens, b"").decode("utf-8", "replace") for name in _FIELDS}, []
        elif token.startswith(b":"):
            old_mode, new_mode, old_id, new_id, status = token[1:].decode("ascii", "replace").split()
            old = next(tokens, b"").decode("utf-8", "replace")
            new = next(tokens, b"").decode("utf-8", "replace") if status[0] in "RC" else old
            changed.append(ChangedFile(old_mode, new_mode, old_id, new_id, old, new))
    if said is not None:
        yield said, changed


def _contents(files: subprocess.Popen[bytes], changed: ChangedFile) -> dict[str, object]:
    found: dict[str, object] = {"old_file": changed.old_path, "new_file": changed.new_path}
    if not changed.is_plain:
        return {**found, "plain": False}
    for side, name in (("old", changed.old_id), ("new", changed.new_id)):
        data = b"" if not name.strip("0") else _blob(files, name)
        if data is None:
            return {**found, "too_large": True}
        try:
            found[f"{side}_contents"] = None if b"\0" in data[:8_000] else data.decode("utf-8")
        except UnicodeDecodeError:
            found[f"{side}_contents"] = None
    return found


def _blob(files: subprocess.Popen[bytes], name: str) -> bytes | None:
    """A file's bytes; None where it is larger than ``LARGEST``.

    Raises:
        ProgramError: the object is not there, as in a repository that was cloned in part.
    """
    assert files.stdin is not None
    assert files.stdout is not None
    files.stdin.write(name.encode("ascii") + b"\n")
    files.stdin.flush()
    head = files.stdout.readline().split()
    if len(head) != 3:
        raise ProgramError(f"the repository lacks the object {name}: was it cloned in part?")
    left = int(head[2]) + 1  # a newline follows
    if left > LARGEST:
        while left:
            left -= len(files.stdout.read(min(left, 1 << 16)))
        return None
    return files.stdout.read(left)[:-1]
