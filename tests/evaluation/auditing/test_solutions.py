"""Golds of one task against each other: which tasks are quarantined, and that environments leave those out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gymnasium as gym
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import synthetic1
from synthetic1 import Task, Verdict
from synthetic1.cli import app
from synthetic1.evaluation.auditing import solutions
from synthetic1.evaluation.auditing.solutions import CHECKER_REFUSES, NEEDS_CHECKER, NO_GOLD_PASSES, Quarantine
from synthetic1.tasks import open_tasks, split_of

assert synthetic1

Row = dict[str, Any]
PASS = Verdict(1.0, "correct")
NO_SCORE = Verdict.unscorable("infra", "no sandbox")
PERMUTATION_CHECKER = """
def check(input, output, expected):
    return sorted(output.split()) == sorted(expected.split())
"""


def fails(status: str) -> Verdict:
    return Verdict(0.0, status, None, {"failed": {"index": 1, "status": status, "why": "so"}})


def program_task(*others: str, checker: Any = None, gold: str = "print(1)") -> Task:
    info = {"language": "python", "test_cases": [], "checker": checker}
    return Task("t", "verifiable_code", "p", info, gold, other_solutions=others)


@pytest.mark.parametrize(
    ("verdicts", "why"),
    [
        ([PASS], None),
        ([PASS, PASS], None),
        ([fails("wrong_answer")], NO_GOLD_PASSES),
        ([fails("time_limit"), fails("compile_error")], NO_GOLD_PASSES),
        ([fails("wrong_answer"), fails("wrong_answer")], NO_GOLD_PASSES),
        ([PASS, fails("wrong_answer")], NEEDS_CHECKER),
        ([fails("wrong_answer"), PASS, PASS], NEEDS_CHECKER),
        ([PASS, fails("compile_error")], None),
        ([PASS, fails("runtime_error"), fails("time_limit"), fails("memory_limit"), fails("output_limit")], None),
        ([PASS, fails("compile_error"), fails("wrong_answer")], NEEDS_CHECKER),
        ([PASS, Verdict(0.5, "partial")], NEEDS_CHECKER),
        ([PASS, NO_SCORE], None),
        ([NO_SCORE, NO_SCORE], None),
        ([fails("wrong_answer"), NO_SCORE], NO_GOLD_PASSES),
    ],
)
def test_the_rule(verdicts: list[Verdict], why: str | None) -> None:
    found = Quarantine()
    found.add(program_task(*map(str, range(1, len(verdicts)))), "set", dict(enumerate(verdicts)))
    assert [one.why for one in found.tasks] == ([] if why is None else [why])
    assert found.several.run == (len(verdicts) if len(verdicts) > 1 else 0)
    for one in found.tasks:
        assert one.passing == verdicts.count(PASS)
        assert one.failing == sum(verdict.score is not None for verdict in verdicts) - one.passing
        assert 1 <= len(one.failures) <= one.failing


@pytest.mark.parametrize(
    ("checker", "why"),
    [
        ({"program": PERMUTATION_CHECKER}, CHECKER_REFUSES),
        ({"float": {"abs": 1e-6}}, NEEDS_CHECKER),
        ("unordered", NEEDS_CHECKER),
    ],
)
def test_what_is_said_of_a_task_with_a_checker(checker: Any, why: str) -> None:
    assert solutions.reason_of(program_task("2", checker=checker), 1, 1, 1) == why


def test_of_many_golds_some_are_drawn_by_the_seed() -> None:
    few, many = program_task(*"abcdefg"), program_task(*map(str, range(500)))
    assert list(solutions.drawn(few, 0)) == [1, 2, 3, 4, 5, 6, 7]
    chosen = solutions.drawn(many, 0)
    assert len(set(chosen)) == solutions.SOLUTIONS_RUN - 1
    assert list(chosen) == sorted(chosen)
    assert {1 <= place <= 500 for place in chosen} == {True}
    assert solutions.drawn(many, 0) == chosen != solutions.drawn(many, 1)


# From rows to an environment, with a sandbox ------------------------------------------------------------------------

READ = "n = int(input())\n"
PERMUTATION = ["print(*range(1, n + 1))", "print(*range(n, 0, -1))", "import random\nprint(*range(1, n + 1))"]
SOUND = ["print(2 * n)", "print(n + n)", "print 2 * n"]  # the last is Python 2
WRONG = ["print(3 * n)"]
TESTS = {
    "permutation": (["3\n", "1\n"], ["1 2 3\n", "1\n"]),
    "sound": (["3\n", "0\n"], ["6\n", "0\n"]),
    "wrong": (["3\n", "2\n"], ["6\n", "4\n"]),
}
GOLDS = {"permutation": PERMUTATION, "sound": SOUND, "wrong": WRONG}


def programs(name: str) -> list[str]:
    return [f"{READ}{one}\n" for one in GOLDS[name]]


def apps_row(name: str) -> Row:
    inputs, outputs = TESTS[name]
    return {
        "problem_id": name,
        "question": f"Problem {name}.",
        "solutions": json.dumps(programs(name)),
        "input_output": json.dumps({"inputs": inputs, "outputs": outputs}),
        "difficulty": "interview",
        "starter_code": "",
    }


def code_contests_row(name: str) -> Row:
    inputs, outputs = TESTS[name]
    texts = programs(name)
    return {
        "name": name,
        "description": f"Problem {name}.",
        "public_tests": {"input": inputs[:1], "output": outputs[:1]},
        "private_tests": {"input": inputs[1:], "output": outputs[1:]},
        "solutions": {"language": [2, *[3] * len(texts)], "solution": ["int main() {}", *texts]},
    }


def own_row(name: str) -> Row:
    inputs, outputs = TESTS[name]
    pairs = zip(inputs, outputs, strict=True)
    tests = [{"type": "stdin_stdout", "input": given, "output": expected} for given, expected in pairs]
    return {
        "problem_id": name,
        "task_type": "verifiable_code",
        "prompt": f"Problem {name}.",
        "verification_info": json.dumps({"language": "python", "test_cases": tests}),
        "gold_standard_solution": programs(name)[0],
        "solutions": programs(name),
        "source": "own",
    }


def audit(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["audit", *map(str, arguments)])
    assert not done.stderr, done.stderr
    return done.exit_code, done.stdout


@pytest.fixture(params=["apps", "code_contests", "own"])
def rows_file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Three tasks: one with several right outputs, one that is sound, one whose gold is wrong."""
    make = {"apps": apps_row, "code_contests": code_contests_row, "own": own_row}[request.param]
    rows = [make(name) for name in GOLDS]
    if request.param == "apps":
        path = tmp_path / "tasks.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        path = tmp_path / "tasks.parquet"
        pq.write_table(pa.Table.from_pylist(rows), path)
    return path


