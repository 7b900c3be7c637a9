"""``trainers/grpo.py`` as a program: self-explaining however it is called, and silent on the network."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import pytest

from synthetic1.trainers import grpo

SHOWN = [line.strip() for line in re.findall(r"trainers/grpo\.py ([^#\n…]*=[^#\n…]*)", grpo.__doc__)]
"""What its docstring, which ``--help`` prints, gives it to do."""


@pytest.mark.parametrize("arguments", SHOWN)
def test_a_command_that_it_shows_is_understood(monkeypatch, arguments):
    started = []
    monkeypatch.setattr(grpo, "train", started.append)
    monkeypatch.setattr(sys, "argv", ["grpo.py", *arguments.split()])
    grpo.main()
    assert len(started) == 1


def test_it_shows_three_commands():
    assert len(SHOWN) == 3


@pytest.mark.parametrize(
    "program",
    [("trainers/grpo.py",), ("-m", "synthetic1.trainers.grpo"), ("-m", "synthetic1.cli", "grpo")],
    ids=["file", "module", "command"],
)
def test_help_teaches(run_child, program):
    done = run_child(*program, "--help")
    assert done.returncode == 0, done.stderr
    for taught in (
        "python trainers/grpo.py env=code_understanding",
        "rollout=vllm_colocate",
        "dry_run=true",
        "resume=true",
        "accelerate launch",
        "prompts_per_step: 16",
        "group_size: 8",
        "recipe: dapo, default, demo, dr_grpo, r1",
        "rollout: transformers, vllm_colocate, vllm_server",
    ):
        assert taught in done.stdout
    assert done.stderr == ""


def test_the_console_script_is_the_same_program(run_child):
    script = shutil.which("synthetic1", path=str(Path(sys.executable).parent))
    assert script is not None
    assert "resume=true" in run_child(script, "grpo", "--help").stdout


def test_the_composed_configuration_can_be_read(run_child):
    done = run_child("trainers/grpo.py", "recipe=r1", "seed=7", "--cfg", "job")
    assert done.returncode == 0, done.stderr
    assert "seed: 7" in done.stdout
    assert "beta: 0.001" in done.stdout


WATCHED = """
import runpy, sys
runpy.run_path("trainers/grpo.py", run_name="__main__")
print("vllm" in sys.modules)
"""


@pytest.mark.integrations
def test_a_run_reaches_nobody_and_imports_no_vllm_that_it_does_not_use(
    run_child, tiny, tmp_path, talkative, watched_network
):
    """No telemetry, no hub; test_vllm.py has the same for vLLM, whose import alone takes ten seconds."""
    done = run_child("-c", WATCHED, *tiny, f"runs={tmp_path}", "eval.n=4", env=talkative)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "grpo" / "code_understanding-embedded-s0" / "result.json").is_file()
    assert watched_network.attempts == []
    assert done.stdout.splitlines()[-1] == "False"


def test_the_guard_of_that_test_sees_an_attempt(run_child, watched_network):
    """The control: the same environment, and a program that does call out."""
    run_child("-c", "import urllib.request as r; r.urlopen('http://192.0.2.1/', timeout=2)", env=watched_network.env)
    assert watched_network.attempts
