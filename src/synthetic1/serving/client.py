"""Clients of a reward server: verdicts from another machine as if they were scored here.

::

    from synthetic1.serving.client import RewardClient

    client = RewardClient("http://rewards:8080")           # the key: SYNTHETIC1_API_KEY
    verdict = client.score(task, completion)               # a Task, its row, or a task_id of the server's
    verdicts = client.score_many([(task, completion), …])

``AsyncRewardClient`` has the same methods, to be awaited (it needs aiohttp). A server that is full or away is asked
again; a verdict without a score is a verdict, and no error.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from synthetic1.completion import Completion
from synthetic1.extras import missing
from synthetic1.serving.settings import KEY_VARIABLE
from synthetic1.task import Task
from synthetic1.verdict import Verdict

if TYPE_CHECKING:
    from types import TracebackType

    import aiohttp

TaskLike = Task | Mapping[str, Any] | str
"""A task, its row, or the id of one of the server's."""
CompletionLike = Completion | str
AGAIN = (429, 502, 503, 504)
"""Statuses after which the same request is sent once more; scoring twice does no harm."""


class RewardServerError(RuntimeError):
    """The server refused, or cannot be reached. One line.

    Attributes:
        status: of the response; None where there was none.
    """

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Address:
    """Where the server is, and how long to try."""

    url: str
    """Without user and password: errors show it."""
    api_key: str | None = field(repr=False)
    timeout_s: float
    tries: int

    @classmethod
    def read(cls, url: str, api_key: str | None, timeout_s: float, tries: int) -> Address:
        """The address in what people write; in ``http://any:KEY@host`` is a key, which counts if none is given.

        Raises:
            ValueError: not an address of HTTP.
        """
        try:
            parts = urlsplit(url)
            right = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            right = False
        if not right:
            shown = url.rpartition("@")[2]  # what stands before it may be a key
            raise ValueError(f"url must be such as http://127.0.0.1:8080, got `{shown}`")
        key = api_key or unquote(parts.password or "") or os.environ.get(KEY_VARIABLE)
        place = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        return cls(place.rstrip("/"), key, timeout_s, tries)

    @property
    def headers(self) -> dict[str, str]:
        key = {"Authorization": f"Bearer {self.api_key}"} if self.api_key else {}
        return {"Content-Type": "application/json", **key}

    def pause_s(self, attempt: int, retry_after: str | None) -> float | None:
        """Seconds before the next attempt, the first of which is 0; None if there is to be none."""
        if attempt + 1 >= self.tries:
            return None
        return float(retry_after) if retry_after and retry_after.isdigit() else min(10.0, 0.5 * 2**attempt)

    def fault(self, status: int, body: bytes) -> RewardServerError:
        """What a response that is not 200 says."""
        try:
            said = json.loads(body)["error"]
        except (ValueError, KeyError, TypeError):
            said = body[:200].decode(errors="replace")
        return RewardServerError(f"{self.url} answered {status}: {said}", status)

    def unreachable(self, error: BaseException) -> RewardServerError:
        return RewardServerError(f"{self.url} cannot be reached: {type(error).__name__}: {error}".rstrip(": "))


class RewardClient:
    """Blocks. May be used by several threads at once.

    Args:
        url: such as ``http://rewards:8080``, or ``http://any:KEY@rewards:8080``.
        api_key: None: that of the url, else the environment variable ``SYNTHETIC1_API_KEY``.
        timeout_s: for one attempt; programs and judges can take minutes.
        tries: attempts, while the server is full or away.
    """

    def __init__(self, url: str, *, api_key: str | None = None, timeout_s: float = 3600.0, tries: int = 6) -> None:
        self._address = Address.read(url, api_key, timeout_s, tries)

    def score(self, task: TaskLike, completion: CompletionLike) -> Verdict:
        """The verdict.

        Raises:
            RewardServerError: the server refuses the request, or could not be reached in all attempts.
        """
        return read_verdict(self._post("/v1/score", written_pair(task, completion)))

    def score_many(self, pairs: Iterable[tuple[TaskLike, CompletionLike]]) -> list[Verdict]:
        """The verdicts, in order. At most as many pairs as the server's --max-pairs.

        Raises:
            RewardServerError: as ``score``.
        """
        body = {"pairs": [written_pair(task, completion) for task, completion in pairs]}
        return [read_verdict(verdict) for verdict in self._post("/v1/score_batch", body)["verdicts"]]

    def _post(self, path: str, body: Mapping[str, Any]) -> Any:
        data = written_body(body)
        for attempt in range(self._address.tries):
            retry_after = None
            try:
                status, retry_after, answer = self._ask(path, data)
                if status == 200:
                    return json.loads(answer)
                error = self._address.fault(status, answer)
            except (OSError, http.client.HTTPException) as failure:
                error = self._address.unreachable(failure)
            pause_s = self._address.pause_s(attempt, retry_after)
            if pause_s is None or (error.status is not None and error.status not in AGAIN):
                raise error
            time.sleep(pause_s)
        raise AssertionError("the last attempt returns or raises")

    def _ask(self, path: str, data: bytes) -> tuple[int, str | None, bytes]:
        parts = urlsplit(self._address.url)
        make: Callable[..., http.client.HTTPConnection] = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        connection = make(parts.hostname, parts.port, timeout=self._address.timeout_s)
        try:
            connection.request("POST", parts.path + path, data, self._address.headers)
            response = connection.getresponse()
            return response.status, response.headers.get("Retry-After"), response.read()
        finally:
            connection.close()


