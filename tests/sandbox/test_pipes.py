"""The agent's ends of pipes and channel, whatever a program has done to the other ends."""

from __future__ import annotations

import os
import select
import socket
import subprocess
import sys
import threading

import pytest

from synthetic1.sandbox.agent.job import Bounds
from synthetic1.sandbox.agent.pipes import Pipes

HANG_S = 60
BOUNDS = Bounds(1.0, 1.0, 2**28, 2**20, 2**10, 2**20, 64, 2**20)


@pytest.fixture
def pipes():
    pipes = Pipes(select.poll(), BOUNDS, b"", b"")
    yield pipes
    pipes.close()


def drained(pipes):
    """Whether ``drain`` comes back."""
    draining = threading.Thread(target=pipes.drain, daemon=True)
    draining.start()
    draining.join(HANG_S)
    return not draining.is_alive()


@pytest.mark.parametrize("said", [b"", b"x", b"x" * 60_000])
@pytest.mark.parametrize("open_ends", [(), ("stdout",), ("stdout", "stderr", "channel")])
def test_all_that_was_written_is_taken_and_no_end_is_waited_for(pipes, said, open_ends):
    for name in ("stdout", "stderr", "channel"):
        os.write(getattr(pipes.ends, name), said)
    kept = [os.dup(getattr(pipes.ends, name)) for name in open_ends]  # on its way through a socket, for example
    pipes.close_ends()
    assert drained(pipes)
    assert (pipes.stdout, pipes.stderr, pipes.channel) == (said, said[: BOUNDS.stderr_bytes], said)
    for fd in kept:
        os.close(fd)


def test_descriptors_in_the_channel_are_refused_or_dropped(pipes):
    """The kernel refuses them, or they end where they are read: none stays."""
    before = set(os.listdir("/proc/self/fd"))
    with socket.socket(fileno=os.dup(pipes.ends.channel)) as its:
        try:
            socket.send_fds(its, [b"words"], [pipes.ends.stdout] * 3)
        except PermissionError:
            its.send(b"words")
    pipes.close_ends()
    assert drained(pipes)
    assert pipes.channel == b"words"
    assert set(os.listdir("/proc/self/fd")) <= before


LINGERS = """
import os, signal, socket, struct
from synthetic1.sandbox.agent.pipes import nudged

ours, its = socket.socketpair()
listening = socket.create_server(("127.0.0.1", 0))
sent = []
for _ in range(5):
    one = socket.create_connection(listening.getsockname())
    sent.append(listening.accept())
    one.setblocking(False)
    try:
        while True:
            one.send(bytes(1 << 16))
    except BlockingIOError:
        pass
    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 30000))
    socket.send_fds(its, [b"x"], [one.fileno()])
    one.close()
before = signal.getsignal(signal.SIGALRM)
its.close()
with nudged():
    while os.read(ours.fileno(), 1):
        pass
assert signal.getsignal(signal.SIGALRM) == before and signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
os._exit(7)
"""


def test_connections_that_linger_hold_nobody_up_who_is_nudged():
    """Where descriptors do come through the channel: who reads them closes them, and would wait for hours."""
    assert subprocess.run([sys.executable, "-c", LINGERS], timeout=HANG_S, check=False).returncode == 7
