"""``Posts.xml`` of a dump as rows: a question and all of its answers, however far behind it these stand.

The file is read twice, each time as a stream. The first time, the answers go into an index on the disk; the second
time, each question takes its answers from there. Memory does not grow with the file.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from synthetic1.datagen.curation.raw_rows import RawRow, UnreadableRow
from synthetic1.jobs.program import ProgramError

NAME = "Posts.xml"
QUESTION, ANSWER = "1", "2"
_BATCH = 5_000


def dump_at(spec: str) -> Path | None:
    """The ``Posts.xml`` that an input names, itself or the folder it lies in; None where it names no such file."""
    path = Path(spec).expanduser()
    if path.is_dir():
        found = [one for one in sorted(path.iterdir()) if one.name.lower() == NAME.lower()]
        return found[0] if found else None
    return path if path.suffix.lower() == ".xml" else None


def site_of(path: Path) -> str:
    """The site that a dump is of, which its folder is called after: ``physics.stackexchange.com``."""
    return path.absolute().parent.name.lower()


def post_rows(path: Path, least_score: int) -> Iterator[RawRow | UnreadableRow]:
    """A row a question, in the order of the file: ``site``, ``question`` and ``answers``, with the attributes of posts.

    Args:
        least_score: answers below it come without their text, unless they are accepted.

    Raises:
        ProgramError: the file cannot be read, or holds no posts.
    """
    site = site_of(path)
    name = f"{site}/{path.name}"
    with tempfile.TemporaryDirectory(prefix="synthetic1-posts-") as folder:
        database = sqlite3.connect(Path(folder) / "answers.sqlite")
        try:
            database.execute("PRAGMA journal_mode=OFF")
            database.execute("PRAGMA synchronous=OFF")
            database.execute("CREATE TABLE answers (question INTEGER, post TEXT)")
            try:
                for question, answer in _answers(path, least_score):
                    database.execute("INSERT INTO answers VALUES (?, ?)", (question, answer))
            except ElementTree.ParseError:
                pass  # the second reading says so, behind the questions that are whole
            database.execute("CREATE INDEX by_question ON answers (question)")
            number = 0
            try:
                for post in _posts(path):
                    if post.get("PostTypeId") != QUESTION:
                        continue
                    number += 1
                    found = database.execute(
                        "SELECT post FROM answers WHERE question = ? ORDER BY rowid", (_id(post, "Id"),)
                    )
                    fields = {"site": site, "question": post, "answers": [json.loads(text) for (text,) in found]}
                    yield RawRow(f"{name}, question {post.get('Id', '?')}", fields, name, number)
            except ElementTree.ParseError as error:
                yield UnreadableRow(f"{name}, behind question {number}", "damaged", f"the file ends here: {error}", "")
        finally:
            database.close()


def _answers(path: Path, least_score: int) -> Iterator[tuple[int, str]]:
    accepted: set[int] = set()  # of questions whose answer is still to come
    for post in _posts(path):
        kind = post.get("PostTypeId")
        if kind == QUESTION and post.get("AcceptedAnswerId"):
            accepted.add(_id(post, "AcceptedAnswerId"))
        elif kind == ANSWER:
            number = _id(post, "Id")
            if _id(post, "Score") < least_score and number not in accepted:
                post.pop("Body", None)
            accepted.discard(number)
            yield _id(post, "ParentId"), json.dumps(post)


def _id(post: dict[str, Any], name: str) -> int:
    try:
        number = int(post.get(name, ""))
    except ValueError:
        return -1
    return number if abs(number) < 2**63 else -1  # SQLite holds no larger ones


def _posts(path: Path) -> Iterator[dict[str, str]]:
    """The attributes of every ``<row …/>``; what has been read is forgotten.

    Raises:
        ProgramError: it is another XML file, or cannot be opened.
        ElementTree.ParseError: it is damaged from here on.
    """
    try:
        with path.open("rb") as file:
            events = ElementTree.iterparse(file, events=("start", "end"))
            _, root = next(events)
            if root.tag != "posts":
                raise ProgramError(f"input: {path} is not a {NAME}: it begins with <{root.tag}>, not with <posts>")
            for event, element in events:
                if event == "end" and element.tag == "row":
                    yield dict(element.attrib)
                    root.clear()
    except OSError as error:
        raise ProgramError(f"input: {path} cannot be read: {error.strerror or error}") from error
