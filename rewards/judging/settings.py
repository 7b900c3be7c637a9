"""The settings of a judge: which server, how often it is asked, and what of that can move a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from synthetic1.inference.server import Server, check_types
from synthetic1.keys import content_key

LOCAL = "http://127.0.0.1:8001/v1"
"""Where ``local`` looks for a judge: one port above vLLM's own, which the model that is trained may have."""
UNCONFIGURED = "no judge is configured: give judge=local, judge=URL of an OpenAI-compatible server, or a mapping"


@dataclass(frozen=True)
class JudgeSettings:
    """How judgements are made, whatever the rubric.

    Raises:
        ValueError: a setting out of range, or several votes that could only repeat each other.
    """

    server: Server | None = None
    """Where the judge lives; ``None``: nowhere, and every judgement is unscorable."""
    votes: int = 1
    """How often a candidate is judged, an odd number; the score is the median, which is the majority's if there is one.
    Votes make verdicts steadier, not harder to fool."""
    vary_order: bool = False
    """Show the verdicts to choose from in another order each time: judges prefer the first (arXiv:2602.02219)."""
    max_tokens: int = 2048
    """Of a reply, the judge's thought included."""
    temperature: float = 0.0
    attempts: int = 5
    """Replies asked for until one gives a verdict, from the third on with a reminder of the form. A judge that spoils
    30% of its replies leaves 1 judgement in 400 unscored; after three attempts it would be 1 in 40."""

    def __post_init__(self) -> None:
        check_types(self, votes=int, vary_order=bool, max_tokens=int, temperature=float, attempts=int)
        if self.server is not None and not isinstance(self.server, Server):
            raise ValueError(f"judge: server: must be a `Server`, got {self.server!r:.80}")
        if self.votes < 1 or self.votes % 2 == 0:
            raise ValueError(f"judge: votes must be odd, so that there is a majority; got {self.votes}")
        if self.votes > 1 and not self.vary_order and self.temperature == 0:
            raise ValueError(
                f"judge: {self.votes} votes at temperature 0 repeat each other; add vary_order=true or a temperature"
            )
        if self.max_tokens < 1 or self.attempts < 1 or not 0 <= self.temperature <= 2:
            raise ValueError("judge: max_tokens and attempts must be positive, temperature within 0 and 2")

    @property
    def key(self) -> str:
        """Names all of it: equal keys can share a client."""
        return content_key(asdict(self))

    def key_settings(self) -> dict[str, Any]:
        """What can move a verdict: how often and how a model is asked, not where it runs or how fast."""
        server = self.server
        model = None if server is None else server.model or list(server.urls)
        asked = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("server", "attempts")}
        if server is not None:
            asked |= {"thinking_open": server.thinking_open, "extra_body": dict(server.extra_body or {})}
        return {"model": model, **asked}

    @property
    def concurrency(self) -> int:
        """Judgements worth having at work: the client's window, and a few that wait at its door."""
        return 16 if self.server is None else self.server.max_in_flight + max(8, self.server.max_in_flight // 4)


def judge_settings(value: object) -> JudgeSettings:
    """The settings that people write: ``None``, ``"local"``, the URL of a server, or a mapping.

    A mapping has the fields of ``JudgeSettings`` and those of ``Server`` side by side, with ``url`` for its address:
    ``{"url": "http://10.0.0.5:8000/v1", "model": "Qwen/Qwen3-8B", "votes": 3, "vary_order": True}``. A ``price`` is a
    mapping as well, ``{"input": 0.1, "output": 0.4}``, for a million tokens.

    Raises:
        ValueError: an unknown name, or a value that does not fit; one line.
    """
    if value is None or isinstance(value, JudgeSettings):
        return value or JudgeSettings()
    if isinstance(value, Server):
        return JudgeSettings(value)
    if isinstance(value, str):
        return JudgeSettings() if value == "none" else judge_settings({"url": value})
    if not isinstance(value, Mapping):
        raise ValueError(f"judge: give None, `local`, a server's URL, or a mapping; got {value!r:.60}")
    given = {str(name): item for name, item in value.items()}
    own = {f.name: given.pop(f.name) for f in fields(JudgeSettings) if f.name in given and f.name != "server"}
    url = given.pop("url", None)
    known = [f.name for f in fields(Server)]
    if unknown := [name for name in given if name not in known]:
        names = ["url", *(f.name for f in fields(JudgeSettings) if f.name != "server"), *known]
        raise ValueError(
            f"judge: there is no setting `{unknown[0]}`; there are {', '.join(sorted({*names} - {'urls'}))}"
        )
    if url is not None:
        given["urls"] = _addresses(url)
    said = [name for name, item in {**given, **own}.items() if name != "urls" and item is not None]
    if said and not given.get("urls"):
        raise ValueError(f"judge: {said[0]} is given, and no url: add url=local, or the address of a server")
    try:
        if given.get("urls"):
            own["server"] = Server(**given)
        return JudgeSettings(**own)
    except (TypeError, ValueError) as error:
        raise ValueError(f"judge: {str(error).removeprefix('judge: ')}") from None


def _addresses(url: object) -> tuple[str, ...]:
    """Base URLs from one or a list; ``local`` stands for this machine."""
    urls = [url] if isinstance(url, str) else url
    if not isinstance(urls, list | tuple) or not urls or not all(isinstance(one, str) for one in urls):
        raise ValueError(f"judge: url must be `local`, the address of a server, or a list of them; got {url!r:.60}")
    return tuple(LOCAL if one == "local" else one for one in urls)
