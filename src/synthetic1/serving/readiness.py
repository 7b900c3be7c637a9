"""Which verifiers work here: each is tried on a gold of an embedded task, judges are looked for at their address."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic

from synthetic1.completion import Completion
from synthetic1.rewards.judging.judged_verifier import JudgedVerifier
from synthetic1.rewards.judging.settings import JudgeSettings
from synthetic1.serving.service import FAMILY_OF, RewardService
from synthetic1.tasks import open_tasks

STALE_S = 15.0
"""How long a finding holds: what is asked about later is tried anew."""
JUDGE_S = 5.0


@dataclass(frozen=True)
class FamilyState:
    """Whether a verifier works."""

    works: bool | None
    """None: it has not been tried, or there is nothing to try it on."""
    why: str = ""
    promised: bool = False


class Readiness:
    """Tries the verifiers of a service, in the background. Belongs to its event loop."""

    def __init__(self, service: RewardService) -> None:
        self._service = service
        self.states = {name: FamilyState(None, "not tried yet", name in service.promised) for name in service.verifiers}
        self._looked_at = -STALE_S
        self._looking: asyncio.Task[None] | None = None
        self._first = True

    def start(self) -> None:
        """Begin to look, unless that is under way or not needed."""
        if self._looking is None and monotonic() - self._looked_at >= STALE_S:
            self._looking = asyncio.get_running_loop().create_task(self._look())

    async def stop(self) -> None:
        """End what is under way."""
        if self._looking is not None:
            self._looking.cancel()
            with suppress(asyncio.CancelledError):
                await self._looking

    @property
    def fault(self) -> str | None:
        """Why the server is not ready, in one line; None if it is."""
        if self._first:
            return "the verifiers are being tried"
        broken = [f"{name}: {state.why}" for name, state in self.states.items() if state.promised and not state.works]
        return "; ".join(broken) or None

    async def _look(self) -> None:
        try:
            found = await asyncio.gather(*(self._try(task_type) for task_type in self.states))
            for (name, before), state in zip(self.states.items(), found, strict=True):
                # Without a promise on the command line, what works at the start is what clients rely on
                kept = before.promised or (self._first and not self._service.promised and state.works is True)
                self.states[name] = FamilyState(state.works, state.why, kept)
            self._first = False
        finally:
            self._looked_at = monotonic()
            self._looking = None

    async def _try(self, task_type: str) -> FamilyState:
        verifier = self._service.verifiers[task_type]
        if isinstance(verifier, JudgedVerifier):
            why = await _look_for(verifier.judge)
            if why:
                return FamilyState(False, why)
        if task_type not in FAMILY_OF:
            return FamilyState(True, "not tried: there is no embedded task of this type")
        try:
            task = (await asyncio.to_thread(open_tasks, f"embedded:{FAMILY_OF[task_type]}"))[0]
            gold = verifier.gold_completion(task)
            assert gold is not None, "embedded tasks have golds"
            [verdict] = await self._service.scorer.score([(task, Completion.parse(gold))])
        except Exception as error:  # whatever it is, it says why this family does not work
            return FamilyState(False, f"{type(error).__name__}: {error}".splitlines()[0])
        if verdict.score == 1:
            return FamilyState(True)
        return FamilyState(False, str(verdict.details.get("why", f"a gold is {verdict.reason}")))


async def _look_for(judge: JudgeSettings) -> str:
    """What keeps the judge's servers from answering; empty if one does."""
    if judge.server is None:
        return "no judge: what rules decide is scored, the rest is unscorable_judge; give --judge-url"
    import aiohttp

    why = ""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=JUDGE_S)) as session:
        for url in judge.server.urls:
            try:
                async with session.get(f"{url.rstrip('/')}/models") as response:
                    if response.status < 500:
                        return ""
                    why = f"the judge at {url} answers {response.status}"
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                why = f"the judge at {url}: {type(error).__name__} {error}".rstrip()
    return why
