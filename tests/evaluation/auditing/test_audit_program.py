"""`synthetic1 audit`: tables, offenders, JSON and exit status, on a user's own file and verifier."""

from __future__ import annotations

import json
import re

import pytest
from typer.testing import CliRunner

from synthetic1.cli import app

GRADER = '''\
import re
from dataclasses import dataclass

from synthetic1 import Verdict, Verifier


@dataclass(frozen=True)
class Exact(Verifier):
    """The last box, letter by letter."""

    inline = True
    version = 1

    async def verify(self, task, completion):
        boxes = re.findall(r"\\\\boxed\\{(.*)\\}", completion.answer)
        gold = task.verification_info["ground_truth"]
        if gold == "no gold":
            return Verdict.unscorable("gold", "it is prose")
        return Verdict.graded(float(boxes[-1:] == [gold]), answer=gold)

    def gold_completion(self, task):
        return f"\\\\boxed{{{task.verification_info['ground_truth']}}}"


class Lenient(Exact):
    async def verify(self, task, completion):
        return Verdict.graded(1.0)


@dataclass(frozen=True)
class Set(Exact):
    needed: int


made = Exact()
'''
ROWS = [{"set": "first", "gold": "137"}, {"set": "first", "gold": r"$\frac{3}{8}$"}, {"set": "second", "gold": "x+22"}]


@pytest.fixture
def audit(tmp_path, monkeypatch):
    """Run the command line in a folder with a grader; gives (exit status, standard output, standard error)."""
    (tmp_path / "my_grader.py").write_text(GRADER)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(__import__("sys").modules, "my_grader", raising=False)

    def run(*arguments):
        done = CliRunner().invoke(app, ["audit", *map(str, arguments)])
        return done.exit_code, done.stdout, done.stderr

    return run


@pytest.fixture
def golds(tmp_path):
    path = tmp_path / "golds.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return path


def test_golds_alone_and_a_verifier_of_ones_own(audit, golds, tmp_path):
    status, output, _ = audit(golds, "--verifier", "my_grader:Exact", "--json", "found.json")
    found = json.loads((tmp_path / "found.json").read_text())
    assert status == (1 if found["false_accepts"] else 0)
    assert (found["golds"], found["unscorable"]) == (3, 0)
    assert found["false_rejects"] > 30  # `\dfrac` is not `\frac`, letter by letter
    assert {name: group["golds"] for name, group in found["by_source"].items()} == {"first": 2, "second": 1}
    assert found["by_kind"]["dfrac"]["wrong"] == 1
    for name in ("equivalents", "mutants", "by_family", "by_kind", "by_source", "unscorable_golds", "offenders"):
        assert name in found
    assert "rejected, though right:" in output
    assert re.search(r"dfrac: gold \\frac\{3\}\{8\}  answer .*\\dfrac\{3\}\{8\}", output)
    assert re.search(r"^all +3 +0 ", output, re.MULTILINE)


@pytest.mark.parametrize(("bound", "status"), [(None, 1), (0.5, 1), (1.0, 0)])
def test_the_exit_status_tells_of_false_accepts(audit, golds, bound, status):
    bounds = [] if bound is None else ["--max-false-accept", bound]
    done, output, _ = audit(golds, "--verifier", "my_grader:Lenient", *bounds)
    assert done == status
    assert "accepted, though wrong:" in output
    assert "guess_or: gold 137" in output


def test_tasks_of_a_file_and_an_object_in_place_of_a_class(audit, tmp_path):
    row = {"problem_id": "t", "task_type": "verifiable_math", "prompt": "Simplify $2x+22-x$.", "source": "mine"}
    rows = [{**row, "verification_info": {"ground_truth": "x+22"}}]
    (tmp_path / "tasks.jsonl").write_text(json.dumps(rows[0]) + "\n")
    _, output, _ = audit("tasks.jsonl", "--verifier", "my_grader:made", "--json", "found.json")
    kinds = json.loads((tmp_path / "found.json").read_text())["by_kind"]
    assert kinds["echo_as_it_stands"]["cases"] == 1
    assert output.splitlines()[1].startswith("mine")


def test_golds_without_a_score_are_listed(audit, golds):
    with golds.open("a") as file:
        file.write(json.dumps({"gold": "no gold"}) + "\n")
    _, output, _ = audit(golds, "--verifier", "my_grader:Exact")
    assert re.search(r"golds without a score:\n  gold/\w+  no gold  unscorable_gold: it is prose", output)


