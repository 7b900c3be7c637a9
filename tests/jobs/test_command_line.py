"""The command line as it was typed, and the one that goes on from where it stopped."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from synthetic1.jobs import command_line
from synthetic1.jobs.command_line import given, going_on, with_settings

HERE = str(Path.cwd() / ".venv/bin/python")


MODULE = "-m synthetic1.cli grpo a=1"
BOTH = {"resume": "true", "overwrite": "false"}


@pytest.mark.parametrize(
    ("words", "settings", "expected"),
    [
        ("/py g.py", {"resume": "true"}, "/py g.py resume=true"),
        (f"{HERE} {MODULE}", {"resume": "true"}, f".venv/bin/python {MODULE} resume=true"),
        ("/py g.py overwrite=true resume=false a=1", {"resume": "true"}, "/py g.py overwrite=true a=1 resume=true"),
        ("/py g.py ++overwrite=true a=1", BOTH, "/py g.py a=1 resume=true overwrite=false"),
        ("/py g.py -m seed=1,2", {"resume": "true"}, "/py g.py -m seed=1,2 resume=true"),
    ],
)
def test_a_command_with_settings(words, settings, expected):
    assert with_settings(words.split(), settings) == expected


def test_what_a_shell_would_take_apart_is_quoted():
    words = ["/py", "g.py", "env.mixture={a: {weight: 1}}", "run_name=it's"]
    assert shlex.split(with_settings(words, {"resume": "true"})) == [*words, "resume=true"]


def test_settings_are_told_from_options():
    assert list(given(["-m", "seed=1", "++a.b=2", "~c", "--config-dir=x", "d="])) == [
        ("seed", "1"),
        ("a.b", "2"),
        ("d", ""),
    ]


def test_under_a_launcher_the_command_is_not_ours_to_know(monkeypatch):
    monkeypatch.setattr(sys, "orig_argv", ["/py", "-u", "trainers/grpo.py", "seed=1"])
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    assert going_on(overwrites=True) == "go on with: /py -u trainers/grpo.py seed=1 resume=true overwrite=false"
    assert going_on(overwrites=False) == "go on with: /py -u trainers/grpo.py seed=1 resume=true"
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert going_on(overwrites=True) == "go on with the same command and resume=true overwrite=false"


def test_it_is_what_was_typed_whatever_has_become_of_it(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["changed"])
    assert command_line.typed() == sys.orig_argv
