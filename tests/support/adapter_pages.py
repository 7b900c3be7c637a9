"""The code on the pages of adapters, for scripts that run it in the environment of the package it is about."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

PAGES = Path(__file__).resolve().parents[2] / "docs/adapters"


def run_block(page: str, containing: str, folder: str, url: str = "", **names: Any) -> dict[str, Any]:
    """Run the one block of Python on ``docs/adapters/PAGE.md`` that contains this text, in ``folder``.

    Args:
        url: where the server is that the page has at port 8000.
        names: what the block finds there already.

    Returns:
        the names it leaves.
    """
    blocks = re.findall(r"^```python\n(.*?)^```", (PAGES / f"{page}.md").read_text(encoding="utf-8"), re.M | re.S)
    [block] = [block for block in blocks if containing in block]
    block = block.replace("http://127.0.0.1:8000", url) if url else block
    names = {"__name__": "page", **names}
    before = os.getcwd()
    os.chdir(folder)
    try:
        exec(compile(block, f"{page}.md", "exec"), names)
    finally:
        os.chdir(before)
    return names
