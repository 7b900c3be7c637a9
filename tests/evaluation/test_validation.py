"""`synthetic1 validate`: every gold is scored, every fault has a line, the exit status says whether there was one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import ClassVar

import gymnasium as gym
import pytest
from typer.testing import CliRunner

from synthetic1 import Scorer, Verdict, Verifier, register
from synthetic1.cli import app
from synthetic1.envs.base import TextEnv
from synthetic1.rewards import registry
from synthetic1.tasks import TaskList


def row(problem_id, task_type="verifiable_math", solution=None, **info):
    return {
        "problem_id": problem_id,
        "task_type": task_type,
        "prompt": "p",
        "verification_info": info,
        "gold_standard_solution": solution,
    }


def program(problem_id, source):
    test = {"type": "stdin_stdout", "input": "2", "output": "4"}
    return row(problem_id, "verifiable_code", source, language="python", test_cases=[test])


GOOD = [
    row("half", ground_truth=r"\frac{1}{2}"),
    row("text", "code_output_prediction", ground_truth="abc"),
    row("gravity", "stem", "Gravity."),
    row("edit", "swe", "b", before="a", path="x.py"),
]
SIMILAR = "llm_judgeable_groundtruth_similarity"
FAULTS = {
    "a verifier that takes no gold": (row("t", "picky", "a"), "failing", "wrong_answer"),
    "a verifier that cannot write it": (row("t", "picky"), "unscorable", "unscorable_infra"),
    "an answer of another type": (row("t", ground_truth=["1"]), "unscorable", "unscorable_gold"),
    "a change of nothing": (row("t", "swe", "a", before="a"), "unscorable", "unscorable_gold"),
    "a task type that nobody verifies": (row("t", "poetry", "a"), "unscorable", "unscorable_task"),
    "no judge here": (row("t", SIMILAR, "It falls because gravity pulls it."), "unscorable", "unscorable_judge"),
    "tests that are none": (row("t", "verifiable_code", "1", language="python"), "unscorable", "unscorable_task"),
}


@dataclass(frozen=True)
class Picky(Verifier):
    """A verifier of another package that accepts nothing, and fails where there is no gold."""

    version: ClassVar[int] = 1

    async def verify(self, task, completion):
        return Verdict(0.0, "wrong_answer", completion.answer, {"why": "not good enough"})

    def gold_completion(self, task):
        return task.gold_standard_solution.upper()


@pytest.fixture(autouse=True)
def _picky_is_registered():
    register("picky")(Picky)
    yield
    del registry._classes["picky"]


@pytest.fixture
def validate():
    """Run the command line; gives (exit status, standard output, standard error)."""

    def run(*arguments):
        done = CliRunner().invoke(app, ["validate", *map(str, arguments)])
        return done.exit_code, done.stdout, done.stderr

    return run


@pytest.fixture
def file_of(tmp_path):
    """Write rows, or lines as they are, to a file."""

    def write(rows, name="tasks.jsonl"):
        path = tmp_path / name
        path.write_text("".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in rows))
        return path

    return write


def counts(output, source):
    """The numbers behind a source in the table."""
    line = next(line for line in output.splitlines() if line.startswith(str(source)))
    return [int(number.replace(",", "")) for number in line.removeprefix(str(source)).split()]


def test_a_good_file(validate, file_of):
    path = file_of(GOOD)
    status, output, _ = validate(path)
    assert (status, counts(output, path)) == (0, [4, 4, 0, 0, 0])
    assert len(output.splitlines()) == 2


def test_embedded_mathematics(validate):
    status, output, _ = validate("embedded:math")
    tasks, correct, *others = counts(output, "embedded:math")
    assert (status, correct, others) == (0, tasks, [0, 0, 0])


def test_both_parts_of_a_family_and_of_an_id(validate):
    status, output, _ = validate("math", "synthetic1/swe-v0", "--limit", 5)
    assert status == 0
    for source in ("synthetic1/math-v0 train", "synthetic1/math-v0 test", "synthetic1/swe-v0 train"):
        assert counts(output, source) == [5, 5, 0, 0, 0]


def test_without_arguments_all_families(validate, sandbox_kind):
    status, output, _ = validate("--limit", 1)
    assert status == 0
    assert len(output.splitlines()) == 1 + 2 * 5


@pytest.mark.parametrize(("fault", "kind", "reason"), FAULTS.values(), ids=FAULTS)
def test_a_wrong_gold_has_a_line(validate, file_of, tmp_path, fault, kind, reason):
    path, kept = file_of([*GOOD, fault]), tmp_path / "found.json"
    status, output, _ = validate(path, "--json", kept)
    assert (status, counts(output, path)) == (1, [5, 4, 0, int(kind == "failing"), int(kind == "unscorable")])
    found = json.loads(kept.read_text())
    [source] = found["sources"]
    [said] = source[kind]
    assert (found["accepted"], source["accepted"]) == (False, False)
    assert (said["task"], said["reason"]) == ("t", reason)
    assert output.splitlines()[-1] == f"  t  {reason}: {said['why']}"
    assert said["why"]


def test_programs_run(validate, file_of, sandbox_kind):
    path = file_of([program("right", "print(int(input()) ** 2)"), program("wrong", "print(int(input()) + 1)")])
    status, output, _ = validate(path)
    assert (status, counts(output, path)) == (1, [2, 1, 0, 1, 0])
    assert output.splitlines()[-1].startswith("  wrong  wrong_answer: test 0: ")


def test_a_task_without_gold_is_no_fault(validate, file_of):
    path = file_of([*GOOD, program("unsolved", None)])
    status, output, _ = validate(path)
    assert (status, counts(output, path)) == (0, [5, 4, 1, 0, 0])


def test_without_any_gold_nothing_was_checked(validate, file_of, tmp_path):
    kept = tmp_path / "found.json"
    path = file_of([program("unsolved", None), program("another", None)])
    status, output, error = validate(path, "--json", kept)
    assert (status, counts(output, path)) == (2, [2, 0, 2, 0, 0])
    assert error == "error: nothing was checked: none of the 2 tasks has a gold; give tasks with one\n"
    assert json.loads(kept.read_text())["accepted"] is False


def test_a_fault_without_any_gold_is_a_fault(validate, file_of):
    path = file_of([program("unsolved", None), "{", program("another", None)])
    status, output, _ = validate(path)
    assert (status, counts(output, path)) == (1, [3, 0, 2, 1, 0])


def test_each_bad_row_is_named(validate, file_of):
    path = file_of([*GOOD, "{", {**row("t"), "prompt": 3}])
    status, output, _ = validate(path)
    assert (status, counts(output, path)) == (1, [6, 4, 0, 2, 0])
    broken, mistyped = output.splitlines()[-2:]
    assert broken.startswith(f"  no_task: {path}, row 5: no JSON")
    assert mistyped.startswith(f"  no_task: {path}, row 6: field `prompt`")


def test_many_faults_fill_no_screen(validate, file_of, tmp_path):
    path, kept = file_of([row(str(number), "picky", "a") for number in range(30)]), tmp_path / "found.json"
    status, output, _ = validate(path, "--json", kept)
    assert status == 1
    assert len(output.splitlines()) == 2 + 2 + 10 + 1
    assert output.splitlines()[-1] == "  … and 20 more; --json FILE keeps them all"
    assert len(json.loads(kept.read_text())["sources"][0]["failing"]) == 30


def test_a_limit_is_spread_evenly(validate, file_of):
    path = file_of([row(str(number), "picky", "a") for number in range(100)])
    _, output, _ = validate(path, "--limit", 4)
    assert [line.split()[0] for line in output.splitlines()[4:]] == ["0", "25", "50", "75"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing-of-ours"], "there is no `nothing-of-ours`"),
        (["synthetic1/math-v9"], "there is no `synthetic1/math-v9`"),
        (["CartPole-v1"], "`CartPole-v1` holds no `tasks`"),
        (["embedded:poetry"], "no tasks are embedded for `poetry`"),
        (["embedded:math", "--limit", 0], "--limit must be at least 1, got 0"),
        (["embedded:math", "--json", "/nowhere/found.json"], "--json must name a file in an existing folder"),
    ],
)
def test_a_usage_error_is_one_line(validate, arguments, said):
    status, output, error = validate(*arguments)
    assert (status, output) == (2, "")
    assert error.startswith(f"error: {said}")
    assert error.count("\n") == 1


class Toy(TextEnv):
    """An environment of another package, without parts."""

    def __init__(self):
        super().__init__(TaskList.from_rows(GOOD), Scorer())


def test_environments_of_other_packages(validate, monkeypatch):
    monkeypatch.setattr(gym.envs.registration, "registry", dict(gym.registry))
    monkeypatch.setattr(gym, "registry", gym.envs.registration.registry)
    gym.register("elsewhere/toy-v0", entry_point=Toy)
    status, output, _ = validate("elsewhere/toy-v0")
    assert (status, counts(output, "elsewhere/toy-v0")) == (0, [4, 4, 0, 0, 0])


def test_help_teaches(validate):
    status, output, _ = validate("--help")
    assert status == 0
    for taught in ("must score 1", "Exit status", "synthetic1/math-v0", "--limit", "For example"):
        assert taught in output
