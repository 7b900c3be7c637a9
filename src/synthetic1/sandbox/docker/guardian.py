"""A small process beside the owner of containers that outlives it, to remove what its sudden death leaves.

A running container ends by itself when its owner does. One that was made and not yet started would stay.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from pathlib import Path

_MAIN = Path(__file__).with_name("guardian_main.py")


class Guardian:
    """Removes the containers that bear ``label`` when this process has ended, in whatever way, or has closed it.

    Args:
        address: the engine's, ``unix://…`` or ``tcp://…``.
        label: ``name=value``.
    """

    def __init__(self, address: str, label: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_MAIN), address, label],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,  # what is sent to the owner's group or terminal does not reach it
        )

    def close(self) -> None:
        """Let it look for containers a last time, and end."""
        assert self._process.stdin is not None
        if self._process.stdin.closed:  # abandoned
            return
        with contextlib.suppress(OSError):
            self._process.stdin.write(b".")  # else it takes this for a sudden death, and watches for longer
            self._process.stdin.close()
        threading.Thread(target=self._process.wait, daemon=True).start()  # leaves no zombie, and nobody waits

    def abandon(self) -> None:
        """In a forked child: let the parent alone hold the pipe."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        self._process.returncode = 0  # the parent waits for it
