"""What is left of posts of question-and-answer sites as text: our Markdown beside datatrove's Trafilatura.

    python benchmarks/html_text.py --json benchmarks/results/html_text.json      # wants pip install trafilatura

The posts are MATH-500's solutions and HumanEval's programs (``../shared/data``) as a site marks them up: paragraphs
with formulas, a block of code, a list, a table. A formula survives if what is between its delimiters stands in the text
(``$``, ``\\(`` and their kind may have been changed into each other), an item of the list or a cell of the table if it
stands apart from the others. A block of code is counted twice: unchanged, blank lines included, and without its blank
lines, with its margins either way.
"""

from __future__ import annotations

import gzip
import html
import json
import re
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from record import arguments, report

from synthetic1.datagen.curation.recipes.questions.markdown import formulas, to_markdown

DELIMITERS = re.compile(r"\A(?:\${1,2}|\\[(\[])\s*|\s*(?:\${1,2}|\\[)\]])\Z")
DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
POSTS = 200
Parts = dict[str, list[str]]


def posts(many: int) -> list[tuple[str, Parts]]:
    """(HTML, the parts that should survive) of each post."""
    with (DATA / "math500_test.jsonl").open(encoding="utf-8") as lines:
        solutions = [json.loads(line)["solution"] for line in lines][:many]
    with gzip.open(DATA / "HumanEval.jsonl.gz", "rt", encoding="utf-8") as lines:
        programs = [row["prompt"] + row["canonical_solution"] for row in map(json.loads, lines)]
    return [_post(number, text, programs[number % len(programs)]) for number, text in enumerate(solutions)]


def _post(number: int, text: str, program: str) -> tuple[str, Parts]:
    items = [f"Step {number}.{step} of the way" for step in range(1, 4)]
    cells = [f"cell {number} {row} {column}" for row in "ab" for column in "xy"]
    paragraphs = "".join(f"<p>{html.escape(part, quote=False)}</p>\n" for part in re.split(r"\n\s*\n", text))
    listed = "".join(f"<li>{item}</li>\n" for item in items)
    rows = "".join(f"<tr><td>{a}</td><td>{b}</td></tr>\n" for a, b in (cells[:2], cells[2:]))
    code = f"<pre><code>{html.escape(program.strip(), quote=False)}\n</code></pre>\n"
    table = f"<table><thead><tr><th>left</th><th>right</th></tr></thead><tbody>{rows}</tbody></table>\n"
    made = f"{paragraphs}<ol>\n{listed}</ol>\n{code}{table}"
    code = [program.strip()]
    return made, {
        "formulas": [DELIMITERS.sub("", formula) for formula in formulas(text)],
        "code_unchanged": code,
        "code_but_for_blank_lines": code,
        "lists": items,
        "table_cells": cells,
    }


def surviving(text: str, parts: Parts) -> Counter[str]:
    """How many parts of each kind stand in ``text``."""
    lines = [line.strip() for line in text.splitlines()]
    bare = "\n".join(line.rstrip() for line in text.splitlines())
    found = Counter[str]()
    found["formulas"] = sum(part in text for part in parts["formulas"])
    for code in parts["code_unchanged"]:
        found["code_unchanged"] += "\n".join(line.rstrip() for line in code.splitlines()) in bare
        found["code_but_for_blank_lines"] += _without_blank_lines(code) in _without_blank_lines(text)
    for item in parts["lists"]:
        found["lists"] += any(re.fullmatch(rf"(?:[-*]|\d+\.) {re.escape(item)}", line) for line in lines)
    for cell in parts["table_cells"]:
        found["table_cells"] += any(re.search(rf"\|\s*{re.escape(cell)}\s*\|", line) for line in lines)
    return found


def _without_blank_lines(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.splitlines() if line.strip())


def trafilatura() -> Callable[[str], str]:
    """datatrove's block with all that it can be told to keep."""
    from datatrove.pipeline.extractors import Trafilatura

    block = Trafilatura(favour_precision=False, deduplicate=False, output_format="markdown", include_formatting=True,
                        include_tables=True)  # fmt: skip
    return lambda said: block.extract(f"<html><body><article>{said}</article></body></html>") or ""


def main() -> None:
    """Measure, print, write."""
    chosen = arguments(__doc__ or "")
    made = posts(POSTS // 10 if chosen.quick else POSTS)
    wanted = Counter({name: sum(len(parts[name]) for _, parts in made) for name in made[0][1]})
    rows = [{"way": "in the posts", **wanted, "seconds": 0.0}]
    for name, way in (("markdownify, ours", to_markdown), ("datatrove's Trafilatura", trafilatura())):
        found = Counter[str]()
        began = time.perf_counter()
        texts = [way(said) for said, _ in made]
        seconds = time.perf_counter() - began
        for text, (_, parts) in zip(texts, made, strict=True):
            found.update(surviving(text, parts))
        rows.append({"way": name, **{kind: found[kind] for kind in wanted}, "seconds": round(seconds, 2)})
    ratios = {f"{kind}_{who}": row[kind] / wanted[kind] for row, who in ((rows[1], "ours"), (rows[2], "trafilatura"))
              for kind in wanted}  # fmt: skip
    report(rows, ratios, packages=("datatrove", "trafilatura", "markdownify"), json_file=chosen.json)


if __name__ == "__main__":
    main()
