"""A part of a pipeline of datatrove on a node of a Ray cluster: its files appear whole, or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from datatrove.executor import RayPipelineExecutor
from datatrove.executor.base import PipelineExecutor
from datatrove.io import get_datafolder

from synthetic1.datagen.curation.executors.owner import is_owner

GRACE_S = 90.0
"""Seconds that files which another machine has written may take to be seen, over a network."""
LOOK_EVERY_S = 0.2
ATTEMPTS = "attempts"


class PartOutcome(NamedTuple):
    """What a part says at its end."""

    node_id: str
    files: tuple[str, ...]
    """Those that it has written."""
    error: str
    """Why it failed, in one line; "" = it is done."""


class RayParts(RayPipelineExecutor):  # type: ignore[misc]
    """datatrove's executor for Ray: its books, and its work on one part. ``RayNodes`` hands the parts out.

    Its own ``run`` (0.10.1) is not used. It has an actor fork a process for each part, which outlives the actor, and
    may write on beside the process that is begun in its place: MinHash reads, sorts and writes its files in place, and
    the next step ends where they are not in order (datatrove#397 is such an end, on Ray; its cause is not told there).
    Where the system ends such a process its actor waits for ever. A part that has failed is a line in a log, and the
    run goes on. A part asks for 2 GB in a placement group of its own, and waits without end where no node has them.
    Logs go through ``/tmp/ray_logs``, whoever owns it.

    Here a part works in Ray's own process, which ends with its driver or its node; it writes into a folder of its
    attempt, and its files are moved to their places at the end, one by one, each whole. Two attempts at a part write
    the same bytes.

    Args:
        owner: the start of the run that this is for; see ``after_earlier_processes``.
    """

    def __init__(self, pipeline: list[Any], logs: Path, *, parts: int, owner: str) -> None:
        super().__init__(pipeline, tasks=parts, logging_dir=str(logs))
        self.logs, self.owner = logs, owner
        self._attempt = logs  # of this part: a folder in it, on the node
        self._files: tuple[str, ...] = ()

    def work_on(self, rank: int, entries: Mapping[str, int]) -> PartOutcome:
        """Do one part, on a node.

        Args:
            entries: how many entries the folders have from which it reads.
        """
        import ray

        node_id = ray.get_runtime_context().get_node_id()
        try:
            self._check_owner()
            wait_for_entries(entries)
            self._attempt = self.logs / ATTEMPTS / f"{rank:05d}-{secrets.token_hex(4)}"
            try:
                for number, step in enumerate(self.pipeline):
                    if hasattr(step, "output_folder"):
                        step.final_folder = step.output_folder.path
                        step.output_folder = get_datafolder(str(self._attempt / str(number)))
                PipelineExecutor._run_for_rank(self, rank)
            finally:
                shutil.rmtree(self._attempt, ignore_errors=True)
        except Exception as error:  # as text: not every exception can be pickled, nor read on the driver
            return PartOutcome(node_id, (), f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)
        return PartOutcome(node_id, self._files, "")

    def mark_rank_as_completed(self, rank: int) -> None:
        """Move what the attempt has written to its place, then note that the part is done."""
        self._check_owner()
        files = []
        for number, step in enumerate(self.pipeline):
            written = self._attempt / str(number)
            for path in sorted(path for path in written.rglob("*") if path.is_file()):
                place = Path(step.final_folder) / path.relative_to(written)
                place.parent.mkdir(parents=True, exist_ok=True)
                os.replace(path, place)
                files.append(str(place))
        self._files = tuple(files)
        super().mark_rank_as_completed(rank)

    def _check_owner(self) -> None:
        """Raises RuntimeError: the process that began the part is gone, or the node does not see its folder."""
        until = time.monotonic() + GRACE_S
        while True:
            try:
                if is_owner(self.logs, self.owner):
                    return
                why = "the process that this part was begun for has been killed"
            except OSError as error:
                why = f"it does not see {self.logs} ({error.strerror or error})"
            if time.monotonic() > until:
                raise RuntimeError(why)
            time.sleep(LOOK_EVERY_S)


def entries_of(pipeline: list[Any]) -> dict[str, int]:
    """The folders that the steps read what others have written from, with all below them, and how many entries each
    has: by these a node knows whether it sees all of them. datatrove takes what there is."""
    found: dict[str, int] = {}
    for step in pipeline:
        for name in ("input_folder", "index_folder"):
            if (folder := getattr(step, name, None)) is not None:
                found.update({root: len(folders) + len(files) for root, folders, files in os.walk(folder.path)})
    return found


def wait_for_entries(entries: Mapping[str, int]) -> None:
    """Until this machine sees so many entries in these folders: one that shares them over a network remembers for a
    while what it saw before.

    Raises:
        RuntimeError: it does not see them for a long time.
    """
    until = time.monotonic() + GRACE_S
    for folder, wanted in entries.items():
        while (seen := len(os.listdir(folder)) if os.path.isdir(folder) else 0) < wanted:
            if time.monotonic() > until:
                raise RuntimeError(f"it sees {seen} of {wanted} files in {folder}")
            time.sleep(LOOK_EVERY_S)


def wait_for_files(files: tuple[str, ...]) -> None:
    """Until this machine sees these.

    Raises:
        FileNotFoundError: it does not see one for a long time.
    """
    until = time.monotonic() + GRACE_S
    for file in files:
        while not os.path.exists(file):
            if time.monotonic() > until:
                raise FileNotFoundError(file)
            time.sleep(LOOK_EVERY_S)
