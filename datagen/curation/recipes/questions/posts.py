"""``Posts.xml`` of a dump as rows: a question and all of its answers, however far behind it these stand.

The file is read twice, each time as a stream. The first time, the answers go into an index on the disk; the second
time, each question takes its answers from there. Memory does not grow with the file.
"""

from __future__ import annotations

import json
import re
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

from synthetic1.datagen.curation.raw_rows import RawRow, UnreadableRow
from synthetic1.jobs.program import ProgramError

NAME = "Posts.xml"
QUESTION, ANSWER = "1", "2"
_BLOCK = 1 << 17  # bytes
_LONGEST = 64 << 20  # bytes of a row that ends nowhere
_TAG_BYTES = 8  # no sign of a row or of the end is longer
_ROW = re.compile(rb"<row(?=[\s/>])")
_ROOT = re.compile(rb"<([A-Za-z][\w.-]*)")


class DamagedPost(NamedTuple):
    """What stands where a post should be."""

    reason: str
    """``not_utf8``, ``not_xml``, ``damaged``."""
    detail: str
    raw: str


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
    """A row a question, in the order of the file: ``site``, ``question`` and ``answers``, with the attributes of posts;
    and one for every post that cannot be read, whatever it was.

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
            for question, answer in _answers(path, least_score):
                database.execute("INSERT INTO answers VALUES (?, ?)", (question, answer))
            database.execute("CREATE INDEX by_question ON answers (question)")
            number = 0
            for line, post in _posts(path):
                if isinstance(post, DamagedPost):
                    yield UnreadableRow(f"{name}, line {line}", *post)
                    continue
                if post.get("PostTypeId") != QUESTION:
                    continue
                number += 1
                found = database.execute(
                    "SELECT post FROM answers WHERE question = ? ORDER BY rowid", (_id(post, "Id"),)
                )
                fields = {"site": site, "question": post, "answers": [json.loads(text) for (text,) in found]}
                yield RawRow(f"{name}, question {post.get('Id', '?')}", fields, name, number)
        finally:
            database.close()


def _answers(path: Path, least_score: int) -> Iterator[tuple[int, str]]:
    accepted: set[int] = set()  # of questions whose answer is still to come
    for _, post in _posts(path):
        if isinstance(post, DamagedPost):
            continue  # the second reading says so
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


def _posts(path: Path) -> Iterator[tuple[int, dict[str, str] | DamagedPost]]:
    """(line, the attributes of a ``<row …/>``, or why it has none) of every row; what has been read is forgotten.

    A row stands from ``<row`` to the next ``<``, which no attribute can hold, and is parsed by itself: what is wrong
    with it costs no other. A file that does not end as it should has one more, ``damaged``.

    Raises:
        ProgramError: it is another XML file, or cannot be opened.
    """
    try:
        with path.open("rb") as file:
            held = file.read(_BLOCK)
            encoding, line, ended = _encoding(held, path), 1, False
            place = _ROW.search(held)
            root = _ROOT.search(held, 0, place.start() if place else len(held))
            if root is None or root[1] != b"posts":
                tag = f"<{root[1].decode('ascii', 'replace')}>" if root else "no tag"
                raise ProgramError(f"input: {path} is not a {NAME}: it begins with {tag}, not with <posts>")
            at = 0  # where reading is in what is held
            while True:
                start = _ROW.search(held, at)
                stop = len(held) if start is None else start.start()
                ended = ended or held.find(b"</posts", at, stop) >= 0
                if start is None:
                    stop = max(at, stop - _TAG_BYTES)  # where the next one may have begun
                line += held.count(b"\n", at, stop)
                at = stop
                end = -1 if start is None else held.find(b"<", start.end())
                if end < 0:
                    wanted = max(_BLOCK, len(held) - at) if len(held) - at < _LONGEST else 0
                    if more := file.read(wanted):
                        held, at = held[at:] + more, 0
                        continue
                    if start is None:
                        break
                    end = len(held)
                row = held[at:end]
                cut_off = end == len(held) and not row.rstrip().endswith(b"/>")
                yield line, _row(row, encoding, cut_off=cut_off)
                ended = ended or cut_off  # of one damage, one is enough
                line += row.count(b"\n")
                at = end
            if not ended:
                yield line, DamagedPost("damaged", "the file ends here, without </posts>", "")
    except OSError as error:
        raise ProgramError(f"input: {path} cannot be read: {error.strerror or error}") from error


def _row(row: bytes, encoding: bytes, *, cut_off: bool) -> dict[str, str] | DamagedPost:
    raw = row.decode(encoding.decode("ascii"), "backslashreplace").strip()
    if cut_off:
        return DamagedPost("damaged", "the file ends here, within a row", raw)
    text = row.strip()
    if text.endswith(b">") and not text.endswith(b"/>"):
        text = text[:-1] + b"/>"  # <row …></row>
    try:
        return dict(ElementTree.fromstring(b'<?xml version="1.0" encoding="' + encoding + b'"?>' + text).attrib)
    except ElementTree.ParseError as error:
        try:
            row.decode(encoding.decode("ascii"))
        except UnicodeDecodeError as bad:
            return DamagedPost("not_utf8", str(bad), raw)
        return DamagedPost("not_xml", str(error).partition(": line")[0], raw)


def _encoding(head: bytes, path: Path) -> bytes:
    """That of the file, as its first line says it.

    Raises:
        ProgramError: it is not one that rows can be found in.
    """
    said = re.search(rb"""\A(?:\xef\xbb\xbf)?\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""", head)
    encoding = said[1] if said else b"utf-8"
    try:
        if not head.startswith((b"\xff\xfe", b"\xfe\xff")):
            ElementTree.fromstring(b'<?xml version="1.0" encoding="' + encoding + b'"?><row/>')
            return encoding
    except (ElementTree.ParseError, LookupError, ValueError):  # which the parser does not know
        pass
    raise ProgramError(f"input: {path} is not in UTF-8, as dumps are, nor in another encoding that is read")
