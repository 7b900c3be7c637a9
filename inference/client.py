"""The client for servers that speak the OpenAI protocol: ``Client(Server("http://localhost:8000/v1"))``."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import uniform
from typing import TYPE_CHECKING, Any

from synthetic1.completion import Completion
from synthetic1.inference.cache import ResponseCache
from synthetic1.inference.engine import Message, Sampling
from synthetic1.inference.errors import InferenceError, ServerError
from synthetic1.inference.failure import Failure, Remedy, from_exception, from_status
from synthetic1.inference.replicas import Replica, Replicas
from synthetic1.inference.reply import BadReply, ErrorReply, Reply, read_reply
from synthetic1.inference.request import Dialect, Request
from synthetic1.inference.server import Server
from synthetic1.inference.stream import StreamedReply
from synthetic1.inference.usage import Account, Usage

if TYPE_CHECKING:
    import aiohttp

BACK_OFF_S = 0.25, 30.0  # the first pause before asking again, and the longest; doubled in between
CHECK_S = 20.0  # for a server to say what it serves
IDLE_S = 4.0  # before a connection is closed that nothing needs: uvicorn, which serves most of them, does so after 5


@dataclass(frozen=True)
class ServerFacts:
    """What a server says of itself."""

    models: tuple[str, ...]
    """All it serves; empty where it does not say."""
    model: str
    """The one that is asked."""
    max_model_len: int | None
    """Context length in tokens, prompt and completion together, where it says so (vLLM does)."""
    root: str | None = None
    """What weights stand behind the name, where it says so."""


class Client:
    """An ``Engine``. Belongs to the event loop that first uses it; once that has ended, or after ``aclose``, it may be
    used again on any.

    Calls run in their caller's task: ask for many at once (``asyncio.gather``), as many as you like. No more than
    ``max_in_flight`` are sent, and those that wait are served in the order of asking.

    Args:
        server: what ``Server.of`` takes.
    """

    name = "openai"

    def __init__(self, server: Server | str | Mapping[str, Any]) -> None:
        self.server = Server.of(server)
        self.model = self.server.model or ""
        """Empty until the server has been asked, where the settings do not name one."""
        self._account = Account(self.server.price)
        self._dialect = Dialect()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._session: aiohttp.ClientSession | None = None
        self._replicas: Replicas | None = None
        self._cache: ResponseCache | None = None
        self._root: str | None = None
        self._asking: dict[str, asyncio.Future[Any]] = {}  # greedy calls under way, by the key of their cache entry
        self._introduction: asyncio.Task[ServerFacts] | None = None

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()

    @property
    def usage(self) -> Usage:
        """The account so far."""
        return self._account.snapshot(self._replicas.window if self._replicas else self.server.max_in_flight)

    async def check(self) -> ServerFacts:
        """Ask every replica, once, what it serves.

        Raises:
            ServerError: it cannot be reached, or does not serve the model.
        """
        self._open()
        facts = await asyncio.gather(*(self._facts(url) for url in self.server.urls))
        return self._introduced(dict(zip(self.server.urls, facts, strict=True)))

    async def complete(
        self,
        messages: Sequence[Message],
        n: int,
        sampling: Sampling,
        *,
        schema: Mapping[str, Any] | None = None,
        affinity: str | None = None,
    ) -> list[Completion]:
        """``n`` completions, exactly. Where a request brings fewer, only the others are asked for again.

        ``usage`` of a completion is that of its request; where the request brought several, ``choices`` in it says
        how many.

        Args:
            schema: a JSON schema that the answer is held to, if the server can; else it is asked without.
            affinity: calls with the same one go to the same replica, e.g. a task's key.

        Raises:
            InferenceError: no answer, after all retries.
        """
        self._open()
        if not self.model or (self.server.cache is not None and self._root is None):
            await self._introduce()
        request = Request(self.model, messages, sampling, schema, self.server.extra_body)
        if n == 1:
            return [(await self._one(request, 0, affinity))]
        done: dict[int, Completion] = {}
        while missing := [i for i in range(n) if i not in done]:
            if request.greedy or self._dialect.one_choice:  # servers refuse n > 1 with temperature 0
                asked = [self._one(request, i, affinity) for i in missing]
                results = await asyncio.gather(*asked, return_exceptions=True)
                if errors := [result for result in results if isinstance(result, BaseException)]:
                    raise errors[0]
                done |= {i: r for i, r in zip(missing, results, strict=True) if isinstance(r, Completion)}
                continue
            first = missing[0]
            count = next((i for i in range(n - first) if first + i in done), n - first)
            reply = await self._call(request, first, count, affinity)
            done |= {first + i: made for i, made in self._completions(reply).items()}
        return [done[i] for i in range(n)]

    async def aclose(self) -> None:
        """Close all connections. Calls under way fail."""
        if self._loop is not None and self._loop.is_closed():
            self._forget()
        replicas, session, cache = self._replicas, self._session, self._cache
        self._loop = self._session = self._replicas = self._cache = None
        if self._introduction is not None:
            self._introduction.cancel()
            self._introduction = None
        if replicas is not None:
            await replicas.aclose()
        if session is not None:
            await session.close()
        if cache is not None:
            cache.close()

    def _forget(self) -> None:
        """Let go of a loop that ended without ``aclose``: with it went all calls, so only files are left to close."""
        session, cache = self._session, self._cache
        self._loop = self._session = self._replicas = self._cache = self._introduction = None
        self._asking.clear()
        if session is not None:
            session.detach()  # its connections died with their loop
        if cache is not None:
            cache.abandon()

    def _open(self) -> None:
        loop = asyncio.get_running_loop()
        if self._loop is loop:
            return
        if self._loop is not None and self._loop.is_closed():
            self._forget()
        if self._loop is not None:
            raise RuntimeError(
                "this client belongs to another event loop: `await client.aclose()` there, or make another"
            )
        import aiohttp

        headers = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "synthetic1"}
        if key := os.environ.get(self.server.api_key_env):
            headers["Authorization"] = f"Bearer {key}"
        self._cache = ResponseCache(self.server.cache) if self.server.cache is not None else None
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=IDLE_S, ttl_dns_cache=60),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=headers,
            timeout=aiohttp.ClientTimeout(total=self.server.timeout_s, sock_connect=min(30.0, self.server.timeout_s)),
        )
        self._replicas = Replicas(self.server.urls, self.server.max_in_flight, self._answers, self.server.outage_s)
        self._loop = loop

    async def _one(self, request: Request, index: int, affinity: str | None) -> Completion:
        if self._cache is None or not request.greedy:
            return self._completions(await self._call(request, index, 1, affinity))[0]
        # no dialect: the next process has that to learn yet
        key = self._cache.key([self._root, *request.content(index)])
        while True:
            if (reply := self._cache.get(key)) is not None:
                self._account.cached += 1
                return self._completions(reply)[0]
            if (other := self._asking.get(key)) is None:
                break
            await asyncio.wait([other])  # whoever asks already may fail, or be cancelled: then it is our turn
        self._asking[key] = asyncio.get_running_loop().create_future()
        try:
            reply = await self._call(request, index, 1, affinity)
            if self._cache is not None:
                self._cache.put(key, reply)
        finally:
            self._asking.pop(key).set_result(None)
        return self._completions(reply)[0]

    def _completions(self, reply: Reply) -> dict[int, Completion]:
        usage: Mapping[str, Any] | None = reply.usage
        if usage is not None and len(reply.choices) > 1:
            usage = {**usage, "choices": len(reply.choices)}
        return {
            index: choice.completion(usage, thinking_open=self.server.thinking_open)
            for index, choice in reply.choices.items()
        }

    async def _call(self, request: Request, first: int, n: int, affinity: str | None) -> Reply:
        """Completions ``first`` … of a call, by index from 0; one of them at least. All patience is here."""
        account, server = self._account, self.server
        lost = patience_ends = 0.0
        refusals = 0
        while True:
            replicas = self._replicas
            if replicas is None:
                raise InferenceError("unreachable", "the client was closed")
            try:
                replica = await replicas.acquire(affinity, again=lost + refusals > 0)
            except InferenceError:
                account.failed += 1
                raise
            account.retried += lost + refusals > 0
            got = await self._attempt(replicas, replica, request, first, n)
            if isinstance(got, Reply):
                if n > 1 and len(got.choices) == 1:
                    self._dialect.one_choice = True
                return got
            now = asyncio.get_running_loop().time()
            if got.remedy is Remedy.ELSEWHERE:
                continue
            if got.remedy is Remedy.NONE:
                if self._dialect.learn(request, n, got.message):
                    if n > 1 and self._dialect.one_choice:
                        n = 1
                    continue
            elif got.remedy is Remedy.AGAIN:
                lost += 1
                pause = _pause(lost, got.wait_s)
                if lost <= server.retries and (got.wait_s is None or pause <= server.outage_s):
                    await asyncio.sleep(pause)
                    continue
            else:
                refusals += 1
                patience_ends = patience_ends or now + server.outage_s
                pause = _pause(refusals, got.wait_s)
                if now + pause <= patience_ends:
                    await asyncio.sleep(pause)
                    continue
            account.failed += 1
            tries = f" (asked {lost + refusals:g} times)" if lost + refusals > 1 else ""
            raise InferenceError(got.kind, f"{replica.url}: {got.message}{tries}")

    async def _attempt(
        self, replicas: Replicas, replica: Replica, request: Request, first: int, n: int
    ) -> Reply | Failure:
        """One request, from its slot to the slot's release."""
        account = self._account
        asked_at = asyncio.get_running_loop().time()
        account.requests += 1
        try:
            reply = await self._post(
                replica.url, request.body(self._dialect, first=first, n=n, stream=self.server.stream), n
            )
        except asyncio.CancelledError:
            account.erred("cancelled", usage_unknown=True)
            replicas.release(replica)
            raise
        except Exception as error:
            failure = error.failure if isinstance(error, _Refused) else from_exception(error)
            if failure is None:
                account.erred("defect", usage_unknown=True)
                replicas.release(replica)
                raise
            account.erred(failure.kind, usage_unknown=failure.usage_unknown)
            if failure.congestion:
                replica.window.congested(asked_at, asyncio.get_running_loop().time())
            if failure.remedy is Remedy.ELSEWHERE:
                replicas.went_down(replica, failure.message)
            replicas.release(replica)
            return failure
        tokens = 0 if reply.usage is None else reply.usage["completion_tokens"]
        account.answered(reply.usage)
        replicas.answered(replica, asyncio.get_running_loop().time() - asked_at, tokens)
        replicas.release(replica)
        return reply

    async def _post(self, url: str, body: dict[str, Any], n: int) -> Reply:
        assert self._session is not None
        data = json.dumps(body).encode()
        async with self._session.post(f"{url}/chat/completions", data=data, allow_redirects=False) as response:
            if response.status != 200:
                raise _Refused(from_status(response.status, response.headers, await response.read()))
            if not self.server.stream or response.content_type == "application/json":
                return read_reply(await response.read(), n)
            return await _read_stream(response, n)

    async def _facts(self, url: str) -> ServerFacts:
        """What one replica serves, asked once."""
        import aiohttp

        assert self._session is not None
        wanted = self.server.model
        try:
            async with self._session.get(
                f"{url}/models", allow_redirects=False, timeout=aiohttp.ClientTimeout(total=CHECK_S)
            ) as response:
                body, status = await response.read(), response.status
        except Exception as error:
            if (failure := from_exception(error)) is None:
                raise
            raise ServerError("unreachable", f"cannot reach {url} ({failure.message}); is the server up?") from None
        if status in (404, 405, 501) and wanted:
            return ServerFacts((), wanted, None)
        if status != 200:
            failure = from_status(status, response.headers, body)
            kind = failure.kind if failure.remedy is Remedy.NONE else "unreachable"
            raise ServerError(kind, f"{url}/models: {failure.message}; is this an OpenAI-compatible server?")
        cards = _cards(body)
        if cards is None:
            raise ServerError("bad_response", f"{url}/models names no models; is this an OpenAI-compatible server?")
        names = tuple(cards)
        if wanted is None and len(names) != 1:
            raise ServerError("wrong_model", f"{url} serves {', '.join(names) or 'no model'}; say which: model=…")
        model = wanted or names[0]
        if model not in cards:
            raise ServerError("wrong_model", f"{url} serves {', '.join(names) or 'no model'}; not {model}")
        length, root = cards[model].get("max_model_len"), cards[model].get("root")
        return ServerFacts(
            names, model, length if isinstance(length, int) else None, root if isinstance(root, str) else ""
        )

    def _introduced(self, facts: Mapping[str, ServerFacts]) -> ServerFacts:
        """What replicas said of themselves, by URL: that of the first.

        Raises:
            ServerError: they do not serve the same model.
        """
        first, *others = facts
        for url in others:
            if facts[url].model != facts[first].model:
                raise ServerError("wrong_model", f"{url} serves {facts[url].model}, and {first} {facts[first].model}")
        self.model, self._root = facts[first].model, facts[first].root or ""
        return facts[first]

    async def _introduce(self) -> None:
        """Before the first call: which model, once for all calls that wait; an outage is waited out here, too.

        One replica that answers is enough: the others may be back later, or never.
        """
        if self._introduction is None or self._introduction.done():
            self._introduction = asyncio.get_running_loop().create_task(self._ask_until_told())
        introduction, caller = self._introduction, asyncio.current_task()
        try:
            await asyncio.shield(introduction)
        except asyncio.CancelledError:
            if introduction.cancelled() and not (caller and caller.cancelling()):
                raise InferenceError("unreachable", "the client was closed") from None
            raise

    async def _ask_until_told(self) -> ServerFacts:
        loop = asyncio.get_running_loop()
        ends, tries = loop.time() + self.server.outage_s, 0
        while True:
            found = await asyncio.gather(*(self._facts(url) for url in self.server.urls), return_exceptions=True)
            facts = {u: said for u, said in zip(self.server.urls, found, strict=True) if isinstance(said, ServerFacts)}
            for error in found:
                away = isinstance(error, ServerError) and error.kind == "unreachable"
                if isinstance(error, BaseException) and not away:
                    raise error
            if facts:
                return self._introduced(facts)
            tries += 1
            pause = _pause(tries, None)
            if loop.time() + pause > ends:
                assert isinstance(found[0], ServerError)
                raise found[0]
            await asyncio.sleep(pause)

    async def _answers(self, url: str) -> bool:
        """Whether a server that was away is back."""
        import aiohttp

        if self._session is None:
            return False
        try:
            async with self._session.get(
                f"{url}/models", allow_redirects=False, timeout=aiohttp.ClientTimeout(total=CHECK_S)
            ) as response:
                return response.status < 500
        except (aiohttp.ClientError, OSError):
            return False


class _Refused(Exception):
    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


async def _read_stream(response: aiohttp.ClientResponse, n: int) -> Reply:
    import aiohttp

    pieces = StreamedReply(n)
    try:
        async for data in response.content.iter_any():
            pieces.feed(data)
            if pieces.done:
                break
        pieces.end()
    except (aiohttp.ClientError, OSError, BadReply, ErrorReply):
        if not pieces.any_finished:  # else what finished stays, whatever came of the rest
            raise
    return pieces.reply()


def _cards(body: bytes) -> dict[str, dict[str, Any]] | None:
    """Model name → what ``/models`` says of it."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    listed = value.get("data") if isinstance(value, dict) else None
    if not isinstance(listed, list):
        return None
    return {card["id"]: card for card in listed if isinstance(card, dict) and isinstance(card.get("id"), str)}


def _pause(attempt: float, wait_s: float | None) -> float:
    """Seconds before attempt ``attempt + 1``: doubled each time, never less than the server asked for.

    The jitter is never seeded: two clients that failed together must not come back together.
    """
    first, longest = BACK_OFF_S
    pause: float = min(longest, first * 2.0 ** (attempt - 1)) * uniform(0.5, 1.0)
    return pause if wait_s is None else wait_s + min(pause, 1.0)
