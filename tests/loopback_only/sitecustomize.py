"""Imported by Python itself when it starts with this folder on ``PYTHONPATH``: the guard in child processes."""

from __future__ import annotations

import os
import sys
from pathlib import Path

if "SYNTHETIC1_NETWORK_LOG" in os.environ:
    sys.path.append(str(Path(__file__).resolve().parents[1] / "support"))
    import loopback_only

    sys.path.pop()
    loopback_only.install()
