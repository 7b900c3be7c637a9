"""The guardian's process: ``python -I -S guardian_main.py ADDRESS LABEL`` removes containers once its stdin has ended.

It imports the standard library only, so that it starts in 20 ms and takes a few MiB.
"""

from __future__ import annotations

import http.client
import json
import signal
import socket
import sys
import time
import urllib.parse

_CALL_S = 10  # seconds that the engine has for an answer
_GIVE_UP_S = 60
_PAUSE_S = 0.3  # between two looks
_LOOKS = {"closed": 3, "died": 30}  # that find nothing, one after the other, before it ends


def main(address: str, label: str) -> None:
    """Wait for the owner's end, then remove its containers.

    A byte on stdin before its end says that the owner has closed its containers itself. Without one it died suddenly,
    and the engine may still be making a container that it had asked for.

    Args:
        address: the engine's, ``unix://…`` or ``tcp://…``.
        label: ``name=value`` of the owner's containers.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    looks = _LOOKS["closed" if sys.stdin.buffer.read() else "died"]
    found_nothing, ends = 0, time.monotonic() + _GIVE_UP_S
    while found_nothing < looks and time.monotonic() < ends:
        try:
            found_nothing = 0 if _remove(address, label) else found_nothing + 1
        except (OSError, ValueError, http.client.HTTPException):
            time.sleep(1)
        time.sleep(_PAUSE_S)


def _remove(address: str, label: str) -> int:
    """Remove what bears the label now; how many containers that were.

    Raises:
        OSError, ValueError, http.client.HTTPException: the engine does not answer, or not as it should.
    """
    filters = urllib.parse.quote(json.dumps({"label": [label]}))
    containers: list[dict[str, object]] = json.loads(_ask(address, "GET", f"/containers/json?all=1&filters={filters}"))
    if not isinstance(containers, list):  # an error of the engine's, which may pass
        raise ValueError(f"the engine answers {containers!r:.200}")
    for container in containers:
        _ask(address, "DELETE", f"/containers/{container['Id']}?force=1")
    return len(containers)


def _ask(address: str, method: str, path: str) -> bytes:
    """The body of the engine's answer, whatever its status."""
    engine = _EngineConnection(address)
    try:
        engine.request(method, path)
        return engine.getresponse().read()
    finally:
        engine.close()


class _EngineConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket as well."""

    def __init__(self, address: str) -> None:
        super().__init__(urllib.parse.urlsplit(address).netloc or "localhost", timeout=_CALL_S)
        self._unix_path = address.removeprefix("unix://") if address.startswith("unix://") else None

    def connect(self) -> None:
        if self._unix_path is None:
            super().connect()
            return
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(_CALL_S)
        self.sock.connect(self._unix_path)


if __name__ == "__main__":
    main(*sys.argv[1:])
