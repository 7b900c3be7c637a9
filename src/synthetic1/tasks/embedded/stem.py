"""Makes ``stem.jsonl`` from the questions in the folder ``stem/`` beside this file, the same bytes every time.

Run ``python -m synthetic1.tasks.embedded.stem`` in a checkout after a change there.

``stem/FIELD.questions`` holds the questions of one field. Each begins with a line ``== SLUG``, then ``level:`` (1–10),
an empty line and the question. Where it comes to a number with a unit, ``value:`` is that number, ``same:`` has ways to
write it that the rules of mathematics read, and ``other:`` numbers that are wrong, with `` | `` between them. Sections
follow, each after a line ``@@ …``; line breaks in them count as spaces:

============== ========================================================================================================
``reference``  the answer, with all that it has to say
``right``      the same in other words; one or more
``wrong: …``   an answer that is wrong, and why; two or more
============== ========================================================================================================

Each becomes a task with completions that deserve 1 (``metadata.audit.right``) and others that do not
(``metadata.audit.wrong``): those of the file, and the usual tricks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, zip_longest
from pathlib import Path

from synthetic1.task import Task
from synthetic1.tasks.formats.stem import to_task

PATH = Path(__file__).resolve().with_suffix(".jsonl")  # resolved, a first file is not made in the editable install
FOLDER = PATH.with_suffix("")  # of a checkout: the wheel holds only what is made from it
NUMBERS = ("value", "same", "other")  # headers of a question that comes to a number
SECTION = re.compile(r"reference|right|wrong: (\S.*)")


@dataclass(frozen=True)
class EmbeddedQuestion:
    """One question of the folder."""

    slug: str
    field: str
    level: int
    question: str
    reference: str
    right: tuple[str, ...]
    wrong: tuple[str, ...]
    value: str | None = None
    """The number with its unit that the answer comes to, if it does."""
    same: tuple[str, ...] = ()
    """``value`` in other words or units."""
    other: tuple[str, ...] = ()
    """Numbers with units that are not ``value``."""


def fields() -> list[list[EmbeddedQuestion]]:
    """The questions of each field, fields in order of their names.

    Raises:
        ValueError: a file that is not of the form above, a slug that occurs twice.
    """
    found = [read(path) for path in sorted(FOLDER.glob("*.questions"))]
    slugs: set[str] = set()
    for one in chain.from_iterable(found):
        if one.slug in slugs:
            raise ValueError(f"stem/{one.field}.questions: the slug `{one.slug}` is taken")
        slugs.add(one.slug)
    return found


def questions() -> list[EmbeddedQuestion]:
    """All questions: the first of each field, then the second of each, so that the first few are of every field."""
    return [one for turn in zip_longest(*fields()) for one in turn if one is not None]


def read(path: Path) -> list[EmbeddedQuestion]:
    """The questions in a file.

    Raises:
        ValueError: it is not of the form above.
    """
    head, *parts = re.split(r"^== ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    if head.strip() or not parts:
        raise ValueError(f"{path.name}: must begin with a line `== SLUG`")
    return [_question(part, path) for part in parts]


def _question(text: str, path: Path) -> EmbeddedQuestion:
    head, *parts = re.split(r"^@@ ", text, flags=re.MULTILINE)
    slug, _, rest = head.partition("\n")
    headers, _, question = rest.partition("\n\n")
    where = f"{path.name}, `{slug}`"
    if not re.fullmatch(r"[a-z][a-z0-9_]*", slug):
        raise ValueError(f"{where}: a slug is lower-case letters, digits and underscores")
    given = _headers(headers, where)
    if not re.fullmatch(r"[1-9]|10", given["level"]):
        raise ValueError(f"{where}: level must be 1 to 10, got `{given['level']}`")
    sections = [(title, _one_line(body)) for title, _, body in (part.partition("\n") for part in parts)]
    for title, body in sections:
        if SECTION.fullmatch(title) is None:
            raise ValueError(f"{where}: a section is `reference`, `right` or `wrong: WHY`, got `{title}`")
        if not body:
            raise ValueError(f"{where}: section `{title}` is empty")

    def of(kind: str) -> tuple[str, ...]:
        return tuple(body for title, body in sections if title.partition(":")[0] == kind)

    references, right, wrong = of("reference"), of("right"), of("wrong")
    if not question.strip():
        raise ValueError(f"{where}: wants the question after an empty line")
    if len(references) != 1 or not right or len(wrong) < 2:
        raise ValueError(f"{where}: wants one reference, a right answer and two wrong ones")
    return EmbeddedQuestion(
        slug=slug,
        field=path.stem,
        level=int(given["level"]),
        question=_one_line(question),
        reference=references[0],
        right=right,
        wrong=wrong,
        value=given.get("value"),
        same=_listed(given.get("same")),
        other=_listed(given.get("other")),
    )


def _headers(text: str, where: str) -> dict[str, str]:
    """``level``, and either all headers of a number or none."""
    given: dict[str, str] = {}
    for line in text.splitlines():
        name, _, value = line.partition(": ")
        if name not in ("level", *NUMBERS) or name in given or not value.strip():
            raise ValueError(f"{where}: headers are level, value, same and other, once each with a value; got `{line}`")
        given[name] = value.strip()
    if "level" not in given:
        raise ValueError(f"{where}: wants a level")
    if given.keys() not in ({"level"}, {"level", *NUMBERS}):
        raise ValueError(f"{where}: value, same and other come together or not at all")
    return given


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _listed(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(" | ")) if text else ()


def tasks() -> Iterator[Task]:
    """The tasks, in order."""
    for one in questions():
        yield to_task(
            one.question,
            one.reference,
            answer_value=one.value,
            field=one.field,
            source="synthetic1/stem",
            problem_id=f"stem/embedded/{one.slug}",
            metadata={"level": one.level, "audit": {"right": right(one), "wrong": wrong(one)}},
        )


def right(one: EmbeddedQuestion) -> list[str]:
    """Completions that give the answer."""
    numbers = (one.value, *one.same) if one.value else ()
    return [
        f"<think>\nWhat does it come down to?\n</think>\n\n{block(one.reference)}",
        *(f"To put it in my own words:\n\n{block(text)}" for text in one.right),
        *(f"<think>\nA number is asked for.\n</think>\n\n{block(number)}" for number in numbers),
    ]


def wrong(one: EmbeddedQuestion) -> list[str]:
    """Completions that do not: the wrong answers, then tricks that need no judge.

    Those that break the form hold no right answer where one may be seen: calibration also shows them to a judge that
    knows nothing of the form.
    """
    return [
        *(f"<think>\nWhat does it come down to?\n</think>\n\n{block(text)}" for text in one.wrong),
        *(block(number) for number in one.other),
        *tricks(one),
    ]


def tricks(one: EmbeddedQuestion) -> list[str]:
    """Completions that deserve nothing whatever the question."""
    return [
        block(""),
        block(":"),
        block("Thought process:"),
        block(one.question),
        f"<think>\n{block(one.reference)}\n</think>\n\nI cannot say.",
        f"<think>\n{block(one.reference)}",
        one.wrong[0],
        f"<answer>{one.wrong[1]}",
    ]


def block(text: str) -> str:
    return f"<answer>{text}</answer>"


def content() -> bytes:
    """What the file holds."""
    return b"".join(json.dumps(task.to_row()).encode("ascii") + b"\n" for task in tasks())


def main() -> None:
    """Write the file beside this one."""
    if not FOLDER.is_dir():
        raise SystemExit(f"{FOLDER.name}/ with the questions is not here: run this in a checkout")
    PATH.write_bytes(content())
    print(f"wrote {PATH.name}: {len(questions())} questions, {PATH.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
