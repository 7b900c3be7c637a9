"""The documentation site: it builds without a warning, and what it shows of code and results is what they say."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from synthetic1 import FAMILIES

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_every_page_of_docs_is_on_the_site(site: Path) -> None:
    pages = [page.relative_to(ROOT / "docs") for page in (ROOT / "docs").rglob("*.md")]
    assert len(pages) > 15
    assert [page for page in pages if not (site / page.with_suffix(".html")).is_file()] == []
    shown = (site / "index.html").read_text()
    assert [page for page in pages if page.with_suffix(".html").as_posix() not in shown] == [], "not in the navigation"


@pytest.mark.parametrize("family", FAMILIES)
def test_an_environment_has_the_page_of_its_docstring(family: str, site: Path) -> None:
    text = (site / f"families/{family}.html").read_text()
    assert f"synthetic1/{family}-v0" in text
    for heading in ("Description", "Rewards", "Keyword arguments", "Version History"):
        assert re.search(rf"<h2[^>]*>{heading}", text), heading


def test_every_ratio_of_every_benchmark_is_shown(site: Path) -> None:
    text = (site / "benchmarks.html").read_text()
    results = {path.stem: json.loads(path.read_text()) for path in (ROOT / "benchmarks/results").glob("*.json")}
    assert results
    for name, result in results.items():
        assert f'id="{name}"' in text
        assert [ratio for ratio in result.get("ratios", ()) if f"<td>{ratio}</td>" not in text] == []


def test_nothing_on_the_site_is_fetched_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        fetched = re.findall(r"<(?:script|link|img)[^>]+(?:src|href)=[\"']?(https?://[^\"' >]+)", page.read_text())
        assert fetched == [], page.name
