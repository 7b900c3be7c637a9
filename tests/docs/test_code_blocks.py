"""Every block of Python in the documents is run, in its page's order, unless its title says why not."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from synthetic1.tasks import open_tasks

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(page for page in (ROOT / "docs").rglob("*.md"))
BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```", re.M | re.S)
RUN_PROGRAMS = ("code", "extend", "sandbox")
NOT_RUN = re.compile(r' title="not run: [^"]{8,}"')


ENVIRONMENTS = {"inspect_ai": "inspect-ai", "lm_eval": "lm-eval"}
"""Pages of adapters whose blocks run in an environment of another package."""
BY_THEIR_TESTS = ("nemo_gym", "openenv", "skyrl", "adapters/verifiers")
"""Those that want a server or a trainer beside them: `tests/adapters` runs their blocks."""


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
    for name, family in (("problems", "math"), ("apps", "code"), ("tasks", "math"), ("gsm8k_test", "math")):
        rows = (ROOT / f"src/synthetic1/tasks/embedded/{family}.jsonl").read_text(encoding="utf-8")
        (folder / f"{name}.jsonl").write_text(rows, encoding="utf-8")
    left_out = open_tasks(str(folder / "apps.jsonl"))[0].key
    (folder / "quarantine.jsonl").write_text(json.dumps({"key": left_out}) + "\n")


@pytest.mark.parametrize(
    "page",
    [
        page
        for page in PAGES
        if "```python\n" in page.read_text()
        and not str(page.with_suffix("")).endswith((*BY_THEIR_TESTS, *(f"adapters/{name}" for name in ENVIRONMENTS)))
    ],
    ids=lambda page: page.stem,
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


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_python_runs_with_the_package_that_its_page_is_about(
    name: str, tmp_path: Path, adapter_python: Callable[[str], str]
) -> None:
    write_files(tmp_path)
    text = "\n".join(block for _, block in blocks(ROOT / f"docs/adapters/{name}.md", "python"))
    command = [adapter_python(ENVIRONMENTS[name]), "-c", text]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", [name.rpartition("/")[2] for name in BY_THEIR_TESTS])
def test_blocks_that_want_a_server_are_run_by_the_tests_of_their_adapter(name: str) -> None:
    calls = (ROOT / f"tests/support/{name}_pairs.py").read_text().count(f'run_block("{name}"')
    assert calls == len(blocks(ROOT / f"docs/adapters/{name}.md", "python")) > 0


def test_no_block_of_python_hides_behind_another_name() -> None:
    for page in PAGES:
        for match in BLOCK.finditer(page.read_text()):
            assert match[1] not in ("py", "python3", "pycon"), page.name
