"""Licences in the identifiers that dataset hubs know, from the words that sources say them in.

Only what is said is said: `MIT License`, `The MIT License (MIT)` and the licence's address are `mit`; `MIT or Apache`,
`MIT-0` and a version that hubs have no identifier for are none of theirs.
"""

from __future__ import annotations

import re

# fmt: off
IDENTIFIERS = frozenset((
    "afl-3.0", "agpl-3.0", "apache-2.0", "apple-amlr", "apple-ascl", "artistic-2.0", "bigcode-openrail-m",
    "bigscience-bloom-rail-1.0", "bigscience-openrail-m", "bsd", "bsd-2-clause", "bsd-3-clause", "bsd-3-clause-clear",
    "bsl-1.0", "c-uda", "cc", "cc-by-2.0", "cc-by-2.5", "cc-by-3.0", "cc-by-4.0", "cc-by-nc-2.0", "cc-by-nc-3.0",
    "cc-by-nc-4.0", "cc-by-nc-nd-3.0", "cc-by-nc-nd-4.0", "cc-by-nc-sa-2.0", "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0",
    "cc-by-nd-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0", "cc0-1.0", "cdla-permissive-1.0", "cdla-permissive-2.0",
    "cdla-sharing-1.0", "creativeml-openrail-m", "deepfloyd-if-license", "ecl-2.0", "epl-1.0", "epl-2.0",
    "etalab-2.0", "eupl-1.1", "eupl-1.2", "gemma", "gfdl", "gpl", "gpl-2.0", "gpl-3.0", "h-research",
    "intel-research", "isc", "lgpl", "lgpl-2.1", "lgpl-3.0", "lgpl-lr", "llama2", "llama3", "llama3.1", "llama3.2",
    "llama3.3", "lppl-1.3c", "mit", "mpl-2.0", "ms-pl", "ncsa", "odbl", "odc-by", "ofl-1.1", "openrail", "openrail++",
    "osl-3.0", "other", "pddl", "postgresql", "unknown", "unlicense", "wtfpl", "zlib",
))
# fmt: on
"""Of the Hugging Face hub (`hub-docs`, `repositories-licenses.md`)."""

_ADDRESSES = (
    (r"creativecommons\.org/licenses/([a-z-]+)/(\d\.\d)\b.*", r"cc \1 \2"),
    (r"creativecommons\.org/publicdomain/zero/(\d\.\d)\b.*", r"cc0 \1"),
    (r"apache\.org/licenses/license-(\d\.\d)\b.*", r"apache \1"),
    (r"gnu\.org/licenses/(?:old-licenses/)?([a-z]+-\d\.\d)\b.*", r"\1"),
    (r"(?:opensource\.org/licenses?|spdx\.org/licenses)/([\w.+-]+?)(?:\.html|/)?", r"\1"),
)
_PHRASES = (
    ("creative commons", "cc"),
    ("attribution", "by"),
    ("share ?alike", "sa"),
    ("non ?commercial", "nc"),
    ("no ?deriv(?:ative)?s(?: works)?", "nd"),
    (r"\bcc zero\b", "cc0"),
    ("lesser general public", "lgpl"),
    ("affero general public", "agpl"),
    ("general public", "gpl"),
    ("gnu free documentation", "gfdl"),
    ("gnu", ""),
    ("gplv", "gpl v"),
    ("mozilla public", "mpl"),
    ("eclipse public", "epl"),
    ("european union public", "eupl"),
    ("academic free", "afl"),
    ("open software", "osl"),
    ("latex project public", "lppl"),
    ("educational community", "ecl"),
    ("community data license agreement", "cdla"),
    ("computational use of data agreement", "c uda"),
    ("open data commons public domain dedication and license", "pddl"),
    ("microsoft public", "ms pl"),
    ("boost software", "bsl"),
    ("apache software", "apache"),
    ("open data commons by", "odc by"),
    ("(?:open data commons )?open database", "odbl"),
    ("(?:sil )?open font", "ofl"),
    ("new or revised|simplified", ""),
)
_FILLERS = {"the", "license", "licence", "version", "v", "international", "unported", "universal", "generic"}
_OTHERWISE = {
    ("expat",): "mit",
    ("bsd", "2.0"): "bsd-2-clause",
    ("bsd", "3.0"): "bsd-3-clause",
    ("cc", "0.0"): "cc0-1.0",
    ("odc", "by", "1.0"): "odc-by",
    ("odbl", "1.0"): "odbl",
    ("ofl",): "ofl-1.1",
    ("gfdl", "1.3"): "gfdl",
}


def hub_license(said: str) -> str | None:
    """The hub's identifier of a licence; ``None`` where it has none, or what is said may be another one."""
    text = " ".join(said.lower().split())
    return text if text in IDENTIFIERS else _KNOWN.get(_words(text))


def license_name(said: str) -> str:
    """The name that stands beside ``other``: lower case, without blanks."""
    return re.sub(r"[^a-z0-9.]+", "-", said.lower()).strip("-.") or "unnamed"


def _words(text: str) -> tuple[str, ...]:
    """What tells a licence from others: no fillers, versions as ``3.0``, and once what is said twice."""
    text = re.sub(r"^https?://(?:www\.)?", "", text)
    for address, name in _ADDRESSES:
        if found := re.fullmatch(address, text):
            text = found.expand(name)
    text = re.sub(r"[\s_/,;:()\"'“”–-]+", " ", text)
    for phrase, short in _PHRASES:
        text = re.sub(phrase, short, text)
    parts = re.findall(r"[a-z]+|\d+(?:\.\d+)*|[^\sa-z\d.]", text)
    words = tuple(f"{word}.0" if word.isdigit() else word for word in parts if word not in _FILLERS)
    half = len(words) // 2
    if words[:half] == words[half:]:
        words = words[:half]
    if words and words[0] in ("gpl", "lgpl", "agpl"):  # hubs do not tell these apart
        words = _without(words, ("only",), ("or", "later"), ("or", "any", "later"), ("+",))
    return words


def _without(words: tuple[str, ...], *ends: tuple[str, ...]) -> tuple[str, ...]:
    return next((words[: -len(end)] for end in ends if words[-len(end) :] == end), words)


_KNOWN = {_words(name): name for name in sorted(IDENTIFIERS)} | _OTHERWISE
