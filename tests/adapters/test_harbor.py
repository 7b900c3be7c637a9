"""Harbor task directories: what is written is read back, is what Harbor itself accepts, and is scored as directly."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace

import adapter_pairs
import pytest
import recorded_runs
from adapter_environments import ROOT, run_script

from synthetic1 import Task, open_tasks, score_many
from synthetic1.adapters.harbor import MOST_BYTES, UNSCORABLE, read_answer, verify
from synthetic1.datagen.export import export
from synthetic1.datagen.exporting import manifest
from synthetic1.datagen.exporting.harbor import folder_name, write_task, write_tasks
from synthetic1.datagen.exporting.settings import ExportSettings
from synthetic1.task import TaskError
from synthetic1.tasks import bad_rows_of

ODD = (
    Task("a", "verifiable_math", "ends with a lone surrogate \ud800 and a DEL \x7f", {"ground_truth": "1"}),
    Task('"q"\\\n', "verifiable_math", "# canary\r\n\n  padded \n", {"ground_truth": "1.0"}, source="é\u2028"),
    Task("Ünï/code", "riddle", "nobody verifies this", metadata={"nested": [1, 1.0, None, {"a": "ß"}]}),
)


@pytest.fixture(scope="module")
def pairs():
    """Those that a file can hold, which tells neither why a completion ended nor how its prompt did."""
    return [replace(pair, finish_reason=None) for pair in adapter_pairs.load(thinking_open=False)]


@pytest.fixture(scope="module")
def written(pairs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("harbor")
    tasks = {task.key: task for task in [*(pair.as_task() for pair in pairs), *ODD]}
    write_tasks(tasks.values(), folder)
    return folder, list(tasks.values())


def content(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# Written and read -----------------------------------------------------------------------------------------------------


def test_what_was_written_is_read_back_equal(written):
    folder, tasks = written
    source = open_tasks(folder)
    assert sorted(task.key for task in source) == sorted(task.key for task in tasks)
    for task in tasks[:3]:
        assert source.get(task.problem_id).key in {one.key for one in tasks if one.problem_id == task.problem_id}
    assert len(source.part("train")) + len(source.part("test")) == len(tasks)
    [alone] = open_tasks(folder / folder_name(tasks[0]))
    assert alone == tasks[0]


def test_the_same_task_gives_the_same_bytes(written, tmp_path):
    folder, tasks = written
    write_task(tasks[0], tmp_path)
    name = folder_name(tasks[0])
    assert content(tmp_path / name) == content(folder / name)


@pytest.fixture
def mixed(written, tmp_path):
    """Three of ours, one of somebody else, and one of ours that was edited."""
    folder, tasks = written
    for task in tasks[:4]:
        shutil.copytree(folder / folder_name(task), tmp_path / folder_name(task))
    (tmp_path / folder_name(tasks[3]) / "instruction.md").write_text("Something else.")
    foreign = tmp_path / "a-hello-world"
    (foreign / "tests").mkdir(parents=True)
    (foreign / "task.toml").write_text('version = "1.0"\n')
    (foreign / "instruction.md").write_text("Create a file.")
    (foreign / "tests/test.sh").write_text("echo 1 > /logs/verifier/reward.txt\n")
    return tmp_path, tasks


def test_tasks_of_others_are_refused_in_one_line(mixed):
    folder, _ = mixed
    with pytest.raises(TaskError, match=r"a-hello-world.*: a Harbor task that needs an agent") as said:
        open_tasks(folder)
    assert "\n" not in str(said.value)


def test_or_they_are_counted_as_bad_rows(mixed):
    folder, tasks = mixed
    source = open_tasks(folder, bad_rows="quarantine")
    assert sorted(task.key for task in source) == sorted(task.key for task in tasks[:3])
    foreign, edited = bad_rows_of(source)
    assert foreign.file.endswith("a-hello-world")
    assert foreign.reason.startswith("a Harbor task that needs an agent")
    assert edited.reason.startswith("instruction.md does not begin with the prompt")


def test_a_folder_of_tasks_of_others_alone_is_one_clear_line(mixed, tmp_path):
    folder, _ = mixed
    with pytest.raises(TaskError, match="run it with Harbor itself"):
        open_tasks(folder / "a-hello-world")
    with pytest.raises(TaskError, match="all 1 rows are bad"):
        open_tasks(folder / "a-hello-world", bad_rows="quarantine")


def test_rows_beside_a_harbor_task_are_what_a_folder_holds(mixed):
    folder, tasks = mixed
    (folder / "rows.jsonl").write_text(json.dumps(tasks[5].to_dict()) + "\n")
    assert list(open_tasks(folder)) == [tasks[5]]


def test_an_export_holds_each_verified_task_once(tmp_path):
    first, second, third = (recorded_runs.task(number) for number in range(3))
    rollouts = {
        first: [("\\boxed{0}", 1.0), ("\\boxed{0} too", 1.0)],
        second: [("\\boxed{9}", 0.0)],
        third: [("x", None)],
    }
    recorded_runs.write_run(tmp_path, "a", rollouts)
    to = tmp_path / "out"
    settings = {"run": "a", "to": str(to), "runs": str(tmp_path), "format": "harbor", "harbor_image": "mine:1"}
    export(ExportSettings(**settings))
    [task] = open_tasks(to)
    assert task == first
    assert (to / folder_name(first) / "environment/Dockerfile").read_text().startswith("FROM mine:1\n")
    assert os.access(to / folder_name(first) / "tests/test.sh", os.X_OK)
    assert manifest.check(to)["counts"]["rows"] == 1
    before = content(to)
    export(ExportSettings(**settings, overwrite=True))
    assert content(to) == before


# Verified -------------------------------------------------------------------------------------------------------------


def test_every_pair_is_scored_as_it_is_directly(written, pairs, sandbox_kind, tmp_path):
    folder, _ = written
    verdicts = score_many((pair.as_task(), pair.as_completion()) for pair in pairs)
    for number, (pair, direct) in enumerate(zip(pairs, verdicts, strict=True)):
        answer, out = tmp_path / f"{number}.md", tmp_path / str(number)
        answer.write_text(pair.text, encoding="utf-8")
        verdict = verify(folder / folder_name(pair.as_task()) / "tests/task.json", answer, out)
        assert (verdict.score, verdict.reason) == (direct.score, direct.reason), pair
        reward = out / "reward.txt"
        assert (float(reward.read_text()) if reward.exists() else None) == direct.score
        assert json.loads((out / "verdict.json").read_text()) == verdict.to_dict()


def test_no_reward_is_left_where_there_is_no_score(written, pairs, tmp_path):
    folder, _ = written
    broken = next(pair for pair in pairs if pair.family == "broken")
    (tmp_path / "reward.txt").write_text("1.0")  # of an earlier run
    (tmp_path / "answer.md").write_text(broken.text)
    task = folder / folder_name(broken.as_task()) / "tests/task.json"
    command = [sys.executable, "-m", "synthetic1.adapters.harbor", task, tmp_path / "answer.md", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == UNSCORABLE
    assert done.stderr.startswith("no reward (unscorable_")
    assert not (tmp_path / "reward.txt").exists()


def test_a_folder_in_the_way_of_the_reward_buys_nothing(tmp_path):
    task = Task("a", "verifiable_math", "1 + 1? \\boxed{}", {"ground_truth": "2"})
    (tmp_path / "task.json").write_text(json.dumps(task.to_row()))
    (tmp_path / "answer.md").write_text("\\boxed{3}")
    (tmp_path / "out/reward.txt/more").mkdir(parents=True)
    (tmp_path / "else").mkdir()
    (tmp_path / "out/verdict.json").symlink_to(tmp_path / "else")
    verify(tmp_path / "task.json", tmp_path / "answer.md", tmp_path / "out")
    assert (tmp_path / "out/reward.txt").read_text() == "0.0\n"
    assert json.loads((tmp_path / "out/verdict.json").read_text())["reason"] == "wrong_answer"
    assert (tmp_path / "else").is_dir()


def test_an_answer_that_is_no_file_of_its_own_is_none(tmp_path):
    (tmp_path / "gold").write_text("\\boxed{84}")
    (tmp_path / "link").symlink_to(tmp_path / "gold")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    assert [read_answer(tmp_path / name) for name in ("nothing", "link", "folder", "pipe")] == [""] * 4
    (tmp_path / "bytes").write_bytes(b"\xff\xfe ok")
    assert read_answer(tmp_path / "bytes").endswith(" ok")
    with (tmp_path / "large").open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    assert len(read_answer(tmp_path / "large")) == MOST_BYTES


# Harbor itself --------------------------------------------------------------------------------------------------------


def test_harbor_takes_them_and_reads_their_rewards(written, pairs, adapter_python):
    folder, tasks = written
    python = adapter_python("harbor")
    gold, wrong, broken = (
        next(p for p in pairs if (p.family, p.kind) == kind)
        for kind in (("math", "gold"), ("code_understanding", "wrong"), ("broken", "no_gold"))
    )
    silent = next(p for p in pairs if p.family == "math" and p.task != gold.task)
    answers = {folder_name(p.as_task()): p.text for p in (gold, wrong, broken)}
    answers[folder_name(silent.as_task())] = None
    told = run_script(python, "tests/support/harbor_folders.py", str(folder), json.dumps(answers))
    assert set(told) == {folder_name(task) for task in tasks}
    for task in tasks:
        seen = told[folder_name(task)]
        assert seen["valid"]
        assert seen["own_container"]
        assert (seen["key"], seen["image_from"], seen["artifacts"]) == (task.key, "environment", ["/app/answer.md"])
        assert "`/app/answer.md`" in seen["instruction"]
        assert task.gold_standard_solution is None or seen["solution"] or task.task_type == "riddle"
    verified = [told[folder_name(p.as_task())]["verified"] for p in (gold, wrong, silent, broken)]
    assert verified[:3] == [
        {"reward": 1.0, "reason": "correct"},
        {"reward": 0.0, "reason": "wrong_answer"},
        {"reward": 0.0, "reason": "no_answer"},
    ]
    assert verified[3]["error"] == "RewardFileNotFoundError"
    assert "no reward (unscorable_gold)" in verified[3]["said"]


def test_the_example_runs(tmp_path):
    told = run_script(sys.executable, ROOT / "docs/adapters/examples/harbor_tasks.py", str(tmp_path))
    assert told == {"tasks": 20, "reward": "1.0\n", "reason": "correct"}
