"""Signals that ask a program to stop: which of them count as a second one, and what a recipe makes of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from synthetic1.jobs import stopping
from synthetic1.jobs.program import STOPPED
from synthetic1.jobs.stopping import Signals, like_ctrl_c, run_to_its_end

INT, TERM, HUP = signal.SIGINT, signal.SIGTERM, signal.SIGHUP


@pytest.fixture
def apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Signals as people send them, and not a launcher: one does not follow at the heels of another."""
    monkeypatch.setattr(stopping, "ONE_REQUEST_S", -1.0)


@pytest.mark.usefixtures("apart")
@pytest.mark.parametrize(
    ("sent", "heard"),
    [
        ([INT, INT], ["stop", "stop at once"]),
        ([INT, TERM], ["stop", "stop at once"]),
        ([HUP, HUP, HUP], ["stop", "known", "known"]),  # bash, then the kernel
        ([TERM, HUP], ["stop", "known"]),  # systemd
        ([HUP, TERM], ["stop", "known"]),  # as Python hears the two of them
        ([HUP, TERM, TERM], ["stop", "known", "stop at once"]),
        ([TERM, HUP, TERM], ["stop", "known", "stop at once"]),
    ],
)
def test_a_closed_terminal_is_never_a_second_one(sent: list[int], heard: list[str]) -> None:
    signals = Signals()
    assert [signals.heard(number) for number in sent] == heard


def test_what_a_parent_passes_on_is_the_same_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """systemd has sent SIGTERM to the whole group, and the parent passes it on."""
    monkeypatch.setattr(stopping, "ONE_REQUEST_S", 1e9)
    signals = Signals()
    assert [signals.heard(TERM), signals.heard(TERM), signals.heard(HUP)] == ["stop", "known", "known"]


@pytest.mark.usefixtures("apart")
def test_what_follows_an_interrupted_block_is_not_interrupted_again() -> None:
    with like_ctrl_c():
        with pytest.raises(KeyboardInterrupt), like_ctrl_c():
            signal.raise_signal(HUP)
        signal.raise_signal(HUP)
        signal.raise_signal(TERM)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(TERM)


STOPS = """
import os, signal, sys, time
from pathlib import Path
heard, told = [], Path(sys.argv[1])
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, lambda number, _: heard.append(number))
os.kill(os.getppid(), getattr(signal, sys.argv[2]))
if sys.argv[2] == "SIGINT":  # the terminal sends it to both
    os.kill(os.getpid(), signal.SIGINT)
while not heard:
    time.sleep(0.01)
told.write_text(f"{heard}: a checkpoint")
sys.exit(0)
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_program_in_a_program_ends_in_order(tmp_path: Path, name: str) -> None:
    before = [signal.getsignal(number) for number in stopping.SIGNALS]
    told = tmp_path / "told"
    assert run_to_its_end([sys.executable, "-c", STOPS, str(told), name]) == STOPPED
    number = getattr(signal, name)
    assert told.read_text() == f"[{int(number)}]: a checkpoint"
    assert [signal.getsignal(number) for number in stopping.SIGNALS] == before


def test_a_program_in_a_program_has_its_status() -> None:
    assert [run_to_its_end([sys.executable, "-c", f"raise SystemExit({status})"]) for status in (0, 2)] == [0, 2]


CLOSED = """
import asyncio, os, signal
from synthetic1.jobs.stopping import stop_on_signal

class Work:
    stopping = False
    def stop(self):
        self.stopping = True

async def main():
    work = Work()
    with stop_on_signal(work):
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGHUP):
            os.kill(os.getpid(), number)
            await asyncio.sleep(0.05)
    print("ended in order", work.stopping)

asyncio.run(main())
"""


def test_a_second_hang_up_does_not_end_the_process() -> None:
    ended = subprocess.run([sys.executable, "-c", CLOSED], capture_output=True, text=True, check=False, env=os.environ)
    assert (ended.returncode, ended.stdout.splitlines()[-1:]) == (0, ["ended in order True"]), ended.stderr
