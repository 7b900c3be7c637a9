"""Nothing leaves this machine: an attempt to reach another host fails and is written down.

``tests/conftest.py`` installs the guard in the test process. A child Python installs it by itself when this folder is
on its ``PYTHONPATH`` and ``SYNTHETIC1_NETWORK_LOG`` names a file (Python imports ``sitecustomize`` at its start).

The attempt fails with an ``OSError``, as without a network; telemetry that swallows errors is still in the log. It
watches Python's own sockets through audit events; what a native library does with its own sockets goes unseen.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
from typing import Any

LOG_VARIABLE = "SYNTHETIC1_NETWORK_LOG"
CONNECTING = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
RESOLVING = frozenset({"socket.getaddrinfo", "socket.gethostbyname"})

attempts: list[str] = []
"""What this process tried, oldest first: ``socket.connect ('192.0.2.1', 80)``."""


def _address(host: object) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    text = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    try:
        return ipaddress.ip_address(text.partition("%")[0])  # fe80::1%eth0 names an interface too
    except ValueError:
        return None


def is_here(host: object) -> bool:
    """Whether ``host`` (a name or an address) is this machine: loopback, unspecified, or one of its own addresses."""
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if host is None or host in ("", "localhost", socket.gethostname()):
        return True
    address = _address(host)
    if address is None:
        return False  # a name: asking who it is would already leave the machine
    if address.is_loopback or address.is_unspecified:
        return True
    if address.is_multicast:
        return False
    with socket.socket(socket.AF_INET if address.version == 4 else socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((str(address), 0))  # only one's own address can be bound
        except OSError:
            return False
    return True


def _leaves(event: str, arguments: tuple[Any, ...]) -> bool:
    if event in CONNECTING:
        sock, address = arguments
        internet = sock.family in (socket.AF_INET, socket.AF_INET6)
        return bool(internet and address and not is_here(address[0]))
    return event in RESOLVING and not (_address(arguments[0]) or is_here(arguments[0]))  # an address asks nobody


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if not event.startswith("socket.") or not _leaves(event, arguments):
        return
    what = f"{event} {arguments[1] if event in CONNECTING else arguments[0]!r}"
    attempts.append(what)
    if path := os.environ.get(LOG_VARIABLE):
        with open(path, "a", encoding="utf-8") as log:
            log.write(f"{what} from {' '.join(sys.argv[:3])}\n")
    raise PermissionError(f"{what}: tests may only reach this machine")


def install() -> None:
    """Watch from now on. An audit hook stays until the process ends."""
    sys.addaudithook(_watch)
