"""What README and docs promise: their Python runs, their links lead somewhere, their figures are committed results."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])


def test_readme_python_runs() -> None:
    text = (ROOT / "README.md").read_text()
    scope: dict[str, object] = {}
    blocks = re.findall(r"```python\n(.*?)```", text, re.S)
    assert len(blocks) >= 2
    for block in blocks:
        exec(block, scope)
    import synthetic1

    task = synthetic1.Task(problem_id="1", task_type="says_please", prompt="Ask nicely.")
    assert synthetic1.score(task, "please").score == 1.0
    assert synthetic1.score(task, "now").score == 0.0


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        if not target.startswith(("http://", "https://")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_no_page_is_unfinished(page: Path) -> None:
    assert not re.search(r"<!--|TODO|FIXME", page.read_text())


def test_quoted_demo_figures_are_those_of_the_committed_run() -> None:
    results = json.loads((ROOT / "benchmarks" / "results" / "demo.json").read_text())["results"]
    before, after = (results["grpo_seed0"][when]["pass_at_1"] for when in ("before", "after"))
    readme = (ROOT / "README.md").read_text()
    assert f"{before:.2f}" in readme
    assert f"{after:.2f}" in readme
    training = (ROOT / "docs" / "training.md").read_text()
    for name, result in results.items():
        row = next(line for line in training.splitlines() if f"`{name}`" in line)
        assert f"{result['before']['pass_at_1']:.3f}" in row, name
        assert f"{result['after']['pass_at_1']:.3f}" in row, name
