"""Curation on a Ray cluster of several raylets: the same bytes as here, whoever is killed."""

from __future__ import annotations

import hashlib
import json
import random
import signal
import subprocess
import sys
import threading
import time
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest
import waiting_parts
from code_problems import MadeProblem, apps_row
from raylets import ray_installed, raylets  # noqa: F401

from synthetic1.datagen.curation import pipeline, sifting
from synthetic1.datagen.curation.executors import ray_nodes
from synthetic1.datagen.curation.settings import CurateSettings
from synthetic1.jobs.program import ProgramError, refuse_idle, validate
from synthetic1.scale.errors import ClusterError

SUPPORT = Path(waiting_parts.__file__).parent
RAY = {"executor": "ray"}
CURATE = """
import json, sys
from synthetic1.datagen.curation import pipeline, sifting
from synthetic1.datagen.curation.settings import CurateSettings
from synthetic1.jobs.program import validate

sifting.DRAFTS_A_FILE = 8
pipeline.curate(validate(CurateSettings, json.loads(sys.argv[1])))
"""


def problem(number: int) -> str:
    return f"What is the sum of {number} and {number + 7} in the ring of integers, please? It is part {number} of many."


@pytest.fixture(autouse=True)
def small_files(monkeypatch):
    """So that there are several parts."""
    monkeypatch.setattr(sifting, "DRAFTS_A_FILE", 8)


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """Rows with duplicates and a benchmark's problems, the benchmark, and what this machine alone makes of them."""
    folder = tmp_path_factory.mktemp("given")
    rows = [{"problem": problem(n), "answer": str(2 * n + 7)} for n in (*range(10, 60), *range(12, 20))]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "benchmark.jsonl").write_text("".join(json.dumps({"question": problem(n)}) + "\n" for n in (30, 31)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sifting, "DRAFTS_A_FILE", 8)
        assert curate(given=folder, folder=folder, workers=1)["dropped"] == {"benchmark": 2, "duplicate": 8}
    return folder


def said(given: Path, folder: Path, **more):
    places = {"input": [str(given / "rows.jsonl")], "output": str(folder / "out"), "runs": str(folder / "runs")}
    benchmarks = {"benchmarks": [str(given / "benchmark.jsonl")]}
    return {"recipe_name": "math", "run_name": "set", "decontaminate": benchmarks, **places, **more}


def curate(given: Path, folder: Path, **more):
    assert not pipeline.curate(validate(CurateSettings, said(given, folder, **more)))
    return json.loads((folder / "out" / "funnel.json").read_text())


def digest(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def until(happens, process=None):
    """Wait for it, a minute at most."""
    for _ in range(6_000):
        if happens():
            return
        assert process is None or process.poll() is None, process.communicate()
        time.sleep(0.01)
    raise AssertionError("it did not happen")


def done_in(folder: Path) -> dict[Path, int]:
    """Parts that are done, and when they were."""
    found = sorted(folder.glob("runs/curate/set/sifting/*/*/logs/*/completions/*"))
    return {path: path.stat().st_mtime_ns for path in found}


# The whole program ---------------------------------------------------------------------------------------------------


def test_one_node_gives_the_same_bytes(raylets, given, tmp_path):  # noqa: F811
    curate(given, tmp_path, sift=RAY, engine="ray", ray=raylets.section.model_dump())
    assert digest(tmp_path / "out") == digest(given / "out")
    assert not (tmp_path / "runs" / "curate" / "set" / "sifting").exists()


@pytest.fixture(scope="module")
def second(raylets):  # noqa: F811
    """A node beside the first one, for as long as the tests of this file ask for it."""
    return raylets.add()


@pytest.mark.parametrize("seed", range(2))
def test_three_nodes_of_which_one_is_killed_give_the_same_bytes(raylets, second, given, tmp_path, seed):  # noqa: F811
    """At the end of a part, any one of them: 8 of contamination, 8 of signatures, 20 of buckets."""
    node, at = raylets.add(), random.Random(f"kill {seed}").randrange(1, 36)
    killed = []

    def kill() -> None:
        until(lambda: len(done_in(tmp_path)) >= at)
        raylets.kill(node)
        killed.append(at)

    killer = threading.Thread(target=kill)
    killer.start()
    curate(given, tmp_path, sift=RAY, ray=raylets.section.model_dump())
    killer.join()
    assert killed
    assert digest(tmp_path / "out") == digest(given / "out")


def test_the_same_command_goes_on_after_kill_9_and_does_no_part_again(raylets, given, tmp_path, monkeypatch):  # noqa: F811
    settings = said(given, tmp_path, sift=RAY, ray=raylets.section.model_dump())
    with subprocess.Popen([sys.executable, "-c", CURATE, json.dumps(settings)], stdout=subprocess.DEVNULL) as first:
        until(lambda: len(done_in(tmp_path)) >= 12, first)
        first.kill()
    before = done_in(tmp_path)
    monkeypatch.setattr(pipeline, "shutil", SimpleNamespace(rmtree=lambda *_, **__: None))  # to be looked at
    curate(given, tmp_path, sift=RAY, ray=raylets.section.model_dump())
    after = done_in(tmp_path)
    assert len(before) < len(after) == 8 + 8 + 20 + 1
    assert {path: after[path] for path in before} == before
    assert digest(tmp_path / "out") == digest(given / "out")


def test_programs_of_a_code_recipe_run_on_nodes_to_the_same_tasks(raylets, sandbox_kind, tmp_path):  # noqa: F811
    made = [MadeProblem(number) for number in range(4)]
    wrong = [("1\n1\n", "no\n"), *made[3].tests[1:]]
    rows = [apps_row(n, one.statement(), one.tests, one.programs) for n, one in enumerate(made)]
    rows.append(apps_row(4, made[3].statement().replace("tram", "train"), wrong, made[3].programs))
    (tmp_path / "apps.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = []
    for engine in ("local", "ray"):
        folder = tmp_path / engine
        places = {"input": [str(tmp_path / "apps.jsonl")], "output": str(folder / "out"), "runs": str(folder)}
        settings = {"recipe_name": "code", "run_name": "set", "engine": engine, "deduplicate": False, **places}
        if engine == "ray":
            settings["ray"] = raylets.section.model_dump()
        assert not pipeline.curate(validate(CurateSettings, settings))
        found.append(digest(folder / "out"))
    assert found[0] == found[1]
    funnel = json.loads((tmp_path / "ray" / "out" / "funnel.json").read_text())
    assert 0 < funnel["kept"] < len(rows)


# Parts ---------------------------------------------------------------------------------------------------------------


def whole(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in (folder / "out").glob("*")}


WHOLE = {f"{rank}.txt": f"half, whole {rank}" for rank in range(waiting_parts.PARTS)}


def at_work(folder: Path) -> list[int]:
    """The processes of all parts that were begun."""
    return [int(text) for path in folder.glob("at_work/*") if (text := path.read_text())]


def test_parts_of_a_node_that_dies_are_begun_elsewhere_and_files_are_whole(raylets, second, tmp_path, capfd):  # noqa: F811
    node = raylets.add(cpus=2)
    seen = []

    def kill() -> None:
        until(lambda: len(at_work(tmp_path)) == 4)
        seen.append(whole(tmp_path))
        raylets.kill(node)
        until(lambda: raylets.count() == 2)
        (tmp_path / "go").touch()

    killer = threading.Thread(target=kill)
    killer.start()
    waiting_parts.run(tmp_path, raylets.section)
    killer.join()
    assert seen == [{}]
    assert whole(tmp_path) == WHOLE
    assert len(at_work(tmp_path)) == waiting_parts.PARTS + 2
    assert "is lost; its parts are begun elsewhere" in capfd.readouterr().out
    assert not (tmp_path / "parts" / ray_nodes.ATTEMPTS).exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_no_part_outlives_its_driver(raylets, tmp_path, number):  # noqa: F811
    command = [sys.executable, str(SUPPORT / "waiting_parts.py"), str(tmp_path), raylets.section.address]
    with subprocess.Popen(command) as driver:
        until(lambda: at_work(tmp_path), driver)
        driver.send_signal(number)
    assert driver.returncode == (130 if number == signal.SIGINT else -number)
    processes = at_work(tmp_path)
    assert processes
    until(lambda: not any(Path(f"/proc/{process}").exists() for process in processes))
    (tmp_path / "go").touch()
    assert not whole(tmp_path)


@pytest.mark.parametrize(
    ("fails", "why"),
    [
        (
            "raises",
            r"part 1 of parts failed on node \S+: ValueError: this part does not like its number; see .*00001.log",
        ),
        ("exits", r"part 1 of parts: its process ended 2 times, on nodes of Ray that went on .the last time: it died"),
    ],
)
def test_a_part_that_fails_is_one_line(raylets, tmp_path, monkeypatch, fails, why):  # noqa: F811
    monkeypatch.setattr(ray_nodes, "SETTLE_S", 0.1)
    monkeypatch.setattr(ray_nodes, "PAUSES_S", (0.01,))
    (tmp_path / "go").touch()
    with pytest.raises(ProgramError, match=why):
        waiting_parts.run(tmp_path, raylets.section.model_copy(update={"max_deaths": 2}), fails)
    if fails == "raises":
        waiting_parts.run(tmp_path, raylets.section)
        assert whole(tmp_path) == WHOLE


# What can be wrong ---------------------------------------------------------------------------------------------------


def test_a_node_that_does_not_see_the_folder_is_named(raylets, given, tmp_path, monkeypatch):  # noqa: F811
    """``/proc/self/cwd`` is another folder in every process."""
    monkeypatch.setattr(ray_nodes, "SEEN_S", 0.2)
    monkeypatch.chdir(tmp_path)
    more = {"sift": RAY, "ray": raylets.section.model_dump(), "runs": "/proc/self/cwd/runs"}
    with pytest.raises(ClusterError, match=r"node \S+ of the Ray cluster does not see /proc/self/cwd/runs/\S+: runs="):
        curate(given, tmp_path, **more)


def test_a_node_with_other_versions_is_named(raylets, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.setattr(metadata, "version", lambda name: "0")  # in this process
    with pytest.raises(ClusterError, match=r"node \S+ of the Ray cluster has Python .*; install the same"):
        waiting_parts.run(tmp_path, raylets.section)
    assert not at_work(tmp_path)


def test_without_a_node_the_run_waits_and_ends(raylets, tmp_path, monkeypatch, capsys):  # noqa: F811
    """As if the nodes were gone of which Ray has parts."""
    monkeypatch.setattr(ray_nodes, "_nodes_there", dict)
    monkeypatch.setattr(ray_nodes, "SAY_AFTER_S", 0.5)
    with pytest.raises(ClusterError, match=r"no node of the Ray cluster had a CPU for 2 s \(ray\.wait_s\)"):
        waiting_parts.run(tmp_path, raylets.section.model_copy(update={"wait_s": 2.0}))
    assert capsys.readouterr().out.count("no node of the Ray cluster has a CPU now; waiting up to 2 s") == 1


def test_without_a_cluster_nothing_begins(ray_installed, given, tmp_path):  # noqa: F811
    for more in ({"sift": RAY}, {"engine": "ray"}):
        with pytest.raises(ClusterError, match=r"ray\.address=127\.0\.0\.1:1: there is no Ray cluster"):
            curate(given, tmp_path, ray={"address": "127.0.0.1:1"}, **more)
    assert not (tmp_path / "runs" / "curate" / "set" / "drafts").exists()


@pytest.mark.parametrize(
    ("more", "name", "why"),
    [
        ({}, "ray.wait_s", "with engine=local; choose engine=ray, or sift.executor=ray"),
        ({"sift": RAY}, "ray.cores", "with engine=local; choose engine=ray"),
        ({"sift": {"slurm": {"time": "1"}}}, "sift.slurm.time", "with sift.executor=local; choose sift.executor=slurm"),
        ({"sift": RAY}, "ray.wait_s", None),
        ({"engine": "ray"}, "ray.cores", None),
    ],
)
def test_settings_that_do_nothing_are_refused(given, tmp_path, more, name, why):
    settings = validate(CurateSettings, said(given, tmp_path, **{"ray": {"wait_s": 5, "cores": 3}, **more}))
    if why is None:
        refuse_idle(settings, {name})
    else:
        with pytest.raises(ProgramError, match=f"{name} does nothing {why}"):
            refuse_idle(settings, {name})
