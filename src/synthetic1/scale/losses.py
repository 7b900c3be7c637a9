"""What was lost when an actor does not answer any more: its process, its memory, or its node."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from enum import Enum


class Loss(Enum):
    """What was lost; the value says what the pair that was alone there did, as a verdict's reason says it."""

    PROCESS = "ended its process"
    MEMORY = "was in a process that Ray ended because its node ran out of memory"
    NODE = "was on a node that was lost"


class ActorStalled(RuntimeError):
    """An actor gives no sign of life, though its process and its node are there."""


def loss_of(error: Exception | None) -> Loss:
    """What was lost, by what Ray says; None: the node is not listed any more.

    Ray says at once of a process that it died; of a node that crashed it says at first that it cannot be reached.
    """
    from ray.exceptions import ActorDiedError, OutOfMemoryError, RayTaskError

    if isinstance(error, OutOfMemoryError):
        return Loss.MEMORY
    if isinstance(error, ActorDiedError):
        text = str(error)
        if "node has died" in text:
            return Loss.NODE
        return Loss.MEMORY if "running low on memory" in text else Loss.PROCESS  # "OOM" is a guess in each
    if error is None:
        return Loss.NODE
    is_there = isinstance(error, RayTaskError | ActorStalled) or not _is_rays(error)
    return Loss.PROCESS if is_there else Loss.NODE


def reason(losses: Iterable[Loss], node: str) -> str:
    """Why a pair is not scored.

    Args:
        losses: those while it was alone.
        node: where the last one was.
    """
    counts = Counter(losses)
    parts = [f"{loss.value} {counts[loss]} times" for loss in Loss if counts[loss]]
    return f"it {' and '.join(parts)}, alone in it (last on node {node})"


def _is_rays(error: Exception) -> bool:
    from ray.exceptions import RayError

    return isinstance(error, RayError)
