"""What the site shows beside the pages of docs/: environments from their docstrings, benchmarks from their results.

A hook of mkdocs. Generated pages are never written to docs/; links out of docs/ become links to the repository.
"""

from __future__ import annotations

import importlib
import inspect
import json
import posixpath
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "results"
SHOWN_ROWS = 40
MAX_CELL = 60  # characters


def on_config(config: Any) -> Any:
    """One page an adapter, in the order of their names."""
    pages = sorted(page.name for page in (ROOT / "docs/adapters").glob("*.md") if page.name != "index.md")
    for section in config.nav:
        if "Elsewhere" in section:
            section["Elsewhere"] += [f"adapters/{page}" for page in pages]
            if (ROOT / "docs/serve.md").is_file():
                section["Elsewhere"].append({"Rewards over HTTP": "serve.md"})
    return config


def on_files(files: Any, config: Any) -> Any:
    """Add the generated pages."""
    from mkdocs.structure.files import File

    from synthetic1 import FAMILIES

    pages = {f"families/{family}.md": family_page(family) for family in FAMILIES} | {"benchmarks.md": benchmarks_page()}
    for uri, text in pages.items():
        files.append(File.generated(config, uri, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Name what lies outside docs/ by its path in the repository: the site does not have it."""
    here = posixpath.dirname(page.file.src_uri)

    def outward(found: re.Match[str]) -> str:
        text, target = found[1], found[2]
        path = posixpath.normpath(posixpath.join("docs", here, target.partition("#")[0]))
        return found[0] if path.startswith("docs/") or "://" in target else f"{text} (`{path}` in the repository)"

    return re.sub(r"(?<!!)\[([^\]]+)\]\(([^)#\s]+(?:#[^)]*)?)\)", outward, markdown)


def family_page(family: str) -> str:
    """The docstring of an environment's class as a page, its arguments as a table."""
    module = importlib.import_module(f"synthetic1.envs.{family}")
    env = getattr(module, "".join(part.capitalize() for part in family.split("_")) + "Env")
    text = (inspect.getdoc(env) or "").replace("``", "`")
    lines = []
    for line in text.splitlines():
        if line in ("Args:", "Raises:"):
            line = "## " + line.removesuffix(":").replace("Args", "Keyword arguments")
        elif found := re.match(r"    (\w+): (.*)", line):
            line = f"- **`{found[1]}`**: {found[2]}"
        elif line.startswith("    ") and lines and not in_fence(lines):
            line = "  " + line.strip()
        lines.append(line)
    return f"# `synthetic1/{family}-v0`\n\n" + "\n".join(lines) + "\n"


def in_fence(lines: list[str]) -> bool:
    return sum(line.lstrip().startswith("```") for line in lines) % 2 == 1


def benchmarks_page() -> str:
    """Every committed result: its ratios, its rows, the machine."""
    parts = [
        "# Benchmarks",
        "Each is a script that runs this package and the alternatives side by side; these are the results that it "
        "wrote, as committed in `benchmarks/results/`. Run one with `python benchmarks/NAME.py --quick`.",
    ]
    for path in sorted(RESULTS.glob("*.json")):
        result = json.loads(path.read_text(encoding="utf-8"))
        parts.append(f"## {path.stem}")
        if result.get("quick"):
            parts.append("A quick run (`--quick`): few of each, so figures are rough.")
        if machine := result.get("machine"):
            parts.append("Machine: " + ", ".join(f"{name} {value}" for name, value in machine.items()) + ".")
        if ratios := result.get("ratios"):
            parts.append(table([{"ratio": name, "value": value} for name, value in ratios.items()]))
        rows = result.get("rows")
        if isinstance(rows, list) and rows and isinstance(rows[0], dict):
            parts.append(table(rows[:SHOWN_ROWS]))
        elif not ratios:
            flat = {name: value for name, value in result.items() if isinstance(value, int | float | str)}
            parts.append(table([{"": name, "value": value} for name, value in flat.items()]))
    return "\n\n".join(parts) + "\n"


def table(rows: list[dict[str, Any]]) -> str:
    """Rows as a table; columns that hold structures are left to the file."""
    names = list(
        dict.fromkeys(name for row in rows for name, value in row.items() if not isinstance(value, dict | list))
    )
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    lines += ["| " + " | ".join(cell(row.get(name)) for name in names) + " |" for row in rows]
    return "\n".join(lines)


def cell(value: Any) -> str:
    if value is None:
        return ""
    text = f"{value:,.4g}" if isinstance(value, float) else f"{value:,}" if type(value) is int else str(value)
    text = " ".join(text.split()).replace("|", "\\|")
    return text if len(text) <= MAX_CELL else text[: MAX_CELL - 1] + "…"
