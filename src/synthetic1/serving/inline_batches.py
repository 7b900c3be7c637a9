"""Verdicts of inline verifiers for many requests at once.

Handing a pair to the scorer's thread and back costs more than most inline verdicts. So what comes in while the thread
is busy goes over together: nothing waits for others to come, and under load a crossing serves many.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence

from synthetic1.completion import Completion
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.task import Task
from synthetic1.verdict import Verdict

MOST = 32  # pairs that cross together: those behind them wait for as long as they take


class InlineBatches:
    """Belongs to one event loop.

    Args:
        scorer: must have inline verifiers for all pairs.
    """

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer
        self._line: deque[tuple[tuple[Task, Completion], asyncio.Future[Verdict]]] = deque()
        self._at_work: asyncio.Task[None] | None = None

    async def score(self, pairs: Sequence[tuple[Task, Completion]]) -> list[Verdict]:
        """The verdicts, in order. Cancelling it takes what has not crossed yet out of the line.

        Raises:
            ScorerClosed: the scorer was closed meanwhile.
        """
        loop = asyncio.get_running_loop()
        places: list[asyncio.Future[Verdict]] = [loop.create_future() for _ in pairs]
        self._line.extend(zip(pairs, places, strict=True))
        if self._at_work is None:
            self._at_work = loop.create_task(self._work())
        try:
            return [await place for place in places]
        except BaseException:
            for place in places:
                if not place.cancel() and not place.cancelled():
                    place.exception()  # looked at, though nobody waits for it
            raise

    async def _work(self) -> None:
        try:
            while self._line:
                crossing: list[tuple[tuple[Task, Completion], asyncio.Future[Verdict]]] = []
                while self._line and len(crossing) < MOST:
                    pair, place = self._line.popleft()
                    if not place.done():
                        crossing.append((pair, place))
                await self._cross(crossing)
        finally:
            self._at_work = None

    async def _cross(self, crossing: list[tuple[tuple[Task, Completion], asyncio.Future[Verdict]]]) -> None:
        try:
            verdicts = await self._scorer.score([pair for pair, _ in crossing])
        except Exception as error:
            for _, place in crossing:
                if not place.done():
                    place.set_exception(error)
            return
        for (_, place), verdict in zip(crossing, verdicts, strict=True):
            if not place.done():
                place.set_result(verdict)
