"""Questions with their answers, whatever layout they were published in.

=================================== ================================================================================
``Posts.xml``                       ``site``, ``question`` and ``answers`` with the attributes of posts
pairs of preferences                ``qid``, ``question``, ``answers: [{text, pm_score, selected, author, …}]``,
                                    ``date``, ``metadata: [url of the question, site, profile]``
pairs of responses                  ``qid``, ``question``, ``response_j`` (the better one), ``response_k``, ``date``
plain                               ``question`` (or ``title``, ``body``), ``answer`` (``response``), ``score``, ``url``
=================================== ================================================================================
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

_tag = re.compile(r"[^<>|,\s]+")
_date = re.compile(r"(\d{4})[-/](\d{2})[-/](\d{2})")
_version = re.compile(r"(?i)cc[ -]?by-?sa[ -]?v?(\d\.\d)")
LICENSES = (("2011-04-08", "cc-by-sa-2.5"), ("2018-05-02", "cc-by-sa-3.0"))
"""Until which day, exclusive, posts were given under which licence; later ones are under 4.0."""


@dataclass(frozen=True)
class PublishedPost:
    """A question or an answer."""

    text: str
    """HTML or Markdown; empty where it was left out."""
    score: int | None = None
    """Votes up less votes down, or the least that is known of it."""
    author: str | None = None
    date: str | None = None
    """``YYYY-MM-DD``."""
    url: str | None = None
    license: str | None = None
    accepted: bool = False


@dataclass(frozen=True)
class PublishedQuestion:
    """A question, and what was answered."""

    number: str | None
    site: str
    title: str
    post: PublishedPost
    answers: Sequence[PublishedPost]
    tags: Sequence[str] = ()
    closed: bool = False
    deleted: bool = False


def read_question(fields: Mapping[str, Any]) -> PublishedQuestion:
    """The question of a row.

    Raises:
        ValueError: the row is in none of the layouts, or a field is not what it has to be.
    """
    question = fields.get("question")
    if isinstance(question, Mapping):
        return _of_dump(fields, question)
    if isinstance(fields.get("answers"), str):
        fields = {**fields, "answers": json.loads(fields["answers"])}
    body = question if isinstance(question, str) else fields.get("body")
    if not isinstance(body, str):
        raise ValueError(f"wants a question and its answer; has {', '.join(list(fields)[:12])}")
    urls = fields.get("metadata")
    urls = (
        [one for one in urls if isinstance(one, str)]
        if isinstance(urls, Sequence) and not isinstance(urls, str)
        else []
    )
    url = _text(fields, "url", "link") or (urls[0] if urls else "")
    date = day_of(_text(fields, "date", "creation_date", "CreationDate"))
    answers = list(_answers(fields, date, url))
    tags = fields.get("tags") or ()
    return PublishedQuestion(
        number=_name(fields.get("qid", fields.get("question_id", fields.get("id")))),
        site=_text(fields, "site", "source", "forum") or (urlsplit(url).hostname or ""),
        title=_text(fields, "title"),
        post=PublishedPost(
            body,
            score=_number(fields.get("question_score")),
            author=_text(fields, "question_author") or None,
            date=date,
            url=url or None,
            license=license_of_day(date, _text(fields, "license")),
        ),
        answers=answers,
        tags=_tag.findall(tags) if isinstance(tags, str) else [one for one in tags if isinstance(one, str)],
        closed=bool(fields.get("closed") or fields.get("closed_date")),
        deleted=bool(fields.get("deleted")),
    )


def _answers(fields: Mapping[str, Any], date: str | None, url: str) -> Any:
    listed = fields.get("answers")
    if isinstance(listed, Sequence) and not isinstance(listed, str):
        for one in listed:
            if not isinstance(one, Mapping):
                raise ValueError("answers must be objects with a text")
            score, votes = _number(one.get("score")), one.get("pm_score")
            if score is None and isinstance(votes, int | float):  # log2(1 + votes), one more if accepted, -1 below 0
                exponent = votes - bool(one.get("selected"))
                score = -1 if exponent < 0 else round(2 ** min(exponent, 40)) - 1
            name = _name(one.get("answer_id", one.get("id")))
            day = day_of(_text(one, "date", "creation_date")) or date
            said = _text(one, "text", "body", "answer")
            own = f"{url.partition('/questions/')[0]}/a/{name}" if name and "/questions/" in url else url
            accepted = bool(one.get("selected") or one.get("accepted"))
            author, license_name = _text(one, "author") or None, license_of_day(day, _text(one, "license"))
            yield PublishedPost(said, score, author, day, own or None, license_name, accepted)
        return
    said = _text(fields, "response_j", "answer", "response", "accepted_answer", "best_answer")
    if said:
        score = _number(fields.get("answer_score", fields.get("score")))
        author = _text(fields, "answer_author", "author") or None
        yield PublishedPost(said, score, author, date, url or None, license_of_day(date, _text(fields, "license")))


def _of_dump(fields: Mapping[str, Any], question: Mapping[str, Any]) -> PublishedQuestion:
    site, number = _text(fields, "site"), _name(question.get("Id"))
    accepted = _name(question.get("AcceptedAnswerId"))
    host = site if "." in site else ""
    answers = [
        _post(one, f"https://{host}/a/{one.get('Id')}" if host else None, accepted)
        for one in fields.get("answers") or ()
        if not one.get("DeletionDate")
    ]
    return PublishedQuestion(
        number=number,
        site=site,
        title=_text(question, "Title"),
        post=_post(question, f"https://{host}/q/{number}" if host else None, None),
        answers=answers,
        tags=_tag.findall(_text(question, "Tags")),
        closed=bool(question.get("ClosedDate")),
        deleted=bool(question.get("DeletionDate")),
    )


def _post(post: Mapping[str, Any], url: str | None, accepted: str | None) -> PublishedPost:
    date = day_of(_text(post, "CreationDate"))
    user = _name(post.get("OwnerUserId"))
    return PublishedPost(
        text=_text(post, "Body"),
        score=_number(post.get("Score")),
        author=_text(post, "OwnerDisplayName") or (f"user {user}" if user else None),
        date=date,
        url=url,
        license=license_of_day(date, _text(post, "ContentLicense")),
        accepted=accepted is not None and _name(post.get("Id")) == accepted,
    )


def license_of_day(date: str | None, said: str = "") -> str | None:
    """The licence of a post: what the dump says of it, else that of its day; None where the day is not known."""
    if (found := _version.search(said)) is not None:
        return f"cc-by-sa-{found[1]}"
    if said or date is None:
        return said.lower() or None
    return next((name for until, name in LICENSES if date < until), "cc-by-sa-4.0")


def day_of(text: str) -> str | None:
    """``2011-04-08`` of ``2011-04-08T00:00:00.000`` or ``2011/04/08``."""
    found = _date.match(text.strip())
    return "-".join(found.groups()) if found is not None else None


def _text(fields: Mapping[str, Any], *names: str) -> str:
    return next((fields[name] for name in names if isinstance(fields.get(name), str) and fields[name].strip()), "")


def _name(value: Any) -> str | None:
    return str(value) if isinstance(value, int | str) and not isinstance(value, bool) and str(value).strip() else None


def _number(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    try:
        return int(float(value))
    except (TypeError, ValueError, OverflowError):
        return None
