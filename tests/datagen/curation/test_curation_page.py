"""docs/curation.md: its counts are those of the committed run, and it names every reason and prompt of the code."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from synthetic1.datagen.curation.prompt_files import OURS
from synthetic1.datagen.curation.recipes import code, code_understanding, math, repair, stem, swe
from synthetic1.datagen.curation.recipes.mathematics import golds, rewrites, statements

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "curation.md").read_text(encoding="utf-8")
RESULT = json.loads((ROOT / "benchmarks" / "results" / "funnels.json").read_text(encoding="utf-8"))
TABLES = (math.ANSWER_REASONS, math.REWRITE_REASONS, statements.REASONS, rewrites.REASONS, golds.REASONS)
RECIPES = {
    "code": code.CodeRecipe,
    "code_understanding": code_understanding.CodeUnderstandingRecipe,
    "repair": repair.RepairRecipe,
    "stem": stem.StemRecipe,
    "swe": swe.SweRecipe,
}


def counts(funnel, facts):
    """What the page says of a funnel, on one line."""
    said = f"{funnel['in']:,} rows in, {funnel['kept']:,} kept ({funnel['tasks']:,} tasks)."
    among = {**facts["tasks"], **(facts["languages"] if facts["languages"].keys() <= {"python", "javascript"} else {})}
    among = {} if facts["planted"] else among
    for words, reasons in (("Among them", among), ("Dropped", funnel["dropped"]), ("Set aside", funnel["quarantined"])):
        told = ", ".join(f"{reason.replace('_', ' ')} {many:,}" for reason, many in reasons.items())
        said += f" {words}: {told}." if told else ""
    return said


def planted(facts):
    """The rows of the page's table of planted faults: kind → how many."""
    return [f"| {what} | {many:,} |" for what, many in facts["planted"].items()]


@pytest.mark.parametrize("recipe", sorted(RESULT["funnels"]))
def test_its_counts_are_those_of_the_committed_run(recipe):
    funnel = RESULT["funnels"][recipe]
    assert funnel["in"] == funnel["kept"] + sum(funnel["dropped"].values()) + sum(funnel["quarantined"].values())
    assert f"\n{counts(funnel, RESULT['others'][recipe])}\n" in PAGE
    assert f"](funnels/{recipe}.png)" in PAGE
    assert (ROOT / "docs" / "funnels" / f"{recipe}.png").is_file()


def test_its_planted_faults_are_those_of_the_committed_run():
    for line in planted(RESULT["others"]["repair"]):
        assert f"\n{line}" in PAGE
    mended = {name: many for name, many in RESULT["others"]["repair"]["tasks"].items() if "_" in name}
    assert len(mended) >= 4
    for what, many in mended.items():
        assert f"{what.replace('_', ' ')} {many:,}" in PAGE


@pytest.mark.parametrize("recipe", sorted(RECIPES))
def test_it_names_every_reason_of_a_docstring(recipe):
    table = RECIPES[recipe].__doc__.partition("\n\n")[2]
    steps = {*RECIPES[recipe].draft_steps, *RECIPES[recipe].finish_steps}
    words = set(re.findall(r"``([a-z_]+)``", table)) - steps - {"code", "hash", "id", "fix"}
    assert len(words) > 5
    section = PAGE.partition(f"\n### {recipe}\n")[2].partition("\n### ")[0]
    assert {word for word in words if f"`{word}`" not in section} == set()


@pytest.mark.parametrize("table", TABLES, ids=lambda table: next(iter(table)))
def test_it_names_every_reason_of_mathematics(table):
    section = PAGE.partition("\n### math\n")[2].partition("\n### ")[0]
    assert {reason for reason in table if f"`{reason}`" not in section} == set()


def test_it_names_every_prompt_and_fits_in_a_head():
    assert {path.stem for path in OURS.glob("*.md") if f"`{path.stem}`" not in PAGE} == set()
    assert len(PAGE.splitlines()) <= 320


def test_its_figures_of_html_are_those_of_the_committed_run():
    result = json.loads((ROOT / "benchmarks" / "results" / "html_text.json").read_text(encoding="utf-8"))
    wanted, ours, others = result["rows"]
    counted = ("formulas", "code_unchanged", "code_but_for_blank_lines", "lists", "table_cells")
    assert [ours[kind] for kind in counted] == [wanted[kind] for kind in counted]
    code = wanted["code_unchanged"]
    assert others["code_but_for_blank_lines"] == code
    assert f"keeps {others['formulas']:,} of {wanted['formulas']:,} formulas" in PAGE
    assert f"{code - others['code_unchanged']} of {code} lose blank lines" in PAGE