@pytest.mark.usefixtures("sandbox_kind")
def test_tasks_whose_golds_disagree_are_found_and_left_out(rows_file: Path, tmp_path: Path) -> None:
    quarantine, page = tmp_path / "quarantine.jsonl", tmp_path / "audit.html"
    status, output = audit(rows_file, "--quarantine", quarantine, "--json", tmp_path / "found.json", "--html", page)
    assert status == 0  # what is quarantined does not change it
    found = json.loads((tmp_path / "found.json").read_text())
    whys = {one["task"]: (one["why"], one["passing"], one["failing"], one["golds"]) for one in found["quarantined"]}
    assert whys == {"permutation": (NEEDS_CHECKER, 2, 1, 3), "wrong": (NO_GOLD_PASSES, 0, 1, 1)}
    [failure] = found["quarantined"][0]["failures"]
    assert (failure["gold"], failure["status"], failure["test"]) == (1, "wrong_answer", 0)
    counted = {"tasks": 2, "run": 6, "passing": 4, "differing": 1, "crashing": 1, "unscored": 0}
    assert found["several_golds"] == counted
    assert [json.loads(line) for line in quarantine.read_text().splitlines()] == found["quarantined"]
    assert "to quarantine: 2 tasks" in output
    for shown in (output, page.read_text()):
        assert NEEDS_CHECKER in shown
        assert NO_GOLD_PASSES in shown

    tasks = open_tasks(str(rows_file), exclude=quarantine)
    assert [task.problem_id for task in tasks] == ["sound"]
    side = split_of(tasks[0])
    env = gym.make("synthetic1/code-v0", tasks=str(rows_file), split=side, exclude=str(quarantine))
    prompt, info = env.reset(seed=0)
    assert [task.problem_id for task in env.unwrapped.tasks] == ["sound"]  # type: ignore[attr-defined]
    assert info["task_id"] == "sound"
    assert not any(text.strip() in f"{prompt} {info}" for text in programs("sound"))
    _, reward, _, _, info = env.step(f"```python\n{programs('sound')[1]}```")
    assert reward == 1.0
    assert not any(text.strip() in str({**info, "answer": ""}) for text in programs("sound"))
    env.close()


@pytest.mark.usefixtures("sandbox_kind")
def test_a_task_that_was_given_a_checker_is_a_task_again(tmp_path: Path) -> None:
    path, quarantine = tmp_path / "tasks.jsonl", tmp_path / "quarantine.jsonl"
    row = own_row("permutation")
    path.write_text(json.dumps(row) + "\n")
    audit(path, "--quarantine", quarantine)
    assert len(quarantine.read_text().splitlines()) == 1
    info = {**json.loads(row["verification_info"]), "checker": {"program": PERMUTATION_CHECKER}}
    path.write_text(json.dumps({**row, "verification_info": json.dumps(info)}) + "\n")
    assert len(open_tasks(str(path), exclude=quarantine)) == 1
    audit(path, "--quarantine", quarantine)
    assert quarantine.read_text() == ""
    assert len(open_tasks(str(path), exclude=quarantine)) == 1