def test_rows_that_are_not_tasks_are_listed(audit, golds):
    with golds.open("a") as file:
        file.write('{"gold": 5}\n')
    _, output, _ = audit(golds, "--verifier", "my_grader:Exact")
    assert "not audited: 1 rows that are not tasks" in output
    assert "row 4: field `gold` must be a non-empty string, got 5" in output


def test_large_sources_are_sampled_evenly(audit, tmp_path):
    with (tmp_path / "many.jsonl").open("w") as file:
        file.writelines(json.dumps({"set": str(number // 100), "gold": str(number)}) + "\n" for number in range(400))
    audit("many.jsonl", "--verifier", "my_grader:Exact", "--limit", 8, "--json", "found.json")
    sources = json.loads((tmp_path / "found.json").read_text())["by_source"]
    assert {name: group["golds"] for name, group in sources.items()} == {"0": 2, "1": 2, "2": 2, "3": 2}


def test_the_seed_decides_the_cases(audit, golds, tmp_path):
    found = []
    for seed in (1, 1, 2):
        audit(golds, "--verifier", "my_grader:Lenient", "--seed", seed, "--json", "found.json")
        found.append((tmp_path / "found.json").read_text())
    assert found[0] == found[1] != found[2]


def test_our_verifier_and_embedded_tasks(audit, tmp_path):
    status, output, _ = audit("embedded:math", "--limit", 4, "--json", "found.json")
    found = json.loads((tmp_path / "found.json").read_text())
    assert status in (0, 1)
    assert (found["golds"], found["unscorable"]) == (4, 0)
    assert found["equivalents"] > 50
    assert output.splitlines()[0].split()[:2] == ["source", "golds"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing-of-ours"], "there is no `nothing-of-ours`"),
        (["embedded:math", "--limit", -1], "--limit must be at least 1, or 0 for all, got -1"),
        (["embedded:math", "--max-false-accept", 2], "--max-false-accept must be a share between 0 and 1, got 2.0"),
        (["embedded:math", "--json", "/nowhere/found.json"], "--json must name a file in an existing folder"),
        (["embedded:math", "--quarantine", "/nowhere/q.jsonl"], "--quarantine must name a file in an existing folder"),
        (["embedded:math", "--verifier", "my_grader"], "--verifier is written module:Class, got `my_grader`"),
        (["embedded:math", "--verifier", "no_such:Grader"], "--verifier no_such:Grader: ModuleNotFoundError"),
        (["embedded:math", "--verifier", "my_grader:No"], "--verifier my_grader:No: AttributeError"),
        (["embedded:math", "--verifier", "my_grader:Set"], "--verifier my_grader:Set: TypeError"),
        (["embedded:math", "--verifier", "json:JSONDecoder"], "--verifier json:JSONDecoder is not a subclass"),
        (["similar.jsonl"], "1 tasks without a gold"),
    ],
)
def test_a_usage_error_is_one_line(audit, arguments, said, tmp_path):
    row = {"problem_id": "t", "task_type": "llm_judgeable_groundtruth_similarity", "prompt": "Say it."}
    (tmp_path / "similar.jsonl").write_text(json.dumps({**row, "verification_info": {}}) + "\n")
    status, output, error = audit(*arguments)
    assert (status, output) == (2, "")
    assert error.startswith(f"error: {said}")
    assert error.count("\n") == 1


def test_help_teaches(audit):
    status, output, _ = audit("--help")
    assert status == 0
    for taught in (
        "must score 1",
        "Exit status",
        "--verifier",
        "--max-false-accept",
        "--thorough",
        "--quarantine",
        "For example",
    ):
        assert taught in output


def test_a_page_is_written(audit, golds, tmp_path):
    audit(golds, "--verifier", "my_grader:Exact", "--html", "found.html", "--seed", 7)
    page = (tmp_path / "found.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert f"synthetic1 audit {golds} --verifier my_grader:Exact --limit 1000 --seed 7" in page
    assert "my_grader:Exact, version 1" in page


@pytest.mark.parametrize("file", ["no_such_folder/found.html", "."])
def test_a_page_that_cannot_be_written_is_an_error_before_any_work(audit, golds, file):
    status, _, error = audit(golds, "--html", file)
    assert (status, error) == (2, f"error: --html must name a file in an existing folder, got {file}\n")
