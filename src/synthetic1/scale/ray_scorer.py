"""A scorer whose verifiers work on the nodes of a Ray cluster."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import TimeoutError as WaitTimeout
from contextlib import suppress
from typing import Any

from synthetic1.rewards.scoring.batch import Batch, QueuedPairs
from synthetic1.rewards.scoring.calls import VerifierQueue
from synthetic1.rewards.scoring.scorer import Scorer, ScorerClosed, ScorerProcess
from synthetic1.rewards.verifier import Verifier
from synthetic1.scale.connection import connect, disconnect
from synthetic1.scale.cost import CHEAPER_THAN_THE_WAY
from synthetic1.scale.dispatcher import Dispatcher
from synthetic1.scale.sent_verifier import SentVerifier
from synthetic1.scale.settings import RaySection

GRACE_S = 5.0  # for nodes to let go of their sandboxes
FEW = 4  # pairs of an inline verifier: the way to a node and back takes longer


class RayScorer(Scorer):
    """Scores batches as ``Scorer`` does, with the same verdicts; verifiers work on the nodes of a Ray cluster.

    On each node that can verify (those with the custom resource ``sandbox``, if any has it) lives one actor. Three
    kinds of pairs stay in this process: those of a verifier that asks a judge, which is asked from one place, so that
    its costs are counted and its limit of requests holds; those whose verifier takes less time than the way
    (``code_output_prediction``); and a few of an ``inline`` one.

    A node or a process that is lost costs no verdict: its pairs are verified again. Only a pair under which a process
    or a node was lost ``ray.max_deaths`` times, each time alone there, and on as many nodes as there are up to that
    number, is ``unscorable_infra``, and says so. A ``concurrency`` and a
    ``deadline_s`` are those of each node.

    Args:
        ray: the cluster.
        sharers: processes like this one, which share its nodes' cores.

    Raises:
        ClusterError: when it is first used (or by ``connect``): there is no such cluster; later: there was no node for
            ``ray.wait_s``, a node has other code, no node has a sandbox, or this process was forked from the one that
            is connected.
    """

    def __init__(
        self,
        verifiers: Mapping[str, Verifier] | Iterable[Verifier] | None = None,
        *,
        concurrency: int | Mapping[str, int] | None = None,
        deadline_s: float | None = None,
        ray: RaySection | None = None,
        sharers: int = 1,
    ) -> None:
        self._ray, self._sharers = ray or RaySection(), sharers
        super().__init__(verifiers, concurrency=concurrency, deadline_s=deadline_s)

    @classmethod
    def like(cls, scorer: Scorer, ray: RaySection, sharers: int = 1) -> RayScorer:
        """One that scores as ``scorer`` does."""
        made = cls(ray=ray, sharers=sharers)
        made._verifiers, made._concurrency = scorer._verifiers, scorer._concurrency
        made._wanted_deadline_s = scorer._wanted_deadline_s
        return made

    def _begin(self) -> None:
        self._connecting = threading.Lock()
        self._at: tuple[int, ScorerProcess, Dispatcher] | None = None
        self._sent: dict[str, SentVerifier] = {}
        super()._begin()

    def connect(self) -> None:
        """Connect to the cluster now, and have its nodes begin.

        Raises:
            ClusterError: there is no such cluster.
        """
        process = self._process()
        dispatcher = self._dispatcher(process)

        async def watch() -> None:
            dispatcher.nodes.watch()

        process.thread.submit(watch()).result()

    @property
    def sent_again(self) -> int:
        """Pairs that were sent once more, because a node or a process was lost."""
        return 0 if self._at is None else self._at[2].sent_again

    # The work, on the scorer's loop ---------------------------------------------------------------------------------

    def _process(self) -> ScorerProcess:
        process = super()._process()
        if self._processes.get(os.getpid()) is not process:  # given up meanwhile by another thread
            process = super()._process()
        self._dispatcher(process)
        return process

    def _dispatcher(self, process: ScorerProcess) -> Dispatcher:
        """What hands out the pairs that come to this thread; its predecessor's actors go with its thread."""
        if self._at is not None and self._at[0] != os.getpid():
            connect(self._ray)  # says that it cannot, before the lock, which a fork may have left held
        with self._connecting:
            if self._closed:
                raise ScorerClosed("this Scorer is closed; make a new one")
            at = self._at
            if at is not None and at[1] is process:
                return at[2]
            if self._processes.get(os.getpid()) is not process:  # given up: it must not end its successor's actors
                raise asyncio.CancelledError
            if at is not None and at[0] == os.getpid():
                at[2].nodes.kill()
            else:
                connect(self._ray)
            dispatcher = Dispatcher(self._ray, self._sharers, at[2] if at is not None else None)
            self._at = (os.getpid(), process, dispatcher)
            return dispatcher

    def _planned(self, batch: Batch) -> None:
        far = [one for one in batch.inline if self._is_sent(one.queue) and len(one.positions) > FEW]
        batch.inline = [one for one in batch.inline if one not in far]
        batch.waiting += far

    async def _work_waiting(self, process: ScorerProcess, batch: Batch) -> None:
        far = [one for one in batch.waiting if self._is_sent(one.queue)]
        batch.waiting = [one for one in batch.waiting if one not in far]
        work = [asyncio.ensure_future(super()._work_waiting(process, batch))]
        if far:
            sent = [(self._sent_verifier(one), one) for one in far]
            work.append(asyncio.ensure_future(self._dispatcher(process).verify(batch, sent)))
        try:
            await asyncio.gather(*work)
        except BaseException:
            for one in work:
                one.cancel()
            await asyncio.gather(*work, return_exceptions=True)
            raise

    def _sent_verifier(self, queued: QueuedPairs) -> SentVerifier:
        queue = queued.queue
        if queue.task_type not in self._sent:
            asked = self._concurrency
            limit = asked.get(queue.task_type) if isinstance(asked, Mapping) else asked
            made = SentVerifier.of(queue.task_type, queue.verifier, limit, self._wanted_deadline_s)
            self._sent[queue.task_type] = made
        return self._sent[queue.task_type]

    def _is_sent(self, queue: VerifierQueue) -> bool:
        """Whether the pairs of a verifier go to nodes."""
        return queue.task_type not in CHEAPER_THAN_THE_WAY and getattr(queue.verifier, "judge", None) is None

    # Lifetime -------------------------------------------------------------------------------------------------------

    def close(self) -> None:
        self._closed = True
        with self._connecting:
            at, self._at = self._at, None
        here = at is not None and at[0] == os.getpid()
        if at is not None and here:
            _, process, dispatcher = at
            if not process.thread.is_current:
                with suppress(WaitTimeout, asyncio.CancelledError, RuntimeError):
                    process.thread.submit(dispatcher.aclose(GRACE_S)).result(GRACE_S + 1)
            dispatcher.nodes.kill()
        super().close()
        if here:
            disconnect()

    def __enter__(self) -> RayScorer:
        return self

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_ray": self._ray, "_sharers": self._sharers}
