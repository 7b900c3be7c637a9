"""A server of completions: where it is, what it serves, and how patiently it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from os import PathLike
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit
from weakref import WeakSet

_CREDENTIALS = {"key", "api_key", "api-key", "apikey", "token", "access_token", "sig", "code", "secret", "password"}

MOST_AT_ONCE = 4
"""Replicas that connections are kept open to, where they join and leave."""

_WORDS = {int: "a whole number", float: "a number", bool: "true or false", str: "a string"}


def check_types(settings: object, **kinds: type) -> None:
    """Raises ValueError for the first attribute of ``settings`` that is not of its kind; a ``float`` may be whole."""
    for name, kind in kinds.items():
        value = getattr(settings, name)
        fits = isinstance(value, int | float if kind is float else kind)
        if not fits or value != value or (isinstance(value, bool) and kind is not bool):
            raise ValueError(f"{name}: must be {_WORDS[kind]}, got {value!r:.80}")


@dataclass(frozen=True)
class Price:
    """Money for one million tokens, in whatever currency the reader thinks in.

    Raises:
        ValueError: a negative price.
    """

    input: float
    output: float

    def __post_init__(self) -> None:
        check_types(self, input=float, output=float)
        if not (self.input >= 0 and self.output >= 0):
            raise ValueError(f"price: input and output must be >= 0, got {self.input!r} and {self.output!r}")

    @classmethod
    def of(cls, value: object) -> Price:
        """A price from what settings hold: ``{"input": 0.15, "output": 0.6}``."""
        if isinstance(value, Price):
            return value
        if not isinstance(value, Mapping) or set(value) != {"input", "output"}:
            raise ValueError(f"price: must be {{input: …, output: …}}, money for a million tokens; got {value!r:.80}")
        return cls(**value)

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
    """Base URLs, e.g. ``http://localhost:8000/v1``; one string will do. Without a path, ``/v1`` is meant. Azure's look
    like ``https://NAME.openai.azure.com/openai/deployments/MODEL?api-version=2024-10-21``."""
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
        urls = (self.urls,) if isinstance(self.urls, str) else self.urls
        if not isinstance(urls, list | tuple) or not all(isinstance(url, str) for url in urls):
            raise ValueError(f"urls: must be the address of a server, or a list of them; got {urls!r:.80}")
        check_types(self, api_key_env=str, max_in_flight=int, timeout_s=float, retries=int, outage_s=float)
        check_types(self, thinking_open=bool, stream=bool, **({} if self.model is None else {"model": str}))
        object.__setattr__(self, "urls", tuple(_base_url(url) for url in urls))
        if not self.urls:
            raise ValueError("urls: name at least one server, e.g. http://localhost:8000/v1")
        if self.model is None:
            object.__setattr__(self, "model", _deployment(self.urls[0]))
        if len(set(self.urls)) < len(self.urls):
            raise ValueError(f"urls: the same server stands there twice: {', '.join(self.urls)}")
        if self.price is not None:
            object.__setattr__(self, "price", Price.of(self.price))
        if self.cache is not None:
            if not isinstance(self.cache, str | PathLike):
                raise ValueError(f"cache: must be the name of a file, got {self.cache!r:.80}")
            object.__setattr__(self, "cache", str(self.cache))
        if not isinstance(self.extra_body, Mapping):
            raise ValueError(f"extra_body: must be a mapping of fields, got {self.extra_body!r:.80}")
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

    @property
    def replicas_at_once(self) -> int:
        """Replicas that connections are kept open to."""
        return len(self.urls)

    def now(self) -> Server:
        """The server with the replicas that it has now."""
        return self

    def tell(self, follower: Follower) -> None:
        """Have it hear of replicas that join and leave, if they do."""


class Follower(Protocol):
    """What hears of replicas that join and leave."""

    def join(self, url: str) -> None: ...
    def leave(self, url: str, why: str) -> None: ...


class Roster:
    """The replicas that there are now. Belongs to the event loop of the clients that follow it."""

    def __init__(self) -> None:
        self.urls: list[str] = []
        self._followers: WeakSet[Follower] = WeakSet()

    def join(self, url: str) -> None:
        """A replica that answers."""
        self.urls.append(url)
        for follower in list(self._followers):
            follower.join(url)

    def leave(self, url: str, why: str) -> None:
        """A replica that is gone for good."""
        self.urls.remove(url)
        for follower in list(self._followers):
            follower.leave(url, why)

    def follow(self, follower: Follower) -> None:
        """Tell it of all changes, as long as it lives."""
        self._followers.add(follower)


@dataclass(frozen=True)
class ChangingServer(Server):
    """A server whose replicas join and leave while it is asked; ``urls`` are those that it began with. Every client of
    it, or of a copy with other settings, follows. Neither picklable nor JSON."""

    changes: Roster = field(default_factory=Roster, hash=False, compare=False, repr=False)

    @classmethod
    def like(cls, server: Server, changes: Roster) -> ChangingServer:
        """``server`` with these replicas."""
        return cls(**{one.name: getattr(server, one.name) for one in fields(Server)}, changes=changes)

    @property
    def replicas_at_once(self) -> int:
        return max(MOST_AT_ONCE, len(self.urls))

    def tell(self, follower: Follower) -> None:
        self.changes.follow(follower)

    def now(self) -> Server:
        """Those that it began with, where none is there."""
        return replace(self, urls=tuple(self.changes.urls) or self.urls)


def _base_url(url: str) -> str:
    """The address without what follows the base: a last slash, the endpoint that some consoles show with it."""
    parts = urlsplit(url.strip())
    _ = parts.port  # raises ValueError for one that there cannot be
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"urls: a server's address begins with http:// or https://, got {url!r}")
    names = {name.lower() for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    if parts.username or parts.password or parts.fragment or not names.isdisjoint(_CREDENTIALS):
        raise ValueError(f"urls: {parts.hostname}: no credentials in an address; keys come from `api_key_env`")
    path = parts.path.rstrip("/").removesuffix("/chat/completions").rstrip("/")
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{parts.netloc}{path or '/v1'}{query}"


def _deployment(url: str) -> str | None:
    """The model that an address of Azure names: ``…/openai/deployments/NAME?api-version=…``."""
    _, found, rest = urlsplit(url).path.partition("/deployments/")
    return rest.partition("/")[0] or None if found else None
