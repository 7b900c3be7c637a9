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
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from synthetic1.completion import Completion
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
    """Where the server is, and how long to try.

    Raises:
        ValueError: not an address of HTTP.
    """

    url: str
    api_key: str | None
    timeout_s: float
    tries: int

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"url must be such as http://127.0.0.1:8080, got `{self.url}`")

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
        api_key: None: the environment variable ``SYNTHETIC1_API_KEY``.
        timeout_s: for one attempt; programs and judges can take minutes.
        tries: attempts, while the server is full or away.
    """

    def __init__(self, url: str, *, api_key: str | None = None, timeout_s: float = 3600.0, tries: int = 6) -> None:
        self._address = Address(url.rstrip("/"), api_key or os.environ.get(KEY_VARIABLE), timeout_s, tries)

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
        data = json.dumps(body).encode()
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
    """As ``RewardClient``, awaited: ``async with AsyncRewardClient(url) as client``. Belongs to one event loop."""

    def __init__(self, url: str, *, api_key: str | None = None, timeout_s: float = 3600.0, tries: int = 6) -> None:
        self._address = Address(url.rstrip("/"), api_key or os.environ.get(KEY_VARIABLE), timeout_s, tries)
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
        data = json.dumps(body).encode()
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
    """A pair as it travels. Of a ``Completion`` that was split already, thought and answer go by themselves."""
    if isinstance(task, str):
        row: Mapping[str, Any] = {"task_id": task}
    else:
        row = task.to_dict() if isinstance(task, Task) else task
    if isinstance(completion, str):
        return {"task": row, "completion": completion}
    thinking_open = completion.answer is None and completion.reasoning == completion.raw
    parts = {"content": completion.raw, "finish_reason": completion.finish_reason, "thinking_open": thinking_open}
    return {"task": row, "completion": parts}


def read_verdict(values: Mapping[str, Any]) -> Verdict:
    """A verdict from its response; which verifier it was is left out."""
    return Verdict(values["score"], values["reason"], values["answer"], values["details"])
