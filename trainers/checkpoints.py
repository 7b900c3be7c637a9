"""Checkpoints that are whole or do not count: a marker, written last, names every file and its size."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
from pathlib import Path

from synthetic1.jobs.program import ProgramError

MARKER = "complete.json"


def mark_complete(checkpoint: Path) -> None:
    """Declare a checkpoint whole. Its files are flushed to the disk first, so that a power cut cannot undo it.

    Raises:
        OSError: the disk is full or gone.
    """
    files = sorted(p for p in checkpoint.rglob("*") if p.is_file() and p.name != MARKER)
    for file in files:
        with file.open("rb") as handle:
            os.fsync(handle.fileno())
    sizes = {str(p.relative_to(checkpoint)): p.stat().st_size for p in files}
    temporary = checkpoint / f".{MARKER}"
    with temporary.open("w") as handle:
        json.dump(sizes, handle, indent=1)
        handle.flush()
        os.fsync(handle.fileno())
    temporary.replace(checkpoint / MARKER)
    descriptor = os.open(checkpoint, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_complete(checkpoint: Path) -> bool:
    """Whether the marker is there and every file it names is there in full."""
    try:
        sizes = json.loads((checkpoint / MARKER).read_text())
        return all((checkpoint / name).stat().st_size == size for name, size in sizes.items())
    except (OSError, ValueError, AttributeError):
        return False


def step_of(checkpoint: Path) -> int:
    """The number of updates in a checkpoint's name, -1 for any other folder."""
    found = re.fullmatch(r"checkpoint-(\d+)", checkpoint.name)
    return int(found[1]) if found else -1


def last_complete(folder: Path) -> Path | None:
    """The newest whole checkpoint; broken ones, which a killed process left, are removed on the way."""
    ours = [path for path in folder.glob("checkpoint-*") if step_of(path) >= 0]
    for checkpoint in sorted(ours, key=step_of, reverse=True):
        if is_complete(checkpoint):
            return checkpoint
        shutil.rmtree(checkpoint, ignore_errors=True)
    return None


def explain_failed_save(folder: Path, error: Exception) -> ProgramError:
    """One line for a checkpoint that could not be written; the earlier ones still stand."""
    free = shutil.disk_usage(folder if folder.exists() else folder.parent).free
    full = getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or "os error 28" in str(error)  # Rust's words
    full = full or free < 64 * 2**20  # torch's own words do not say why a write failed
    reason = "the disk is full" if full else " ".join(str(error).split())[:200]
    return ProgramError(
        f"could not write a checkpoint to {folder}: {reason} ({free / 2**20:.0f} MiB free); make room and go on from "
        "the one before with resume=true"
    )
