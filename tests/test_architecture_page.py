"""docs/architecture.md says what is: its import table is the one that is asserted, and its files are there."""

from __future__ import annotations

import re

import pytest
from rooms import MAY_IMPORT, NOUNS, ROOT, SRC, WITHIN, folder_of

PAGE = (ROOT / "docs/architecture.md").read_text()


def section(title):
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def rows(text):
    """Cells of a table's rows, without its head."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[2:]]


def code(cell):
    return set(re.findall(r"`([^`]+)`", cell))


def test_the_import_table_is_the_one_that_is_asserted():
    said = {}
    for room, may in rows(section("Who imports whom")):
        (name,) = code(room)
        nouns = NOUNS if "the nouns" in may else set()
        said[name] = code(may) | nouns
    assert said == {room: allowed - {""} for room, allowed in MAY_IMPORT.items()}


def test_every_room_is_described_where_it_lies():
    described = {
        next(iter(code(room))): next(iter(code(where))) for room, where, _ in rows(section("The rooms")) if code(room)
    }
    assert set(described) == set(MAY_IMPORT)
    for room, where in described.items():
        assert ROOT / where == folder_of(room)


@pytest.mark.parametrize(
    "room", [room for room in MAY_IMPORT if room not in ("configs", "envs", "inference", "jobs", "evaluation")]
)
def test_every_idea_of_a_room_is_named(room):
    (about,) = (what for name, _, what in rows(section("The rooms")) if room in code(name))
    folders = set(folder_of(room).iterdir()) - set(WITHIN.values())
    ideas = {path.name for path in folders if (path / "__init__.py").is_file()}
    assert ideas <= code(about)


WALKS = {"A completion of math": 7, "A program": 16, "A verified trace": 9}
"""Section → how many files its story may take at most."""


@pytest.mark.parametrize(("title", "most"), WALKS.items())
def test_a_story_is_short_and_its_files_are_there(title, most):
    text = PAGE.split(f"\n### {title}\n")[1].split("\n### ")[0].split("\n## ")[0]
    files = re.findall(r"`([\w/]+\.py)`", text)
    assert 3 <= len(set(files)) <= most
    for name in files:
        assert (ROOT / name).is_file() or (SRC / name).is_file(), f"{title}: there is no {name}"


def test_the_picture_names_every_room():
    picture = re.findall(r"```\n(.*?)```", PAGE, re.S)[1]
    assert {f"{room}/" for room in MAY_IMPORT} <= set(re.findall(r"\w+/", picture))
