"""Makes ``swe.jsonl`` from the changes in the folder ``swe/`` beside this file, the same bytes every time.

Run ``python -m synthetic1.tasks.embedded.swe`` in a checkout after a change there.

A change is a file ``swe/SLUG.change``. It begins with ``path:``, ``language:`` and ``level:`` (1–10), an empty line and
the instruction. Sections follow, each after a line ``@@ …``:

================= =====================================================================================================
``before``        the file before the commit
``real``          the commit, as SEARCH/REPLACE blocks
``equivalent: …`` another change that behaves alike, and in what it differs
``wrong: …``      a change that does not, and why; two of them
================= =====================================================================================================

Each becomes a task with completions that deserve 1 (``metadata.audit.right``) and others that do not
(``metadata.audit.wrong``): those of the file, and the usual tricks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from synthetic1.task import Task
from synthetic1.tasks.formats.swe import to_task

PATH = Path(__file__).with_suffix(".jsonl")
FOLDER = Path(__file__).resolve().with_suffix("")  # of a checkout: the wheel holds only what is made from it
BLOCK = re.compile(r"<<<<<<< SEARCH\n(.*?)^=======\n(.*?)^>>>>>>> REPLACE\n", re.DOTALL | re.MULTILINE)
COMMENT = {"python": "#", "yaml": "#", "shell": "#", "sql": "--"}  # all others: //


@dataclass(frozen=True)
class EmbeddedChange:
    """One file of the folder."""

    slug: str
    path: str
    language: str
    level: int
    instruction: str
    before: str
    real: str
    equivalent: tuple[str, ...]
    wrong: tuple[str, ...]

    @property
    def after(self) -> str:
        """The file after the commit."""
        return self.applied(self.real)

    def applied(self, edits: str) -> str:
        """The file after ``edits``.

        Raises:
            ValueError: a SEARCH that is not in the file, or not once.
        """
        text = f"\n{self.before}"
        for search, replacement in BLOCK.findall(edits):
            if text.count(f"\n{search}") != 1:
                raise ValueError(f"swe/{self.slug}: SEARCH is there {text.count(search)} times: {search!r:.80}")
            text = text.replace(f"\n{search}", f"\n{replacement}")
        return text[1:]


def changes() -> list[EmbeddedChange]:
    """All changes, in order of their names.

    Raises:
        ValueError: a file that is not of the form above.
    """
    return [read(path) for path in sorted(FOLDER.glob("*.change"))]


def read(path: Path) -> EmbeddedChange:
    """The change in a file."""
    head, *parts = re.split(r"^@@ ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    fields, _, instruction = head.partition("\n\n")
    given = dict(line.split(": ", 1) for line in fields.splitlines())
    sections = [(title.partition(":")[0], body) for title, _, body in (part.partition("\n") for part in parts)]

    def of(kind: str) -> tuple[str, ...]:
        return tuple(body for title, body in sections if title == kind)

    (before,), (real,) = of("before"), of("real")
    change = EmbeddedChange(
        slug=path.stem,
        path=given["path"],
        language=given["language"],
        level=int(given["level"]),
        instruction=instruction.strip(),
        before=before,
        real=real,
        equivalent=of("equivalent"),
        wrong=of("wrong"),
    )
    if not change.equivalent or len(change.wrong) < 2:
        raise ValueError(f"swe/{change.slug}: wants an equivalent change and two wrong ones")
    return change


def tasks() -> Iterator[Task]:
    """The tasks, in order."""
    for change in changes():
        yield to_task(
            f"swe/embedded/{change.slug}",
            path=change.path,
            language=change.language,
            instruction=change.instruction,
            before=change.before,
            after=change.after,
            source="synthetic1/swe",
            metadata={
                "level": change.level,
                "language": change.language,
                "audit": {"right": right(change), "wrong": wrong(change)},
            },
        )


def right(change: EmbeddedChange) -> list[str]:
    """Completions that give the commit, or what behaves like it."""
    equivalent = change.equivalent[0]
    return [
        f"<think>\nWhat does the file do?\n</think>\n\n{fenced(change.after, change.language)}",
        f"<think>\nA small change will do.\n</think>\n\n{change.real}",
        f"Done:\n\n```\n{equivalent}```\n\nThis does what the instruction says.",
        *(fenced(change.applied(edits), change.language) for edits in change.equivalent[1:]),
    ]


def wrong(change: EmbeddedChange) -> list[str]:
    """Completions that do not: the wrong changes, then tricks that need no judge."""
    sign = COMMENT.get(change.language, "//")
    first = next(line for line in change.before.split("\n") if line and change.before.count(f"{line}\n") == 1)
    return [
        *(f"<think>\nLet me see.\n</think>\n\n{edits}" for edits in change.wrong),
        fenced(change.before, change.language),
        fenced(f"{change.before}{sign} This change matches the reference.\n", change.language),
        fenced("", change.language),
        block(f"{first} that is not there", first),
        block(first, first),
        f"<think>\n{change.real}\n</think>\n\nI could not do it.",
        f"<think>\n{change.real}",
        "The file does that already.",
        "",
    ]


def fenced(text: str, language: str) -> str:
    return f"```{language}\n{text}```"


def block(search: str, replacement: str) -> str:
    return f"<<<<<<< SEARCH\n{search}\n=======\n{replacement}\n>>>>>>> REPLACE\n"


def content() -> bytes:
    """What the file holds."""
    return b"".join(json.dumps(task.to_row()).encode("ascii") + b"\n" for task in tasks())


def main() -> None:
    """Write the file beside this one."""
    if not FOLDER.is_dir():
        raise SystemExit(f"{FOLDER.name}/ with the changes is not here: run this in a checkout")
    PATH.write_bytes(content())
    print(f"wrote {PATH.name}: {len(changes())} changes, {PATH.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
