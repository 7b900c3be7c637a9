"""What a user may write for "these tasks", and what is said when there are none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from synthetic1.task import Task, TaskError
from synthetic1.tasks import Concatenation, DatasetTasks, JsonlTasks, Mixture, TaskList, open_tasks
from synthetic1.tasks.sources import files, hub


@pytest.fixture
def folder(row: Callable[..., Any], write: Callable[..., Path], tmp_path: Path) -> Path:
    write([row(i) for i in range(30)], "a.jsonl")
    write([row(i) for i in range(30, 50)], "b.ndjson")
    return tmp_path


def test_paths_globs_folders_and_lists(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    (folder / "a[1].jsonl").write_bytes((folder / "b.ndjson").read_bytes())
    for spec, ids in [
        ("a.jsonl", range(30)),
        (folder / "a.jsonl", range(30)),
        ("a[1].jsonl", range(30, 50)),  # a file of that name goes before the pattern
        ("?.*", range(50)),
        (str(folder / "**" / "b.*"), range(30, 50)),
        (["b.ndjson", "a.jsonl"], [*range(30, 50), *range(30)]),
        (["b.ndjson", TaskList([Task("p7", "t", "?")])], [*range(30, 50), 7]),
    ]:
        assert [task.problem_id for task in open_tasks(spec)] == [f"p{i}" for i in ids], spec
    (folder / "a[1].jsonl").unlink()
    source = open_tasks(".")
    assert isinstance(source, Concatenation)
    assert [part.name for part in source.sources] == ["a.jsonl", "b.ndjson"]
    assert source.get("p42").prompt == "What is 42?"


def test_a_home_folder_is_expanded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder))
    assert len(open_tasks("~/a.jsonl")) == 30
    assert len(open_tasks("~/*.jsonl")) == 30


def test_rows_sources_and_mixtures(folder: Path, row: Callable[..., Any]) -> None:
    source = open_tasks([row(1), row(2)])
    assert open_tasks(source) is source
    mixture = open_tasks({str(folder / "a.jsonl"): 1, source: 3})
    assert isinstance(mixture, Mixture)
    assert mixture.weights == (0.25, 0.75)
    assert mixture.name == f"1 * {folder}/a.jsonl + 3 * rows in memory"


def test_a_split_of_a_spec(folder: Path) -> None:
    train, test = (open_tasks(str(folder / "*.*"), split=side) for side in ("train", "test"))
    assert len(train) + len(test) == 50
    assert train.name == f"{folder}/*.*[train]"
    part = open_tasks({str(folder / "a.jsonl"): 1}, split="train")
    assert isinstance(part, Mixture)
    assert {task.key for task in part} < {task.key for task in train}


def test_embedded_tasks(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "b.ndjson").rename(folder / "stem.jsonl")
    monkeypatch.setattr(files.resources, "files", lambda package: folder)
    source = open_tasks("embedded:stem", split="train")
    assert source.name == "embedded:stem[train]"
    with pytest.raises(TaskError, match="no tasks are embedded for `maths`; there are: a, stem"):
        open_tasks("embedded:maths")
    monkeypatch.undo()
    with pytest.raises(TaskError, match="no tasks are embedded for `no_such_family`; there are: "):
        open_tasks("embedded:no_such_family")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("absent.jsonl", "there is no `absent.jsonl`; tasks are read from .jsonl, .json "),
        ("x/*.jsonl", r"no file matches `x/\*.jsonl`"),
        ("notes.txt", r"notes.txt: tasks are not read from `.txt`, but from .jsonl"),
        ("notes", "notes: tasks are not read from `a file without suffix`, but from .jsonl"),
        ("empty", "the folder empty holds nothing that tasks are read from: .jsonl"),
        ("empty.jsonl", "empty.jsonl holds no rows"),
        ("saved", "saved is a saved dataset with several splits: name one of test, train inside it"),
        ([], "rows in memory holds no tasks"),
        ({}, "a mixture needs at least one source"),
        ({"absent.jsonl": 1}, "there is no `absent.jsonl`"),
        ("hf://owner/name", "is not a dataset of the hub: write hf://datasets/OWNER/NAME"),
        ("hf://datasets/name", "is not a dataset of the hub"),
        ("hf://datasets/owner/name:a:b", "is not a dataset of the hub"),
    ],
)
def test_a_spec_without_tasks_is_one_clear_line(
    spec: Any, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("notes.txt").write_text("hello")
    Path("notes").write_text("hello")
    Path("empty").mkdir()
    Path("empty.jsonl").touch()
    for side in ("train", "test"):
        Path("saved", side).mkdir(parents=True)
    Path("saved", "dataset_dict.json").write_text("{}")
    with pytest.raises(TaskError, match=message) as error:
        open_tasks(spec)
    assert "\n" not in str(error.value)


def test_wrong_arguments(folder: Path) -> None:
    with pytest.raises(ValueError, match="split must be `train` or `test`, got 'validation'"):
        open_tasks("not even looked at", split="validation")
    with pytest.raises(TypeError, match=r"tasks are named by .*; got int"):
        open_tasks(3)  # type: ignore[arg-type]
    with pytest.raises(TaskError, match="the test part of rows in memory is empty: it has 1 tasks, too few to split"):
        open_tasks([Task("0", "t", "? 0")], split="test")


def test_an_unreadable_file(folder: Path) -> None:
    (folder / "loop.jsonl").symlink_to("loop.jsonl")
    with pytest.raises(TaskError, match=r"loop.jsonl"):
        JsonlTasks(folder / "loop.jsonl")


def test_a_saved_dataset(row: Callable[..., Any], tmp_path: Path) -> None:
    import datasets

    dataset = datasets.Dataset.from_list([row(i, score=1.0) for i in range(40)])
    dataset.filter(lambda r: r["problem_id"] != "p3").save_to_disk(str(tmp_path / "saved"))
    source = open_tasks(tmp_path / "saved")
    assert isinstance(source, DatasetTasks)
    assert source.get("p4") == source[3]
    with pytest.raises(KeyError):
        source.get("p3")
    bad = DatasetTasks(datasets.Dataset.from_list([row(1), row(2, prompt=None)]), name="bad")
    with pytest.raises(TaskError, match="bad, row 2: field `prompt` is missing"):
        bad[1]
    (tmp_path / "saved" / "state.json").write_text("{}")
    with pytest.raises(TaskError, match="saved cannot be loaded by `datasets`: "):
        open_tasks(tmp_path / "saved")


@pytest.mark.parametrize(
    ("spec", "name", "config", "revision", "split"),
    [
        ("hf://datasets/owner/name", "owner/name", None, None, "train"),
        ("hf://datasets/o-w.n_er/na.me@v1.0:test", "o-w.n_er/na.me", None, "v1.0", "test"),
        ("hf://datasets/owner/name@refs/pr/3", "owner/name", None, "refs/pr/3", "train"),
        ("hf://datasets/owner/name/main:train[:10%]", "owner/name", "main", None, "train[:10%]"),
        ("hf://datasets/owner/name/main@abc:test", "owner/name", "main", "abc", "test"),
    ],
)
def test_a_hub_spec_names_dataset_config_revision_and_split(
    spec: str, name: str, config: Any, revision: Any, split: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import datasets

    load = datasets.load_dataset
    asked = []

    def local(*args: Any, **kwargs: Any) -> Any:
        asked.append((args, kwargs))
        return load("json", data_files=str(folder / "a.jsonl"), split="train", cache_dir=str(folder / "arrow"))

    monkeypatch.setattr(datasets, "load_dataset", local)
    source = open_tasks(spec)
    assert asked == [((name, config), {"split": split, "revision": revision})]
    assert source.name == spec
    assert source.get("p29") == source[29] == open_tasks(folder / "a.jsonl")[29]


def test_offline_is_one_line() -> None:
    program = "from synthetic1.tasks import open_tasks; open_tasks('hf://datasets/owner/name')"
    done = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, "HF_HUB_OFFLINE": "1"}, capture_output=True, text=True
    )
    message = done.stderr.splitlines()[-1]
    assert message.startswith("synthetic1.task.TaskError: hf://datasets/owner/name cannot be loaded: ")
    assert message.endswith(". Check name, split and network")


def test_without_datasets_the_way_to_get_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(
        TaskError, match=r"the package `datasets` is not installed; run: pip install 'synthetic1\[data\]'"
    ):
        hub.open_hub("hf://datasets/owner/name")


def test_heavy_packages_wait_until_they_are_needed(folder: Path) -> None:
    program = (
        "import json, sys; from synthetic1.tasks import open_tasks; len(open_tasks(sys.argv[1]));"
        "print(json.dumps([m for m in ('pyarrow', 'datasets', 'torch', 'pandas') if m in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", program, str(folder / "a.jsonl")], capture_output=True, text=True)
    assert json.loads(done.stdout) == []
