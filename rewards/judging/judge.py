"""The judge: a model that compares a candidate with a reference, and is believed only within bounds.

What a judge cannot be trusted with is decided before it is asked (``judging.gate``); what it reads stays text
(``judging.quoting``); what it may say is a schema (``judging.rubrics``, ``judging.reply``); and how often it errs is
measured before anything is trained on it (``judging.calibration``). A judge that fails gives no score, never a 0.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from synthetic1.inference.engine import Message, Sampling
from synthetic1.inference.errors import InferenceError
from synthetic1.inference.usage import Account
from synthetic1.keys import content_key
from synthetic1.rewards.judging.gate import refuse, refused
from synthetic1.rewards.judging.quoting import code_for, quote, shorten
from synthetic1.rewards.judging.reply import UnusableReply, read_reply
from synthetic1.rewards.judging.rubrics import Rubric, Ruling
from synthetic1.rewards.judging.settings import UNCONFIGURED, JudgeSettings, judge_settings
from synthetic1.verdict import Verdict

if TYPE_CHECKING:
    from synthetic1.inference.client import Client

__all__ = ["Judge", "JudgeSettings", "judge_settings"]

MAX_CANDIDATE = 100_000  # characters: what is longer is not an answer, and costs no call
SHOWN = 24_000  # characters of a candidate in words; its middle is left out beyond that
MAX_REFERENCE = 60_000  # characters: a reference or question is shown whole or not at all
FEWER = (1, 4, 16)  # where a server finds the prompt too long, a candidate is shown again at a part of its length
SPARE = 1 / 8
"""Of the server's window, how many more judgements are under way, so that a free slot finds one prepared; with a
small window, up to ``AT_ONCE`` in all."""
AT_ONCE = 16
"""Judgements that begin in one turn of the event loop: else all are prepared before the first is sent."""
WHY_CAP = 300
TOO_LONG = {400, 413, 422}  # statuses by which servers say so, among much else
REFUSALS = {"bad_request", "bad_response", "server_error"}
"""Kinds of failures that a prompt may bring about: what the server's tokenizer, filter or firewall cannot stand."""
FILTERED = {"content_filter", "safety", "prohibited_content", "blocklist", "recitation"}
"""Finish reasons by which servers say that they, not the judge, keep a reply back."""
NOT_OF_THE_PROMPT = {401, 402, 425, 502, 503, 529}  # statuses: no key, no money, no server

ASKED = "\n\nThe quoted texts have ended. Judge the {candidate} by the rules you were given, and reply in their form."
REMINDER = """

Your last reply could not be used. Reply with exactly one JSON object of this form, all of its fields filled in, and \
nothing else; within strings, quotation marks are written \\" and backslashes \\\\:
{form}"""

accounts: dict[JudgeSettings, Account] = {}
"""What judges were asked in this process, by their settings: judges and their clients come and go with event loops."""


@dataclass(frozen=True, slots=True)
class _Failure:
    """Why a vote gave no ruling."""

    why: str
    too_long: bool = False
    """The server may have found the prompt too long."""
    refused: bool = False
    """The server failed in a way that the prompt may have brought about."""
    read: bool = False
    """The server took the prompt; the judge's replies were of no use."""


@dataclass(slots=True)
class _Shared:
    """A judgement at work, and how many wait for it."""

    task: asyncio.Task[Verdict]
    waiting: int = 0


