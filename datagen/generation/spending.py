"""What a run has cost, over all its processes, those before and those beside this one: kept in the journal."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from typing import Any

from synthetic1.datagen.journal.writer import Journal
from synthetic1.inference.client import Client
from synthetic1.inference.usage import Usage
from synthetic1.rewards.judging.ledger import spent, total
from synthetic1.rewards.verifier import Verifier

META = "spent"
KEPT_EVERY_S = 1.0
"""A process that is killed forgets at most what it spent in this time."""


class RunSpending:
    """The client's account and that of the judges, with what other processes of the run spent.

    Args:
        verifiers: whose judges are asked.
    """

    def __init__(self, journal: Journal, client: Client, verifiers: Iterable[Verifier]) -> None:
        self._journal, self._client, self._verifiers = journal, client, tuple(verifiers)
        self._name = META if journal.driver is None else f"{META} {journal.driver}"
        self._judges_before = spent(self._verifiers)  # of other runs in this process
        self._others: Usage | None = None
        self._others_judges: Mapping[str, Any] | None = None
        if not self.look():  # written by an older version, or new: what is recorded is known to have been paid for
            self._others = _recorded(journal)
        if journal.driver is not None:  # before anything is recorded that those who come later would count, too
            self.note()

    def look(self) -> bool:
        """Read what others spent until now; whether anything is kept of them."""
        kept = self._journal.metas(META)
        if self._journal.driver is not None:
            kept.pop(self._name, None)
        if not kept:
            return False
        accounts = [json.loads(one) for one in kept.values()]
        first, *rest = (Usage(**one["usage"]) for one in accounts)
        for one in rest:
            first = one.after(first, self._client.server.price)
        self._others, self._others_judges = first, total([one["judge_usage"] for one in accounts])
        return True

    @property
    def usage(self) -> Usage:
        own = self._client.usage
        return own if self._others is None else own.after(self._others, self._client.server.price)

    @property
    def judge_usage(self) -> dict[str, Any] | None:
        """As ``spent`` gives it; ``None`` where no judge was asked."""
        now = _judges_since(self._judges_before, self._verifiers)
        return total([self._others_judges, now])

    async def keep(self) -> None:
        """Keep it now and then, until cancelled."""
        while True:
            await asyncio.sleep(KEPT_EVERY_S)
            self.note()

    def note(self) -> None:
        """Keep it as it is now."""
        judges = _judges_since(self._judges_before, self._verifiers)
        if self._journal.driver is not None:
            kept = {"usage": self._client.usage.to_dict(), "judge_usage": judges}
        else:
            kept = {"usage": self.usage.to_dict(), "judge_usage": self.judge_usage}
        self._journal.set_meta(self._name, json.dumps(kept))


def _judges_since(before: Mapping[str, Any] | None, verifiers: Iterable[Verifier]) -> dict[str, Any] | None:
    now = spent(verifiers)
    if now is None or before is None:
        return now
    return {k: None if v is None else v - (before[k] or 0) for k, v in now.items()}


def _recorded(journal: Journal) -> Usage:
    """An account of the answers that are in the journal."""
    answers, unknown, prompt_tokens, completion_tokens = journal.tokens()
    return Usage(
        requests=answers,
        completed=answers,
        failed=0,
        retried=0,
        cached=0,
        prompt_tokens=prompt_tokens,
        completion_tokens=completion_tokens,
        cost=None,
        usage_unknown=unknown,
        in_flight=0,
        window=0,
        errors={},
    )
