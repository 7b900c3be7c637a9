"""OpenRLHF's remote reward: ``--reward.remote_url http://HOST/get_reward`` works without a change there."""

from __future__ import annotations

import json
from typing import Any

from synthetic1.completion import Completion
from synthetic1.jobs.rendered_text import completion_behind, opens_thinking, rendered_completion
from synthetic1.serving.endpoints import Endpoint, Pair, read_body, write_json
from synthetic1.serving.exposition import Exposition
from synthetic1.serving.guard import Refusal
from synthetic1.serving.service import RewardService, UnknownTask, UnreadableTask
from synthetic1.serving.unscorable import NO_SCORE, refuse_unscorable
from synthetic1.serving.wire import Rewards, RewardsWanted, check_row
from synthetic1.task import Task
from synthetic1.verdict import Verdict


class OpenRlhfEndpoint:
    """``POST /get_reward``."""

    def __init__(self, service: RewardService, exposition: Exposition) -> None:
        self._service, self._exposition = service, exposition

    def endpoints(self) -> list[Endpoint[Any]]:
        summary = "Rewards as OpenRLHF's trainer asks for them"
        return [Endpoint("/get_reward", RewardsWanted, Rewards, self.answer, summary, (404, NO_SCORE))]

    async def answer(self, body: bytes) -> bytes:
        """The rewards of queries, in order."""
        wanted = read_body(RewardsWanted, body)
        counts = {len(wanted.query), len(wanted.prompts), len(wanted.labels)}
        if len(counts) > 1:
            raise Refusal(NO_SCORE, "query, prompts and labels must have equal lengths")
        most = self._service.settings.max_pairs
        if len(wanted.query) > most:
            raise Refusal(413, f"{len(wanted.query):,} queries; the server takes {most:,} at once, its --max-pairs")
        pairs: list[Pair] = []
        for place, (query, prompt, label) in enumerate(zip(wanted.query, wanted.prompts, wanted.labels, strict=True)):
            completion = completion_in(query, prompt)
            task = self._task(label, place)
            if completion is None:
                why = "the query does not hold its prompt, so nobody knows where the completion begins"
                task, completion = UnreadableTask(task.task_type, why), Completion("")
            pairs.append((task, completion))
        verdicts = await self._service.score(pairs)
        for (task, _), verdict in zip(pairs, verdicts, strict=True):
            self._exposition.decided(task.task_type, verdict.reason)
        rewards = [self._reward(verdict, place) for place, verdict in enumerate(verdicts)]
        scorable = [float(verdict.scorable) for verdict in verdicts]
        return write_json({"rewards": rewards, "scores": rewards, "extra_logs": {"scorable": scorable}})

    def _task(self, label: str | dict[str, Any], place: int) -> Task | UnreadableTask:
        try:
            if isinstance(label, dict):
                return self._service.read_task(label)
            if not label.lstrip().startswith("{"):
                return self._service.named_task(label)
            row = json.loads(label)
            return self._service.read_task(check_row(row))
        except UnknownTask as error:
            raise Refusal(404, f"labels.{place}: {error}") from None
        except (ValueError, RecursionError) as error:
            return UnreadableTask("", f"the label is not the JSON text of a task: {error}".splitlines()[0])

    def _reward(self, verdict: Verdict, place: int) -> float:
        if verdict.score is not None:
            return verdict.score
        return refuse_unscorable(verdict, self._service.settings.unscorable, f"labels.{place}")


def completion_in(query: str, prompt: str) -> Completion | None:
    """What stands behind the prompt in a decoded sequence, as the adapter of the same trainer reads it: without the
    special tokens at its end, and cut off where it has none.

    ``None`` if the prompt, or at least its end, is not there.
    """
    try:
        text = completion_behind(prompt, query)
    except ValueError:
        return None
    return rendered_completion(text, thinking_open=opens_thinking(prompt))
