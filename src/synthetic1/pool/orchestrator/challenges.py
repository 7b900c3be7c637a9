"""Hardware challenges under way: one a node, checked aside, a few at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from synthetic1.pool.errors import RequestRefused
from synthetic1.pool.hardware.messages import Committed, HardwareClaim, OpenedRow, OpenedStep
from synthetic1.pool.hardware.session import ChallengeFailed, ChallengeSession
from synthetic1.pool.orchestrator.books import Member
from synthetic1.pool.orchestrator.settings import ChallengeSection
from synthetic1.pool.wire import (
    ChallengeToSolve,
    CommitmentRequest,
    OpeningsReply,
    OpeningsRequest,
    ProductRequest,
    VectorReply,
)

T = TypeVar("T")
MIN_BYTES = 1 << 20
"""A node that says it has less is challenged for this."""
OPEN = 1024
"""Challenges that may be under way; they are in memory, and a crash ends them: the node joins again."""


class Challenges:
    """Sessions by node; a node that joins again begins anew."""

    def __init__(self, settings: ChallengeSection) -> None:
        self._settings = settings
        self._sessions: dict[str, ChallengeSession] = {}
        self._places = asyncio.Semaphore(settings.at_once)

    @property
    def wanted(self) -> bool:
        """Whether nodes are challenged at all."""
        return self._settings.memory_bytes > 0

    def begin(self, member: Member) -> ChallengeToSolve:
        """Draw a challenge; its time begins now.

        Raises:
            RequestRefused: too many are under way.
        """
        s = self._settings
        if len(self._sessions) >= OPEN and member.node not in self._sessions:
            self._sessions.pop(next(iter(self._sessions)))  # the oldest: most likely nobody answers it
        memory = max(MIN_BYTES, min(member.memory_bytes, s.memory_bytes))
        session = ChallengeSession(
            HardwareClaim(member.node, member.device, memory),
            commit_within_s=s.commit_within_s,
            answer_within_s=s.answer_within_s,
        )
        self._sessions.pop(member.node, None)
        self._sessions[member.node] = session
        return ChallengeToSolve(
            nonce=session.challenge.nonce,
            memory_bytes=memory,
            device=member.device,
            answer_within_s=s.answer_within_s,
        )

    def drop(self, node: str) -> None:
        """What is under way for a node is over."""
        self._sessions.pop(node, None)

    async def commit(self, node: str, said: CommitmentRequest) -> VectorReply:
        """The first answer."""
        vector = await self._step(node, lambda session: session.take_commitment(Committed(said.rows, said.walk)))
        return VectorReply(vector=vector)

    async def product(self, node: str, said: ProductRequest) -> OpeningsReply:
        """The second."""
        rows, steps = await self._step(node, lambda session: session.take_product(said.product))
        return OpeningsReply(rows=rows, steps=steps)

    async def openings(self, node: str, said: OpeningsRequest) -> None:
        """The last; the node has passed when this returns."""
        rows = [OpenedRow(row.index, row.content, tuple(row.path)) for row in said.rows]
        steps = [
            OpenedStep(
                step.index,
                step.before,
                tuple(step.before_path),
                step.after,
                tuple(step.after_path),
                OpenedRow(step.row.index, step.row.content, tuple(step.row.path)),
            )
            for step in said.steps
        ]
        await self._step(node, lambda session: session.take_openings(rows, steps))
        del self._sessions[node]

    async def _step(self, node: str, step: Callable[[ChallengeSession], T]) -> T:
        """One step of a session, on another thread.

        Raises:
            RequestRefused: there is none, or the node has failed: then it is over.
        """
        session = self._sessions.get(node)
        if session is None:
            raise RequestRefused(409, "no_challenge", "no challenge is under way: POST /v1/join draws one")
        try:
            async with self._places:
                return await asyncio.to_thread(step, session)
        except ChallengeFailed as error:
            self._sessions.pop(node, None)
            raise RequestRefused(403, "challenge_failed", f"the challenge is not passed: {error}") from None
