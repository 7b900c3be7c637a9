"""A server of completions: where it is, what it serves, and how patiently it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Price:
    """Money for one million tokens, in whatever currency the reader thinks in.

    Raises:
        ValueError: a negative price.
    """

    input: float
    output: float

    def __post_init__(self) -> None:
        if not (self.input >= 0 and self.output >= 0):
            raise ValueError(f"price: input and output must be >= 0, got {self.input!r} and {self.output!r}")

    def cost(self, prompt_tokens: int, completion_tokens: int) -> float:
        return (self.input * prompt_tokens + self.output * completion_tokens) / 1e6


@dataclass(frozen=True)
class Server:
    """One model behind one or several equal OpenAI-compatible servers (replicas). Picklable, and JSON both ways.

    The API key is not a setting: it is read from the environment when the first request is sent, and stands in no key,
    row or log.

    Raises:
        ValueError: says which setting is wrong, and what would be right.
    """

    urls: tuple[str, ...]
    """Base URLs, e.g. ``http://localhost:8000/v1``; one string will do. Without a path, ``/v1`` is meant."""
    model: str | None = None
    """``None``: the one model that the server serves."""
    api_key_env: str = "OPENAI_API_KEY"
    """The environment variable that holds the key; unset or empty: none is sent."""
    max_in_flight: int = 64
    """Requests in flight at once, all replicas together: the ceiling of the adaptive window."""
    timeout_s: float = 600.0
    """For one attempt, from sending to the last byte."""
    retries: int = 5
    """How often a call is asked again whose answer was lost or unreadable."""
    outage_s: float = 300.0
    """How long to wait for a server that is down, or that says "later"; that costs no retries. A server that asks for a
    longer wait is given up at once."""
    thinking_open: bool = False
    """The chat template ends inside ``<think>``: an answer without ``</think>`` is a thought cut off."""
    stream: bool = False
    """Ask for the answer piece by piece: for proxies that cut connections on which nothing moves."""
    price: Price | None = None
    cache: str | None = None
    """A file (SQLite) that keeps the answers to greedy calls."""
    extra_body: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """More fields of every request, e.g. ``chat_template_kwargs``; a field that is ``None`` is left out."""

    def __post_init__(self) -> None:
        urls = (self.urls,) if isinstance(self.urls, str) else tuple(self.urls)
        object.__setattr__(self, "urls", tuple(_base_url(url) for url in urls))
        if not self.urls:
            raise ValueError("urls: name at least one server, e.g. http://localhost:8000/v1")
        if len(set(self.urls)) < len(self.urls):
            raise ValueError(f"urls: the same server stands there twice: {', '.join(self.urls)}")
        if isinstance(self.price, Mapping):
            object.__setattr__(self, "price", Price(**self.price))
        if self.cache is not None:
            object.__setattr__(self, "cache", str(self.cache))
        object.__setattr__(self, "extra_body", dict(self.extra_body))
        if self.max_in_flight < 1:
            raise ValueError(f"max_in_flight: must be at least 1, got {self.max_in_flight!r}")
        for name in ("timeout_s", "retries", "outage_s"):
            value = getattr(self, name)
            if not (value > 0 or (value == 0 and name != "timeout_s")):
                raise ValueError(f"{name}: must be {'> 0' if name == 'timeout_s' else '>= 0'}, got {value!r}")

    @classmethod
    def of(cls, value: Server | str | Mapping[str, Any]) -> Server:
        """A server from what settings hold: a URL, or a mapping of the fields above.

        Raises:
            ValueError: no server.
        """
        if isinstance(value, Server):
            return value
        if isinstance(value, str):
            return cls((value,))
        names = {f.name for f in fields(cls)}
        if unknown := sorted(set(value) - names):
            raise ValueError(f"server: unknown setting `{unknown[0]}`; there are: {', '.join(sorted(names))}")
        if not value.get("urls"):
            raise ValueError("server: `urls` is missing, e.g. http://localhost:8000/v1")
        return cls(**value)

    def to_dict(self) -> dict[str, Any]:
        """JSON values; ``Server.of`` reads them back."""
        return {**asdict(self), "urls": list(self.urls)}


def _base_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"urls: a server's address begins with http:// or https://, got {url!r}")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError(f"urls: {parts.hostname}: no credentials or query in an address; keys come from `api_key_env`")
    return url.rstrip("/") if parts.path.strip("/") else url.rstrip("/") + "/v1"
