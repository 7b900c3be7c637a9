"""Every block of Python in the documents is run, in its page's order, unless its title says why not."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from synthetic1.tasks import open_tasks

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(page for page in (ROOT / "docs").rglob("*.md"))
BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```", re.M | re.S)
RUN_PROGRAMS = ("code", "extend", "sandbox")
NOT_RUN = re.compile(r' title="not run: [^"]{8,}"')


def blocks(page: Path, language: str) -> list[tuple[int, str]]:
    """Line and text of the blocks to be run."""
    text = page.read_text(encoding="utf-8")
    found = [match for match in BLOCK.finditer(text) if match[1] == language]
    for match in found:
        is_known = not match[2].strip() or NOT_RUN.fullmatch(match[2].rstrip()) is not None
        assert is_known, f"{page.name}: a block that is not run says why: {match[2]}"
    return [(text[: match.start()].count("\n") + 2, match[3]) for match in found if not match[2].strip()]


def write_files(folder: Path) -> None:
    """The files of tasks that pages speak of."""
    for name, family in (("problems", "math"), ("apps", "code")):
        rows = (ROOT / f"src/synthetic1/tasks/embedded/{family}.jsonl").read_text(encoding="utf-8")
        (folder / f"{name}.jsonl").write_text(rows, encoding="utf-8")
    left_out = open_tasks(str(folder / "apps.jsonl"))[0].key
    (folder / "quarantine.jsonl").write_text(json.dumps({"key": left_out}) + "\n")


@pytest.mark.parametrize(
    "page", [page for page in PAGES if "```python\n" in page.read_text()], ids=lambda page: page.stem
)
def test_python_runs(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    if page.stem in RUN_PROGRAMS:
        request.getfixturevalue("sandbox_kind")
    monkeypatch.chdir(tmp_path)
    write_files(tmp_path)
    module = ModuleType("page")  # what a page defines has a module, as dataclasses want it
    monkeypatch.setitem(sys.modules, "page", module)
    scope = module.__dict__
    for line, text in blocks(page, "python"):
        exec(compile("\n" * (line - 1) + text, str(page.relative_to(ROOT)), "exec"), scope)


def test_no_block_of_python_hides_behind_another_name() -> None:
    for page in PAGES:
        for match in BLOCK.finditer(page.read_text()):
            assert match[1] not in ("py", "python3", "pycon"), page.name
