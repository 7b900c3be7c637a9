"""The client for servers that speak the OpenAI protocol: ``Client(Server("http://localhost:8000/v1"))``."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from synthetic1.completion import Completion
from synthetic1.extras import not_installed
from synthetic1.inference.cache import ResponseCache
from synthetic1.inference.dialect import NOTHING, REFUSES, Dialect
from synthetic1.inference.engine import Message, Sampling
from synthetic1.inference.errors import InferenceError, ServerError
from synthetic1.inference.exchange import failure_of, post
from synthetic1.inference.failure import Failure, Remedy, back_off_s
from synthetic1.inference.introduction import ServerFacts, answers, ask_all, ask_until_told
from synthetic1.inference.open_files import make_room
from synthetic1.inference.outage import WAITED_FOR, OutageWatch
from synthetic1.inference.replicas import Replica, Replicas
from synthetic1.inference.reply import Reply
from synthetic1.inference.request import Request
from synthetic1.inference.route import key_headers, proxy_of
from synthetic1.inference.server import Server
from synthetic1.inference.usage import Account, Usage

if TYPE_CHECKING:
    import aiohttp

log = logging.getLogger(__name__)

IDLE_S = 4.0  # before a connection is closed that nothing needs: uvicorn, which serves most of them, does so after 5
NOTICED_S = 1.0  # a pause before asking again that is worth a line in the log
SAID_EVERY_S = 30.0


class Client:
    """An ``Engine``. Belongs to the event loop that first uses it; once that has ended, or after ``aclose``, it may be
    used again on any.

    Calls run in their caller's task: ask for many at once (``asyncio.gather``), as many as you like. No more than
    ``max_in_flight`` are sent, and those that wait are served in the order of asking.

    Args:
        server: what ``Server.of`` takes.
        account: where to count what is asked, for clients that follow each other; ``None``: an account of its own.
    """

    name = "openai"

    def __init__(self, server: Server | str | Mapping[str, Any], account: Account | None = None) -> None:
        self.server = Server.of(server)
        self.model = self.server.model or ""
        """Empty until the server has been asked, where the settings do not name one."""
        self.account = Account(self.server.price) if account is None else account
        self._dialect = NOTHING
        self._loop: asyncio.AbstractEventLoop | None = None
        self._session: aiohttp.ClientSession | None = None
        self._replicas: Replicas | None = None
        self._watch: OutageWatch | None = None
        self._cache: ResponseCache | None = None
        self._root: str | None = None
        self._asking: dict[str, asyncio.Future[Any]] = {}  # greedy calls under way, by the key of their cache entry
        self._introduction: asyncio.Task[ServerFacts] | None = None
        self._silent_until = 0.0
        self._proxies: dict[str, str | None] = {}

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()

    @property
    def usage(self) -> Usage:
        """The account so far."""
        return self.account.snapshot(self._replicas.window if self._replicas else self.server.max_in_flight)

    async def check(self) -> ServerFacts:
        """Ask every replica, once, what it serves.

        Raises:
            ServerError: it cannot be reached, or does not serve the model.
        """
        self._open()
        assert self._session is not None
        return self._introduced(await ask_all(self._session, self.server.now()))

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
        replicas, watch, session, cache = self._replicas, self._watch, self._session, self._cache
        self._loop = self._session = self._replicas = self._watch = self._cache = None
        if self._introduction is not None:
            self._introduction.cancel()
            self._introduction = None
        if watch is not None and replicas is not None:
            await watch.aclose()
            await replicas.aclose()
        if session is not None:
            await session.close()
        if cache is not None:
            cache.close()

    def _forget(self) -> None:
        """Let go of a loop that ended without ``aclose``: with it went all calls, so only files are left to close."""
        session, cache = self._session, self._cache
        self._loop = self._session = self._replicas = self._watch = self._cache = self._introduction = None
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
        try:
            import aiohttp
        except ModuleNotFoundError:
            raise ServerError("unreachable", f"no server can be asked: {not_installed('aiohttp', 'judge')}") from None
        server = self.server.now()
        make_room(server.max_in_flight, server.replicas_at_once)
        headers = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "synthetic1"}
        headers |= key_headers(server)
        self._proxies = {url: proxy_of(url) for url in server.urls}
        self._cache = ResponseCache(self.server.cache) if self.server.cache is not None else None
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=IDLE_S, ttl_dns_cache=60),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=headers,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=min(30.0, self.server.timeout_s)),  # all: `attempt`
        )
        self._replicas = Replicas(server.urls, server.max_in_flight, self._answers, server.outage_s)
        server.tell(self._replicas)
        self._watch = OutageWatch(self._replicas, self._post, self._failed, self.server.timeout_s)
        self._loop = loop

    async def _one(self, request: Request, index: int, affinity: str | None) -> Completion:
        if self._cache is None or not request.greedy:
            return self._completions(await self._call(request, index, 1, affinity))[0]
        # no dialect: the next process has that to learn yet
        key = self._cache.key([self._root, *request.content(index)])
        while True:
            if (reply := self._cache.get(key)) is not None:
                self.account.cached += 1
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
        return reply.completions(thinking_open=self.server.thinking_open)

    async def _call(self, request: Request, first: int, n: int, affinity: str | None) -> Reply:
        """Completions ``first`` … of a call, by index from 0; one of them at least. All patience is here."""
        account, server = self.account, self.server
        lost = refusals = outages = 0
        patience_ends, tried = 0.0, NOTHING
        while True:
            again = lost + refusals + outages > 0
            replicas, watch = self._replicas, self._watch
            if replicas is None or watch is None:
                raise InferenceError("unreachable", "the client was closed")
            try:
                replica = await replicas.acquire(affinity, again=again)
            except InferenceError:
                account.failed += 1
                raise
            account.retried += again
            spoken = self._dialect | tried
            n = 1 if spoken.one_choice else n
            body = request.body(spoken, first=first, n=n, stream=server.stream)
            got = await self._attempt(replicas, replica, body, n)
            if isinstance(got, Reply):
                if tried is not NOTHING or n > 1:
                    self._learn(tried | Dialect(one_choice=n > 1 and len(got.choices) == 1))
                return got
            now = asyncio.get_running_loop().time()
            if got.remedy is Remedy.ELSEWHERE:
                continue
            if got.remedy is Remedy.NONE:
                refused = got.kind == "bad_request" and got.status in REFUSES
                more = spoken.learnt(frozenset(body), request.schema_json, got.message) if refused else None
                if more is not None:
                    tried = more
                    continue
            elif got.remedy is Remedy.AGAIN:
                lost += 1
                pause = back_off_s(lost, got.wait_s)
                if got.wait_s is None or pause <= server.outage_s:
                    if lost <= server.retries:
                        await self._wait(replica, got, pause)
                        continue
                    if outages < WAITED_FOR and await watch.is_sick(replica, got, body, lost):
                        outages, lost = outages + 1, 0
                        continue
            else:
                refusals += 1
                patience_ends = patience_ends or now + server.outage_s
                pause = back_off_s(refusals, got.wait_s)
                if now + pause <= patience_ends:
                    await self._wait(replica, got, pause)
                    continue
            account.failed += 1
            outage = await watch.is_outage(replica, got, body, lost + refusals)
            tries = f" (asked {lost + refusals} times)" if lost + refusals > 1 else ""
            raise InferenceError(got.kind, f"{replica.url}: {got.message}{tries}", got.status, outage)

    async def _wait(self, replica: Replica, failure: Failure, pause: float) -> None:
        """Before asking again. A wait that somebody may notice is said, for all calls that wait alike at once."""
        now = asyncio.get_running_loop().time()
        if pause >= NOTICED_S and now >= self._silent_until:
            self._silent_until = now + SAID_EVERY_S
            log.warning("%s: %s; asking again in %.0f s", replica.url, failure.message, pause)
        await asyncio.sleep(pause)

    def _learn(self, more: Dialect) -> None:
        """What a request went through without is left out from now on; said once."""
        before, self._dialect = self._dialect, self._dialect | more
        if news := self._dialect.news(before):
            log.warning("%s does not take %s; going on without", " ".join(self.server.urls), ", ".join(news))

    async def _attempt(self, replicas: Replicas, replica: Replica, body: dict[str, Any], n: int) -> Reply | Failure:
        """One request, from its slot to the slot's release."""
        asked_at = asyncio.get_running_loop().time()
        try:
            async with replica.attempt(self.server.timeout_s):
                reply = await self._post(replica.url, body, n)
            tokens = 0 if reply.usage is None else reply.usage["completion_tokens"]
            replicas.answered(replica, asyncio.get_running_loop().time() - asked_at, tokens)
            if self._watch is not None:
                self._watch.answered(replica)
            return reply
        except BaseException as error:
            failure = self._failed(error)
            if failure.congestion:
                replica.window.congested(asked_at, asyncio.get_running_loop().time())
            if failure.remedy is Remedy.ELSEWHERE:
                replicas.went_down(replica, failure.message)
            elif self._watch is not None and failure.remedy is not Remedy.NONE and not replica.gone:
                self._watch.failed(replica, failure, body)
            return failure
        finally:
            replicas.release(replica)

    async def _post(self, url: str, body: dict[str, Any], n: int) -> Reply:
        assert self._session is not None
        self.account.requests += 1
        if url not in self._proxies:  # it has joined since
            self._proxies[url] = proxy_of(url)
        reply = await post(self._session, url, body, n, stream=self.server.stream, proxy=self._proxies[url])
        self.account.answered(reply.usage)
        return reply

    def _failed(self, error: BaseException) -> Failure:
        """A request brought ``error``, which is raised again where it was cancelled, or is a defect of ours."""
        failure = failure_of(error) if isinstance(error, Exception) else None
        if failure is None:
            self.account.erred(
                "cancelled" if isinstance(error, asyncio.CancelledError) else "defect", usage_unknown=True
            )
            raise error
        self.account.erred(failure.kind, usage_unknown=failure.usage_unknown)
        return failure

    def _introduced(self, facts: ServerFacts) -> ServerFacts:
        self.model, self._root = facts.model, facts.root or ""
        return facts

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
        assert self._session is not None
        return self._introduced(await ask_until_told(self._session, self.server.now()))

    async def _answers(self, url: str) -> bool:
        return self._session is not None and await answers(self._session, url)
