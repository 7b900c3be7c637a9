"""A small process beside the owner of containers that outlives it, to remove what its sudden death leaves.

A running container ends by itself when its owner does. One that was made and not yet started would stay.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading

# Standard library only and started with -I -S: it takes 20 ms and a few MiB. It is a session of its own, so that what
# is sent to the owner's group or terminal does not reach it.
_PROGRAM = r"""
import http.client, json, signal, socket, sys, time, urllib.parse

address, label = sys.argv[1:]
signal.signal(signal.SIGINT, signal.SIG_IGN)


class Engine(http.client.HTTPConnection):
    def connect(self):
        if address.startswith("unix://"):
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.settimeout(10)
            self.sock.connect(address[len("unix://"):])
        else:
            super().connect()


def ask(method, path):
    engine = Engine(urllib.parse.urlsplit(address).netloc or "localhost", timeout=10)
    try:
        engine.request(method, path)
        return engine.getresponse().read()
    finally:
        engine.close()


orderly = sys.stdin.buffer.read()
looks = 3 if orderly else 30  # without finding any
filters = urllib.parse.quote(json.dumps({"label": [label]}))
quiet, ends = 0, time.monotonic() + 60
while quiet < looks and time.monotonic() < ends:  # a request that was under way may still make one
    try:
        left = json.loads(ask("GET", "/containers/json?all=1&filters=" + filters))
        for container in left:
            ask("DELETE", "/containers/" + container["Id"] + "?force=1")
        quiet = 0 if left else quiet + 1
    except (OSError, ValueError, http.client.HTTPException):
        time.sleep(1)
    time.sleep(0.3)
"""


class Guardian:
    """Removes the containers that bear ``label`` when this process has ended, however, or has closed it.

    Args:
        address: the engine's, ``unix://…`` or ``tcp://…``.
        label: ``name=value``.
    """

    def __init__(self, address: str, label: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _PROGRAM, address, label],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
        )

    def close(self) -> None:
        """Let it look around a last time and end."""
        assert self._process.stdin is not None
        if self._process.stdin.closed:  # abandoned
            return
        with contextlib.suppress(OSError):
            self._process.stdin.write(b".")  # else it takes this for a sudden death, and watches for longer
            self._process.stdin.close()
        threading.Thread(target=self._process.wait, daemon=True).start()  # no zombie of it, and nobody waits

    def abandon(self) -> None:
        """In a forked child: let the parent alone hold the pipe."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        self._process.returncode = 0  # it is the parent's to wait for
