"""A source is its content: by whatever path, in whatever files; and a run that goes on knows it by that."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic1.evaluation import report as evaluation_report
from synthetic1.evaluation.settings import EvaluationSettings
from synthetic1.jobs.env_settings import EnvSettings
from synthetic1.jobs.opening import many_held_out, open_environment
from synthetic1.jobs.program import ProgramError, validate
from synthetic1.jobs.source_identity import fingerprint, gone, is_stored, read_fingerprint, without_paths
from synthetic1.reports.run_folder import RunFolder
from synthetic1.task import Task, TaskError
from synthetic1.tasks import Concatenation, Mixture, TaskList, open_tasks
from synthetic1.tasks.math import GeneratedMath
from synthetic1.tasks.sources.source import Subset
from synthetic1.trainers.reinforcement import runs
from synthetic1.trainers.reinforcement.settings import GrpoSettings

NAMES = st.lists(st.sampled_from("abcdefg"), min_size=1, max_size=7, unique=True)


def tasks_of(names: Any) -> TaskList:
    return TaskList([Task(name, "verifiable_math", f"? {name}") for name in names])


@given(NAMES, NAMES, st.randoms())
def test_the_same_tasks_have_the_same_fingerprint_and_others_another(
    names: list[str], others: list[str], chance: Any
) -> None:
    shuffled = names[:]
    chance.shuffle(shuffled)
    cut = chance.randrange(len(names) + 1)
    parts = Concatenation([tasks_of(shuffled[:cut]), tasks_of(shuffled[cut:])])
    assert fingerprint(parts) == fingerprint(tasks_of(names))
    assert (fingerprint(tasks_of(names)) == fingerprint(tasks_of(others))) == (set(names) == set(others))
    ordered = [fingerprint(source, ordered=True) for source in (tasks_of(names), tasks_of(others), parts)]
    assert (ordered[0] == ordered[1]) == (names == others)
    assert (ordered[0] == ordered[2]) == (names == shuffled)
    assert gone(tasks_of(names), [task.key for task in tasks_of(others)]) == len(set(others) - set(names))


def test_generated_tasks_are_what_settings_say() -> None:
    generated = GeneratedMath(size=5)
    assert not is_stored(generated)
    assert fingerprint(generated) is None
    assert fingerprint(Subset(generated, [0, 2])) is None
    assert fingerprint(Mixture({generated: 1})) is None
    assert fingerprint(Mixture({generated: 1, tasks_of("ab"): 1})) == fingerprint(
        Mixture({GeneratedMath(size=5): 1, tasks_of("ba"): 1})
    )


@pytest.mark.parametrize(
    ("before", "now", "same"),
    [
        ({"tasks": "a"}, {"tasks": "/b/c"}, True),
        ({"tasks": "a"}, {"tasks": ["a", "b"]}, True),
        ({"tasks": "a"}, {"tasks": None}, False),
        ({"tasks": "a"}, {"tasks": {"a": 1}}, False),
        ({"tasks": {"a": 1, "b": 3}}, {"tasks": {"c": 1, "d": 3}}, True),
        ({"tasks": {"a": 1, "b": 3}}, {"tasks": {"a": 1, "b": 2}}, False),
        ({"tasks": "a", "exclude": "x"}, {"tasks": "a", "exclude": None}, True),
        ({"tasks": "a", "split": "train"}, {"tasks": "a", "split": "all"}, False),
        (
            {"mixture": {"m": {"id": "x", "weight": 1, "tasks": "a"}}},
            {"mixture": {"m": {"id": "x", "weight": 1, "tasks": "b"}}},
            True,
        ),
        ({"mixture": {"m": {"weight": 1, "tasks": "a"}}}, {"mixture": {"m": {"weight": 2, "tasks": "a"}}}, False),
    ],
)
def test_settings_without_their_paths(before: dict[str, Any], now: dict[str, Any], same: bool) -> None:
    kept = json.dumps(before)
    found = [without_paths({"env": env, "seed": 1}) for env in (before, now)]
    assert (found[0] == found[1]) == same
    assert found[0]["seed"] == 1
    assert json.dumps(before) == kept


# Runs that go on ------------------------------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "tasks.jsonl"
    rows = [{"problem_id": f"{i}", "task_type": "verifiable_math", "prompt": f"{i}?"} for i in range(60)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def edited(path: Path) -> None:
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line.replace('?"', ' then?"') for line in lines))


@contextmanager
def evaluation_of(path: Path, folder: Path) -> Iterator[RunFolder]:
    values = {"env": {"id": "synthetic1/math-v0", "tasks": str(path)}, "model": {"name": "m"}, "runs": str(folder)}
    settings = validate(EvaluationSettings, {**values, "run_name": "a"})
    with evaluation_report.open_folder(settings, open_tasks(path, split="test")) as run:
        run.write_config(settings.model_dump(mode="json"))
        (run.path / "completions.jsonl").write_text("{}\n")
        yield run


@contextmanager
def training_on(path: Path, folder: Path) -> Iterator[RunFolder]:
    env = {"id": "synthetic1/math-v0", "tasks": str(path)}
    values = {"env": env, "model": {"name": "m"}, "rollout": {"backend": "transformers"}, "runs": str(folder)}
    settings = validate(GrpoSettings, {**values, "run_name": "a", "resume": True})
    with runs.open_run(settings, runs.folder(settings), open_tasks(path, split="train")) as run:
        yield run


@pytest.mark.parametrize("begun", [evaluation_of, training_on])
def test_a_run_goes_on_by_content_not_by_path(begun: Any, file: Path, tmp_path: Path, capsys: Any) -> None:
    def go_on(path: Path) -> str:
        with begun(path, tmp_path / "runs") as run:
            assert read_fingerprint(run.path) is not None
        return str(capsys.readouterr().out)

    copy = tmp_path / "copy.jsonl"
    shutil.copy(file, copy)
    for path in (file, file, copy, file):
        assert "has changed" not in go_on(path)
    edited(copy)
    with pytest.raises(ProgramError, match=r"with (an)?other (env|settings: env.tasks was)"):
        go_on(copy)
    edited(file)
    assert "has changed since this " in go_on(file)
    assert "has changed" not in go_on(file)


@pytest.mark.parametrize("begun", [evaluation_of, training_on])
def test_a_run_of_an_older_version_goes_on_by_its_path(begun: Any, file: Path, tmp_path: Path) -> None:
    with begun(file, tmp_path / "runs") as run:
        (run.path / "source.json").unlink()
    shutil.copy(file, tmp_path / "copy.jsonl")
    with pytest.raises(ProgramError), begun(tmp_path / "copy.jsonl", tmp_path / "runs"):
        pass
    with begun(file, tmp_path / "runs"):
        pass


# Environments ---------------------------------------------------------------------------------------------------------


def test_how_many_tasks_are_held_out(file: Path) -> None:
    math = {"id": "synthetic1/math-v0", "tasks": str(file)}
    n = len(open_tasks(file, split="test"))
    for env, expected in [
        (EnvSettings.model_validate(math), n),
        (EnvSettings.model_validate({**math, "split": "all"}), 0),
        (EnvSettings.model_validate({"id": "synthetic1/math-v0", "size": 5}), 0),
        (EnvSettings.model_validate({"id": "synthetic1/stem-v0"}), 20),
        (EnvSettings(mixture={"a": {**math, "weight": 1}, "b": {"id": math["id"], "size": 5, "weight": 1}}), n),
    ]:
        assert many_held_out(env, open_environment(env).tasks) == expected
    file.write_text(file.read_text().partition("\n")[0] + "\n")  # one task is held out or not
    env = EnvSettings.model_validate(math)
    try:
        tasks = open_environment(env).tasks
    except TaskError:
        tasks = TaskList([])
    assert many_held_out(env, tasks) + len(tasks) == 1


def test_what_a_program_says_of_bad_rows_is_for_environments_that_say_nothing(file: Path) -> None:
    file.write_text(file.read_text() + "{}\n")
    env: dict[str, Any] = {"id": "synthetic1/math-v0", "tasks": str(file)}
    assert len(open_environment(EnvSettings.model_validate(env), bad_rows="quarantine", split="all").tasks) == 60
    for strict in (EnvSettings.model_validate({**env, "bad_rows": "error"}), EnvSettings.model_validate(env)):
        with pytest.raises(TaskError, match="row 61"):
            open_environment(strict, bad_rows="quarantine" if strict.kwargs.get("bad_rows") else None)


@pytest.mark.parametrize("kind", [EvaluationSettings, GrpoSettings])
def test_training_and_evaluation_take_no_split(kind: Any) -> None:
    with pytest.raises(ProgramError, match="split=all cannot be chosen here: training learns from train"):
        validate(
            kind, {"env": {"id": "x", "split": "all"}, "model": {"name": "m"}, "rollout": {"backend": "transformers"}}
        )
