"""Every command in a block of the documents is one that there is, with settings and options that it has.

They are not run: most want a model, a server or hours. What goes stale is names.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from program_roots import ROOTS

from synthetic1.cli import app
from synthetic1.cli_programs import PROGRAMS
from synthetic1.jobs import setting_names

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(?:|bash|console|sh)\n(.*?)^```", re.M | re.S)
CONFIGS = {program.name: program.config for program in PROGRAMS if program.config} | {"judge": "calibrate_judge"}
"""Command → root file of its settings."""
FILES = {"evaluate_model": "evaluate", "calibrate_judge": "judge"}
"""Files of programs that have another name as a command."""
TARGETS = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.M))


def commands(page: Path) -> Iterator[list[str]]:
    """The words of each command of ours, without comments."""
    for block in BLOCK.findall(page.read_text(encoding="utf-8")):
        for line in block.replace("\\\n", " ").splitlines():
            line = line.strip().removeprefix("$ ").replace("…", "x")
            if re.match(r"(\S*/)?(synthetic1|python3?|make) ", line):
                try:
                    words = shlex.split(line, comments=True)
                except ValueError:  # a picture or a sentence
                    continue
                for sign in ("&&", "|", ">", "&"):
                    words = words[: words.index(sign)] if sign in words else words
                yield words


def told(words: list[str]) -> tuple[str, list[str]] | None:
    """(command of ours, its arguments); None for what is not ours."""
    first, *rest = words
    if first.endswith("synthetic1"):
        return (rest[0], rest[1:]) if rest else None
    if rest[:1] == ["-m"] and rest[1].startswith("synthetic1."):
        return (rest[1].rpartition(".")[2], rest[2:]) if rest[1] != "synthetic1.cli" else (rest[2], rest[3:])
    if rest and (found := re.match(r"(?:trainers|datagen)/(\w+)\.py$", rest[0])):
        return found[1], rest[1:]
    return None


@pytest.mark.parametrize("page", [page for page in PAGES if any(commands(page))], ids=lambda page: page.stem)
def test_commands_are_there_with_what_they_are_given(page: Path) -> None:
    known = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    for words in commands(page):
        if words[0] == "make":
            assert {word for word in words[1:] if "=" not in word} <= TARGETS, words
            continue
        if words[0].rpartition("/")[2].startswith("python") and len(words) > 1 and words[1].endswith(".py"):
            assert (ROOT / words[1]).is_file() or "/" not in words[1], words
        if (ours := told(words)) is None:
            continue
        name, arguments = FILES.get(ours[0], ours[0]), ours[1]
        if (ROOT / "trainers" / f"{name}.py").is_file() and name not in known:
            continue  # a program that is not a command, such as the builder of the embedded model
        assert name in known or name.startswith("-"), f"{page.name}: {' '.join(words)}"
        if name in CONFIGS:
            check_settings(page, CONFIGS[name], arguments)
        elif name in known and known[name].context_settings.get("ignore_unknown_options") is not True:
            options = {option for one in known[name].params for option in one.opts}
            asked = {word.partition("=")[0] for word in arguments if word.startswith("-")} - {"--help"}
            assert asked <= options, f"{page.name}: {' '.join(words)}"


def check_settings(page: Path, config: str, arguments: list[str]) -> None:
    given = [word.lstrip("+") for word in arguments if "=" in word and not word.startswith("-")]
    if not given or "--config-dir" in arguments:
        return
    groups = [word for word in given if re.fullmatch(r"(env|rollout|recipe|judge)=[\w]+", word)]
    names = setting_names.names(config, ROOTS[config], groups)
    for word in given:
        name = word.partition("=")[0]
        own = name.startswith(("env.", "hydra.")) or any(f"{known}." in f"{name}." for known in FREE)
        assert name in names | SHORT or own, f"{page.name}: {word} is not a setting of {config}"


SHORT = {"env", "judge", "model", "recipe"}
"""What every program takes that has such a part: the choice of a group, or a free value."""
FREE = ("trainer.extra", "model.extra_body", "rollout.vllm", "extra_body", "sampling", "card", "price")
"""Sections that take names of other libraries, or that a choice of a group brings."""
