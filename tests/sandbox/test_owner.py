"""Owners of containers: alive, dead, or out of sight."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from synthetic1.sandbox.owner import is_alive, owner_id

SAY = "from synthetic1.sandbox.owner import owner_id; print(owner_id(), flush=True); input()"


def test_we_live():
    assert is_alive(owner_id()) is True


def test_an_ended_process_is_dead():
    with subprocess.Popen(
        [sys.executable, "-c", SAY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        owner = process.stdout.readline().strip()
        assert is_alive(owner) is True
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert is_alive(owner) is False, "what waits to be reaped owns nothing any more"
    assert is_alive(owner) is False


def test_a_pid_that_came_again_is_not_its_predecessor():
    here, started = owner_id().rsplit(":", 1)
    assert is_alive(f"{here}:{int(started) - 1}") is False


@pytest.mark.parametrize(
    "owner",
    ["", ":", "x", "::::", owner_id().replace("-", "0", 1), owner_id() + "x", owner_id().rsplit(":", 1)[0]],
    ids=["empty", "colon", "word", "colons", "another machine", "longer", "cut off"],
)
def test_of_others_nothing_is_known(owner):
    assert is_alive(owner) is None
