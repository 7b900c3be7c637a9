"""What a run has cost, over all its processes: kept in the journal while it goes on."""

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
    """The client's account and that of the judges, with what earlier processes of the run spent.

    Args:
        verifiers: whose judges are asked.
    """

    def __init__(self, journal: Journal, client: Client, verifiers: Iterable[Verifier]) -> None:
        self._journal, self._client, self._verifiers = journal, client, tuple(verifiers)
        kept = json.loads(journal.meta(META) or "null")
        if kept is None:  # written by an older version, or new: what is recorded is known to have been paid for
            self._earlier = _recorded(journal)
            self._earlier_judges: Mapping[str, Any] | None = None
        else:
            self._earlier, self._earlier_judges = Usage(**kept["usage"]), kept["judge_usage"]
        self._judges_before = spent(self._verifiers)  # of other runs in this process

    @property
    def usage(self) -> Usage:
        return self._client.usage.after(self._earlier, self._client.server.price)

    @property
    def judge_usage(self) -> dict[str, Any] | None:
        """As ``spent`` gives it; ``None`` where no judge was asked."""
        now, before = spent(self._verifiers), self._judges_before
        if now is not None and before is not None:
            now = {k: None if v is None else v - (before[k] or 0) for k, v in now.items()}
        return total([self._earlier_judges, now])

    async def keep(self) -> None:
        """Keep it now and then, until cancelled."""
        while True:
            await asyncio.sleep(KEPT_EVERY_S)
            self.note()

    def note(self) -> None:
        """Keep it as it is now."""
        kept = {"usage": self.usage.to_dict(), "judge_usage": self.judge_usage}
        self._journal.set_meta(META, json.dumps(kept))


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