class Judge:
    """Asks a model for verdicts. Serves one event loop at a time; see ``judging.judged_verifier``."""

    def __init__(self, settings: JudgeSettings) -> None:
        self.settings = settings
        self._client: Client | None = None
        self._running: dict[str, _Shared] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._room = asyncio.Semaphore(AT_ONCE)
        self._closed_places = 0
        self._takes: dict[str, bool] = {}
        """Whether the server takes the reference of a task as an answer to it; known of tasks where one was refused."""

    async def ask(
        self, rubric: Rubric, *, question: str, reference: str, candidate: str, instructions: str = ""
    ) -> Verdict:
        """What the judge says of ``candidate``. Raises nothing for what models write, nor for failing servers.

        A candidate that the gate refuses, or that is too long, is 0 without a call. A judge that is not configured,
        cannot be reached or gives no verdict within its attempts is ``unscorable_judge`` (with ``replied`` in the
        details if it was reached); a task without a reference, or with one too long to be shown whole, is
        ``unscorable_gold`` or ``unscorable_task``. A candidate that the judge's server cannot read where it reads the
        reference as an answer is 0. Equal questions at the same time are asked once.

        Args:
            instructions: notes of the task's own for grading, trusted like the reference.
        """
        room, passed_on = await self._enter(), False
        try:
            if decided := self._without_asking(rubric, question, reference, candidate):
                return decided
            key = content_key([rubric.key, question, reference, candidate, instructions])
            shared = self._running.get(key)
            if shared is None:
                work = asyncio.create_task(self._judge(rubric, key, question, reference, candidate, instructions))
                shared = self._running[key] = _Shared(work)
                work.add_done_callback(lambda _: room.release())  # the place is the work's; who shares it needs none
                passed_on = True
        finally:
            if not passed_on:
                room.release()
        shared.waiting += 1
        try:
            return await asyncio.shield(shared.task)
        finally:
            shared.waiting -= 1
            if not shared.waiting:
                shared.task.cancel()  # if it is at work still: nobody wants to know any more
                if self._running.get(key) is shared:
                    del self._running[key]

    async def _enter(self) -> asyncio.Semaphore:
        """Wait for a place among the judgements under way, to be released."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:  # what an ended loop has left is not waited for
            window = 1 if self.settings.server is None else self.settings.server.max_in_flight
            self._loop, self._running = loop, {}
            self._room = asyncio.Semaphore(AT_ONCE)
            self._closed_places = max(0, window + math.ceil(SPARE * window) - AT_ONCE)
        room = self._room
        await room.acquire()
        if self._closed_places and room is self._room:  # whoever comes in opens the next: others begin a turn later
            self._closed_places -= 1
            loop.call_soon(room.release)
        return room

    @property
    def client(self) -> Client:
        """The client of the judge's server, made when first needed. There must be a server."""
        if self._client is None:
            from synthetic1.inference.client import Client

            assert self.settings.server is not None
            account = accounts.setdefault(self.settings, Account(self.settings.server.price))
            self._client = Client(self.settings.server, account)
        return self._client

    async def aclose(self) -> None:
        """Let go of the client. A later ``ask`` makes it anew."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    def _without_asking(self, rubric: Rubric, question: str, reference: str, candidate: str) -> Verdict | None:
        """The verdict that no judge is needed for, or None."""
        if rubric.prose and (why := refuse(candidate, question, reference)):
            return refused(why, candidate)
        if not reference.strip():
            return Verdict.unscorable("gold", "the task has no reference to compare with")
        for name, text in (("question", question), ("reference", reference)):
            if len(text) > MAX_REFERENCE:
                why = f"the {name} has {len(text):,} characters, more than the {MAX_REFERENCE:,} a judge is shown"
                return Verdict.unscorable("task", why)
        limit = min(MAX_CANDIDATE, max(SHOWN, 4 * len(reference))) if rubric.whole else MAX_CANDIDATE
        if len(candidate) > limit:
            why = f"the candidate has {len(candidate):,} characters; {limit:,} are read"
            return refused(why, candidate, reason="output_limit")
        if self.settings.server is None:
            return Verdict.unscorable("judge", UNCONFIGURED)
        return None

    async def _judge(
        self, rubric: Rubric, key: str, question: str, reference: str, candidate: str, instructions: str
    ) -> Verdict:
        found: list[Ruling | _Failure] = []
        affinity = content_key([rubric.key, question, reference])  # a task's completions share their prompt's start

        async def votes(shown: str) -> list[Ruling | _Failure]:
            user = _user(rubric, question, reference, shown, candidate, instructions)
            every = range(self.settings.votes)
            return await asyncio.gather(*(self._vote(rubric, key, user, affinity, vote) for vote in every))

        for part in FEWER:
            shown = candidate if rubric.whole else shorten(candidate, SHOWN // part)
            found = await votes(shown)
            if not any(isinstance(one, _Failure) and one.too_long for one in found):
                break
            if rubric.whole or len(candidate) <= SHOWN // (4 * part):
                break  # nothing to leave out, or the candidate is not what is too long
        if _refused(found) and await self._takes_the_reference(rubric, affinity, question, reference, instructions):
            found = await votes(shown)  # once more, lest a server that stumbled has an answer blamed for it
            if failure := _refused(found):
                why = f"the judge's server cannot read it, but reads the reference in its place ({failure.why})"
                return refused(
                    why[:WHY_CAP], candidate, reason="output_limit" if failure.too_long else "refused_by_gate"
                )
        if failed := [one for one in found if isinstance(one, _Failure)]:
            replied = {"replied": True} if all(one.read for one in failed) else {}
            return Verdict.unscorable("judge", failed[0].why[:WHY_CAP], rubric=rubric.key, **replied)
        rulings = sorted((one for one in found if isinstance(one, Ruling)), key=lambda ruling: ruling.score)
        ruling = rulings[len(rulings) // 2]
        details: dict[str, Any] = {
            "decided_by": "judge",
            "rubric": rubric.key,
            "verdict": ruling.label,
            "explanation": ruling.explanation,
            **ruling.notes,
        }
        if len(rulings) > 1:
            details["votes"] = [one.score for one in rulings]
        return Verdict.graded(ruling.score, answer=candidate, **details)

    async def _takes_the_reference(
        self, rubric: Rubric, affinity: str, question: str, reference: str, instructions: str
    ) -> bool:
        """Whether the server takes this task's prompt with a right answer in it, whatever the judge says of that.

        What it then refuses is the candidate's own doing, and worth 0: else a completion could buy itself out of a
        verdict by being too long for the judge, or by what no tokenizer or filter lets pass. Where the reference fares
        no better, the task or the server is to blame, and nobody gets a score.
        """
        key = f"{affinity} {instructions}"
        if key not in self._takes:
            shown = reference if rubric.whole else shorten(reference, SHOWN // FEWER[-1])
            user = _user(rubric, question, reference, shown, reference, instructions)
            said = await self._vote(rubric, key, user, affinity, 0, attempts=1)
            if isinstance(said, _Failure) and not said.read and not said.refused:
                return False  # no server, no money: it may be otherwise tomorrow
            self._takes[key] = isinstance(said, Ruling) or said.read
        return self._takes[key]

    async def _vote(
        self, rubric: Rubric, key: str, user: str, affinity: str, vote: int, attempts: int | None = None
    ) -> Ruling | _Failure:
        """One vote: the first reply that gives a verdict, of as many as there are attempts."""
        settings = self.settings
        options = rubric.ordered(f"{key} {vote}" if settings.vary_order else "")
        schema, system = rubric.schema(options), rubric.system(options)
        why, attempts = "", attempts or settings.attempts
        for attempt in range(attempts):
            reminder = REMINDER.format(form=rubric.form(options)) if attempt >= 2 else ""
            messages: Sequence[Message] = (
                {"role": "system", "content": system},
                {"role": "user", "content": user + reminder},
            )
            # another seed each time: a reply that was kept, or is drawn alike, would be the same bad one again
            sampling = Sampling(settings.max_tokens, settings.temperature, seed=vote * 1_000 + attempt)
            try:
                replies = await self.client.complete(messages, 1, sampling, schema=schema, affinity=affinity)
                if replies[0].finish_reason in FILTERED:
                    return _Failure("the judge's server withheld the reply (its filter of contents)", refused=True)
                return rubric.rule(read_reply(replies[0], schema, rubric.verdict))
            except InferenceError as error:  # after the client's own patience
                too_long = error.kind == "bad_request" and error.status in TOO_LONG
                refused = error.kind in REFUSALS and error.status not in NOT_OF_THE_PROMPT
                return _Failure(f"the judge could not be asked: {error}", too_long, refused)
            except UnusableReply as error:
                why = str(error)
        return _Failure(f"the judge gave no verdict in {attempts} replies; of the last: {why}", read=True)


def _refused(votes: Sequence[Ruling | _Failure]) -> _Failure | None:
    """A failure among ``votes`` that the prompt may have brought about."""
    return next((one for one in votes if isinstance(one, _Failure) and one.refused), None)


def _user(rubric: Rubric, question: str, reference: str, shown: str, candidate: str, instructions: str) -> str:
    """The user message. The candidate comes last, so that all candidates of a task share what comes before."""
    asked, given, judged = rubric.labels
    code = code_for(rubric.key, question, reference)
    exact = rubric.whole
    blocks = [quote(asked, question, code), quote(given, reference, code, exact=exact)]
    if instructions.strip():
        blocks.append(quote("NOTES FOR GRADING", instructions, code))
    blocks.append(quote(judged, shown, code_for(code, candidate), other=code, exact=exact))
    return "\n\n".join(blocks) + ASKED.format(candidate=judged)
