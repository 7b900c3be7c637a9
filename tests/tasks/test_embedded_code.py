"""The programming problems shipped with the package: rebuilt byte for byte, whole, and firm against their mutants."""

from __future__ import annotations

import json
import random
import shutil
from collections import Counter, defaultdict
from collections.abc import Callable

import pytest

import synthetic1
from synthetic1.completion import Completion
from synthetic1.rewards.extract import find_program
from synthetic1.task import Task
from synthetic1.tasks import open_tasks
from synthetic1.tasks.embedded import code, code_check
from synthetic1.tasks.embedded.code_problem import LANGUAGES, CodeProblem, problems

TASKS = list(open_tasks("embedded:code"))
PROBLEMS = problems()
CHECKED = [problem for problem in PROBLEMS if isinstance(problem.checker, dict)]
SOME = random.Random(3).sample(PROBLEMS, len(PROBLEMS) // 40)


def named(thing: Task | CodeProblem) -> str:
    return thing.slug if isinstance(thing, CodeProblem) else thing.problem_id.removeprefix("code/embedded/")


def toolchains(require: Callable[..., None]) -> None:
    for tool in code_check.TOOLS:
        require(tool, shutil.which(tool), "apt-get install g++ rustc nodejs")


def test_the_file_is_what_its_command_makes() -> None:
    command = "python -m synthetic1.tasks.embedded.code"
    assert code.PATH.read_bytes() == code.content(), f"out of date; run {command}"


def test_each_problem_is_there_in_four_languages() -> None:
    languages = defaultdict(list)
    for task in TASKS:
        family, home, slug, language = task.problem_id.split("/")
        assert (family, home) == ("code", "embedded")
        assert task.verification_info["language"] == task.metadata["language"] == language
        languages[slug].append(language)
    assert len(languages) == len(PROBLEMS) >= 40
    assert all(found == list(LANGUAGES) for found in languages.values())


def test_levels_kinds_and_sizes() -> None:
    levels = Counter(problem.spec["level"] for problem in PROBLEMS)
    assert set(levels) == set(range(1, 11)), "every level, from easy to contest"
    assert max(levels.values()) <= len(PROBLEMS) // 4
    assert sum(problem.function is not None for problem in PROBLEMS) >= 8
    assert len(CHECKED) >= 5
    assert len({problem.spec["title"] for problem in PROBLEMS}) == len(PROBLEMS)
    assert code.PATH.stat().st_size < 6_000_000


@pytest.mark.parametrize("task", TASKS, ids=named)
def test_a_task_is_whole(task: Task) -> None:
    info, meta = task.verification_info, task.metadata
    assert task.task_type == "verifiable_code"
    assert 1 < info["time_limit_s"] <= 5
    assert info["memory_limit_mb"] == 256
    assert 1 <= meta["level"] <= 10
    assert meta["title"]
    assert meta["topics"]
    assert 8 <= len(info["test_cases"]) <= 20
    functions = {test["fn_name"] for test in info["test_cases"]}
    assert len(functions) == 1
    for test in info["test_cases"]:
        assert list(test) == ["type", "fn_name", "input", "output"]
        if test["type"] == "stdin_stdout":
            assert test["fn_name"] is None
            assert isinstance(test["input"], str)
            assert isinstance(test["output"], str)
            assert test["output"].strip()
        else:
            assert test["type"] == "function_call"
            assert isinstance(test["input"], list)
    gold = task.gold_standard_solution
    assert gold is not None
    right, wrong = meta["audit"]["right"], meta["audit"]["wrong"]
    assert len(right) == len(set(right)) == 2
    assert all(gold.rstrip() in completion for completion in right)
    assert len(wrong) == len(set(wrong)) >= 4


@pytest.mark.parametrize("task", TASKS, ids=named)
def test_a_prompt_says_what_is_wanted_and_gives_nothing_away(task: Task) -> None:
    label = LANGUAGES[task.metadata["language"]].fences[0]
    statement, _, wanted = task.prompt.rpartition("\n\n")
    assert LANGUAGES[task.metadata["language"]].name in wanted
    assert f"```{label}" in wanted
    assert not [written.name for written in LANGUAGES.values() if written.name in statement]
    assert 80 <= len(statement.split()) <= 300
    if name := task.verification_info["test_cases"][0]["fn_name"]:
        assert f"{name}(" in wanted
    assert task.gold_standard_solution is not None
    body = task.gold_standard_solution.strip().splitlines()[-3:]
    assert "\n".join(body) not in task.prompt


@pytest.mark.parametrize("task", TASKS, ids=named)
def test_only_the_right_completions_hold_the_gold(task: Task) -> None:
    language = task.metadata["language"]
    names = LANGUAGES[language].fences
    function = task.verification_info["test_cases"][0]["fn_name"]
    functions = [function] if function else []
    gold = task.gold_standard_solution
    assert gold is not None
    for kind, completions in task.metadata["audit"].items():
        for text in completions:
            answer = Completion.parse(text).answer
            found = find_program(answer, language, names, functions=functions) if answer is not None else None
            assert (found is not None and found.content.strip() == gold.strip()) == (kind == "right")


@pytest.mark.parametrize("problem", PROBLEMS, ids=named)
def test_a_problem_has_mutants_in_more_than_one_language(problem: CodeProblem) -> None:
    sources = [source for found in problem.mutants.values() for source in found]
    assert len(set(sources)) == len(sources) >= 3
    assert sum(map(bool, problem.mutants.values())) >= 2


@pytest.mark.parametrize("problem", CHECKED, ids=named)
def test_a_checker_is_firm(problem: CodeProblem) -> None:
    assert list(code_check.checker_faults(problem)) == []


@pytest.mark.integrations
@pytest.mark.parametrize("problem", CHECKED, ids=named)
def test_a_checker_takes_more_than_one_answer(problem: CodeProblem, tmp_path, require: Callable[..., None]) -> None:
    """Else it would be a complicated way to compare tokens: some gold says something else than ``gold.py``."""
    toolchains(require)
    for language in ("javascript", "cpp", "rust"):
        command = code_check.built(problem, language, problem.golds[language], tmp_path / language)
        outputs = [code_check.output(problem, command, index) for index in range(len(problem.cases))]
        if any(got.split() != wanted.split() for got, wanted in zip(outputs, problem.expected, strict=True)):
            return
    pytest.fail("all golds give the same answers")


@pytest.mark.parametrize("problem", SOME, ids=named)
def test_golds_are_right_and_mutants_fail(problem: CodeProblem, require: Callable[..., None]) -> None:
    toolchains(require)
    assert list(code_check.faults(problem)) == []


@pytest.mark.proofs
@pytest.mark.parametrize("problem", PROBLEMS, ids=named)
def test_all_golds_are_right_and_all_mutants_fail(problem: CodeProblem, require: Callable[..., None]) -> None:
    toolchains(require)
    assert list(code_check.faults(problem)) == []


def audit(task: Task, require: Callable[..., None]) -> None:
    for kind, expected in (("right", 1.0), ("wrong", 0.0)):
        for completion in task.metadata["audit"][kind]:
            verdict = synthetic1.score(task, completion)
            infra = verdict.reason == "unscorable_infra"
            require("a sandbox", not infra, f"synthetic1 sandbox build, or apt-get install bubblewrap ({verdict})")
            assert verdict.score == expected, f"{kind}: {completion!r} gave {verdict}"


@pytest.mark.parametrize("task", random.Random(4).sample(TASKS, len(TASKS) // 20), ids=named)
def test_completions_are_judged_rightly(task: Task, require: Callable[..., None]) -> None:
    audit(task, require)


@pytest.mark.proofs
@pytest.mark.parametrize("task", TASKS, ids=named)
def test_all_completions_are_judged_rightly(task: Task, require: Callable[..., None]) -> None:
    audit(task, require)


class Spoilt(CodeProblem):
    """A problem whose golds and mutants are what a test says."""

    def __init__(self, problem: CodeProblem, **values: object) -> None:
        super().__init__(problem.folder)
        vars(self).update(values)


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"mutants": {"python": [], "javascript": [], "rust": [], "cpp": []}}, "fewer than 3 mutants"),
        ({"cases": ["1 5\n1 1\n"], "expected": ["change 4\n"]}, "tests.py has 1 inputs"),
        ({"cases": ["0 5\n"] * 9, "expected": ["change 5\n"] * 9}, "repeats an input"),
        ({"expected": ["change 390\n"] * 13}, "fewer than 3 different outputs"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_faults_are_found(values: dict[str, object], fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code_check, "programs", lambda problem: [])
    (problem,) = (problem for problem in PROBLEMS if problem.slug == "market_bill")
    assert any(fault in found for found in code_check.faults(Spoilt(problem, **values)))


def test_a_wrong_gold_and_a_right_mutant_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    (problem,) = (problem for problem in PROBLEMS if problem.slug == "market_bill")
    gold, mutant = problem.golds["python"], problem.mutants["python"][0]
    swapped = [("python", mutant, True), ("python", gold, False), ("python", gold, True), ("python", mutant, False)]
    monkeypatch.setattr(code_check, "programs", lambda problem: swapped)
    first, second = code_check.faults(problem)
    assert first.startswith("gold in python fails: input ")
    assert second.startswith("mutant in python passes all tests")


def test_rows_are_read_as_they_were_made() -> None:
    lines = code.PATH.read_text("ascii").splitlines()
    assert [Task.from_row(json.loads(line)) for line in lines] == TASKS
