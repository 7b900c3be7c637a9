"""uv as locks/uv.txt pins it, with its hash, in .cache/lock-tools: prints its path.   python3 locks/uv.py

What resolves and installs locks; the environment that it installs into holds nothing of it.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

LOCKS = Path(__file__).resolve().parent
TOOLS = LOCKS.parent / ".cache/lock-tools"


def find_uv() -> Path:
    """Return the path of the pinned uv, fetched by pip if it is not there yet.

    Raises:
        subprocess.CalledProcessError: the last tool that was tried failed; it has said why on stderr.
        OSError: there is no place for it.
    """
    uv, pin = TOOLS / "bin/uv", LOCKS / "uv.txt"
    wanted = re.search(r"^uv==(\S+)", pin.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert wanted is not None, f"{pin} pins no uv"
    if _version_of(uv) != wanted[1]:
        if not (TOOLS / "bin/pip").exists():
            subprocess.run([sys.executable, "-m", "venv", TOOLS], check=True, stdout=sys.stderr)
        install = ["--disable-pip-version-check", "--no-input", "install", "-q", "--no-deps", "--require-hashes"]
        subprocess.run([TOOLS / "bin/python", "-m", "pip", *install, "-r", pin], check=True, stdout=sys.stderr)
    return uv


def _version_of(uv: Path) -> str | None:
    try:
        answer = subprocess.run([uv, "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    return answer.split()[1]


if __name__ == "__main__":
    print(find_uv())