class AsyncRewardClient:
    """As ``RewardClient``, awaited: ``async with AsyncRewardClient(url) as client``. Belongs to one event loop.

    Raises:
        ModuleNotFoundError: aiohttp is not installed.
    """

    def __init__(self, url: str, *, api_key: str | None = None, timeout_s: float = 3600.0, tries: int = 6) -> None:
        try:
            import aiohttp  # noqa: F401  # said here, not at the first verdict
        except ModuleNotFoundError as error:
            raise missing(error, "serve") from None
        self._address = Address.read(url, api_key, timeout_s, tries)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> AsyncRewardClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def score(self, task: TaskLike, completion: CompletionLike) -> Verdict:
        """The verdict; raises as ``RewardClient.score``. Cancelling it ends the work on the server."""
        return read_verdict(await self._post("/v1/score", written_pair(task, completion)))

    async def score_many(self, pairs: Iterable[tuple[TaskLike, CompletionLike]]) -> list[Verdict]:
        """The verdicts, in order; raises as ``RewardClient.score_many``."""
        body = {"pairs": [written_pair(task, completion) for task, completion in pairs]}
        return [read_verdict(verdict) for verdict in (await self._post("/v1/score_batch", body))["verdicts"]]

    async def _post(self, path: str, body: Mapping[str, Any]) -> Any:
        import aiohttp

        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=self._address.timeout_s),
                connector=aiohttp.TCPConnector(limit=0),  # the server says when it is full
                headers=self._address.headers,
            )
        data = written_body(body)
        for attempt in range(self._address.tries):
            retry_after = None
            try:
                async with self._session.post(f"{self._address.url}{path}", data=data) as response:
                    answer = await response.read()
                    if response.status == 200:
                        return json.loads(answer)
                    retry_after = response.headers.get("Retry-After")
                    error = self._address.fault(response.status, answer)
            except (aiohttp.ClientError, OSError, TimeoutError) as failure:
                error = self._address.unreachable(failure)
            pause_s = self._address.pause_s(attempt, retry_after)
            if pause_s is None or (error.status is not None and error.status not in AGAIN):
                raise error
            await asyncio.sleep(pause_s)
        raise AssertionError("the last attempt returns or raises")


def written_pair(task: TaskLike, completion: CompletionLike) -> dict[str, Any]:
    """A pair as it travels. A ``Completion`` that was split otherwise than ``parse`` does is sent as it was split."""
    if isinstance(task, str):
        row: Mapping[str, Any] = {"task_id": task}
    else:
        row = task.to_dict() if isinstance(task, Task) else task
    if isinstance(completion, str):
        return {"task": row, "completion": completion}
    thinking_open = completion.answer is None and completion.reasoning == completion.raw
    parts = {"content": completion.raw, "finish_reason": completion.finish_reason, "thinking_open": thinking_open}
    parsed = Completion.parse(completion.raw, thinking_open=thinking_open)
    if (parsed.reasoning, parsed.answer) != (completion.reasoning, completion.answer):
        parts |= {"reasoning": completion.reasoning, "content": completion.answer, "split": True}
    return {"task": row, "completion": parts}


def written_body(body: Mapping[str, Any]) -> bytes:
    """JSON. Halves of surrogate pairs, which no JSON reader has to take, become U+FFFD each: else the server could not
    read a batch for one completion that is broken."""
    text = json.dumps(body, ensure_ascii=False)
    try:
        return text.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub("\ufffd", text).encode()


_SURROGATE = re.compile("[\ud800-\udfff]")


def read_verdict(values: Mapping[str, Any]) -> Verdict:
    """A verdict from its response; which verifier it was is left out."""
    return Verdict(values["score"], values["reason"], values["answer"], values["details"])
