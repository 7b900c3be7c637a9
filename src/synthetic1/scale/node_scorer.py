"""What works on a node: one actor, with the node's sandbox slots and verifying processes."""

from __future__ import annotations

import logging
import os
import sys
from dataclasses import dataclass

from synthetic1 import __version__
from synthetic1.scale.inline_worker import InlineWorkers, WorkerDied
from synthetic1.scale.sent_verifier import LoadedVerifiers, SentVerifier

log = logging.getLogger(__name__)
DIED = 70  # the actor's exit status when one of its verifying processes ended


@dataclass(frozen=True)
class NodeVersions:
    """What has to be the same on all nodes."""

    synthetic1: str
    python: str

    @classmethod
    def here(cls) -> NodeVersions:
        return cls(__version__, ".".join(map(str, sys.version_info[:2])))


class NodeScorer:
    """The actor of a node. Ray calls its methods on one event loop, as many at once as were sent.

    Verifiers that await (a sandbox) share a scorer, so that all slots are in use whatever the messages' sizes; those
    that never do are spread over processes, one a core, since one Python process uses one core.

    Args:
        cores: of the node, to be used.
    """

    def __init__(self, cores: int) -> None:
        self._cores = cores
        self._loaded = LoadedVerifiers(cores)
        self._workers: InlineWorkers | None = None

    async def hello(self) -> NodeVersions:
        """The sign that the actor works."""
        return NodeVersions.here()

    async def verify(self, verifier: SentVerifier, pairs: bytes, count: int = 1) -> bytes:
        """The verdicts of ``pairs``, pickled.

        Args:
            count: how many pairs there are.

        Raises:
            OtherVerifier: the node's code is another one.
            NoSandboxHere: no sandbox works on this node.
            UnreadablePairs: a pair holds what this node does not have.
            RuntimeError: a verifying process cannot verify.
        """
        if not verifier.inline or self._cores == 1:
            return await self._loaded.verify(verifier.data, pairs)
        if self._workers is None:
            self._workers = InlineWorkers(self._cores)
        try:
            return await self._workers.verify(verifier.data, pairs, verifier.deadline_s * max(1, count))
        except WorkerDied as error:  # to the driver a node is one process, which is there or not
            log.error("%s: this actor ends, too", error)
            os._exit(DIED)

    async def close(self) -> None:
        """Let go of all that the node holds; the driver ends the actor afterwards."""
        if self._workers is not None:
            self._workers.kill()
        self._loaded.close()
