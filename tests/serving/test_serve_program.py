"""The command line of `synthetic1 serve`: what it refuses to begin with, in one line."""

from __future__ import annotations

import asyncio

import pytest
from typer.testing import CliRunner

from synthetic1.serving.admission import Admission, Overloaded
from synthetic1.serving.program import app
from synthetic1.serving.settings import ServingError, is_loopback, read_bytes


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--host", "0.0.0.0"], "there is no API key: set SYNTHETIC1_API_KEY"),
        (["--host", "rewards.example"], "there is no API key"),
        (["--api-key-file", "/nowhere"], "--api-key-file /nowhere"),
        (["--api-key-file", "EMPTY"], "it is empty"),
        (["--api-key-file", "SHORT"], "at least 16 characters"),
        (["--max-body", "much"], "--max-body must be"),
        (["--max-pairs", "0"], "--max-pairs must be at least 1"),
        (["--read-timeout", "0"], "--read-timeout must be a positive number"),
        (["--sandbox", "subprocess"], "--sandbox must be one of auto, docker, bubblewrap"),
        (["--unscorable", "zero"], "--unscorable must be `error` or a number"),
        (["--unscorable", "nan"], "--unscorable must be `error` or a number"),
        (["--families", "poetry"], "there is no `poetry`; there are code, code_understanding, math"),
        (["--tasks", "/nowhere.jsonl"], "--tasks: "),
        (["--import", "no_such_module"], "`no_such_module` cannot be imported"),
        (["--judge-model", "some"], "no url"),
        (["--judge-config", "/nowhere"], "--judge-config /nowhere"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_in_one_line(arguments, said, tmp_path, monkeypatch):
    monkeypatch.delenv("SYNTHETIC1_API_KEY", raising=False)
    for name, text in (("EMPTY", "\n"), ("SHORT", "short")):
        (tmp_path / name).write_text(text)
    told = [str(tmp_path / word) if word in ("EMPTY", "SHORT") else word for word in arguments]
    done = CliRunner().invoke(app, told)
    assert done.exit_code == 2, done.output
    assert said in done.stderr
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.splitlines()) == 1


def test_the_key_is_no_argument():
    told = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200", "TERM": "dumb"}).output
    assert "--api-key-file" in told
    assert "--api-key " not in told


@pytest.mark.parametrize(
    ("text", "size"), [("16MiB", 2**24), ("1 GiB", 2**30), ("500kB", 500_000), ("12", 12), ("1.5MB", 1_500_000)]
)
def test_sizes(text, size):
    assert read_bytes(text) == size


@pytest.mark.parametrize("text", ["", "x", "1XB", "MiB", "-", "infMB"])
def test_what_is_no_size(text):
    with pytest.raises(ServingError):
        read_bytes(text)


@pytest.mark.parametrize(
    ("host", "alone"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("127.9.9.9", True), ("0.0.0.0", False), ("::", False)],
)
def test_loopback(host, alone):
    assert is_loopback(host) is alone


async def test_turns_are_neither_lost_nor_made():
    """Whatever is cancelled when: at the end nobody is at work, and never more than may be."""
    admission, most = Admission(2, 20), 0

    async def work(steps):
        nonlocal most
        await admission.enter()
        try:
            most = max(most, admission.at_work)
            for _ in range(steps):
                await asyncio.sleep(0)
        finally:
            admission.leave()

    tasks = [asyncio.create_task(work(n % 5)) for n in range(20)]
    for n, task in enumerate(tasks):
        await asyncio.sleep(0)
        if n % 3 == 0:
            task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert (admission.at_work, admission.waiting, most) == (0, 0, 2)
    full = Admission(1, 0)
    await full.enter()
    with pytest.raises(Overloaded):
        await full.enter()
