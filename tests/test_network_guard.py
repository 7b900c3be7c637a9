"""The guard itself: what it lets through, what it stops, and that nobody escapes by swallowing the error."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import WatchedNetwork

ELSEWHERE = "192.0.2.1"  # TEST-NET-1, nobody's address


def test_loopback_is_open(nothing_leaves_this_machine: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("localhost", port)) as client, server.accept()[0] as peer:
            client.sendall(b"ping")
            assert peer.recv(4) == b"ping"
    assert nothing_leaves_this_machine == []


@pytest.mark.parametrize(
    "attempt",
    [
        lambda: socket.create_connection((ELSEWHERE, 80), timeout=1),
        lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect((ELSEWHERE, 53)),
        lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", (ELSEWHERE, 53)),
        lambda: socket.socket(socket.AF_INET6, socket.SOCK_STREAM).connect(("2001:db8::1", 80)),
        lambda: socket.getaddrinfo("telemetry.example", 443),
        lambda: socket.gethostbyname("telemetry.example"),
    ],
    ids=["tcp", "udp connect", "udp send", "tcp6", "resolve", "resolve old"],
)
def test_elsewhere_is_closed(attempt, nothing_leaves_this_machine: list[str]) -> None:
    with pytest.raises(PermissionError, match="only reach this machine"):
        attempt()
    assert len(nothing_leaves_this_machine) == 1
    nothing_leaves_this_machine.clear()


def test_a_swallowed_attempt_is_remembered(nothing_leaves_this_machine: list[str]) -> None:
    with contextlib.suppress(OSError):
        socket.create_connection((ELSEWHERE, 80), timeout=1)
    assert nothing_leaves_this_machine == [f"socket.connect ('{ELSEWHERE}', 80)"]
    nothing_leaves_this_machine.clear()


def test_child_processes_are_watched(watched_network: WatchedNetwork) -> None:
    program = (
        f"import socket, contextlib\nwith contextlib.suppress(OSError): socket.create_connection(('{ELSEWHERE}', 80))"
    )
    subprocess.run([sys.executable, "-c", program], env=watched_network.env, check=True)
    assert len(watched_network.attempts) == 1
    assert watched_network.attempts[0].startswith(f"socket.connect ('{ELSEWHERE}', 80)")
