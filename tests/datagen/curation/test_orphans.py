"""A run whose process is killed while datatrove's processes are at work: they outlive it, and write beside nobody."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from pathlib import Path

from synthetic1.datagen.curation import pipeline
from synthetic1.datagen.curation.settings import CurateSettings
from synthetic1.jobs.program import validate

PARTS = """
import sys, time
from pathlib import Path
from datatrove.pipeline.base import PipelineStep
from synthetic1.datagen.curation.executors.local_processes import LocalProcesses

class Part(PipelineStep):
    name, type = "part", "test"

    def __init__(self, folder):
        super().__init__()
        self.folder = folder

    def run(self, data, rank=0, world_size=1):
        busy = Path(self.folder, f"{rank}.busy")
        try:
            busy.touch(exist_ok=False)
        except FileExistsError:
            Path(self.folder, f"{rank}.collision").touch()
        for _ in range(3000):
            if Path(self.folder, "go").exists() or any(Path(self.folder).glob("*.collision")):
                break
            time.sleep(0.01)
        busy.unlink(missing_ok=True)
        with open(Path(self.folder, f"{rank}.done"), "a") as file:
            file.write("x")

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    LocalProcesses(2).run([Part(str(folder))], folder / "logs", parts=6)
    print("finished", flush=True)
"""
ENDED = """
import os, signal, sys
from pathlib import Path
from datatrove.pipeline.base import PipelineStep
from synthetic1.datagen.curation.executors.local_processes import LocalProcesses

class Part(PipelineStep):
    def __init__(self, folder):
        super().__init__()
        self.folder = folder

    def run(self, data, rank=0, world_size=1):
        if rank == 3 and not Path(self.folder, "again").exists():
            os.kill(os.getpid(), signal.SIGKILL)
        with open(Path(self.folder, f"{rank}.done"), "a") as file:
            file.write("x")

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    LocalProcesses(2).run([Part(str(folder))], folder / "logs", parts=6)
"""
CURATE = """
import json, sys
from synthetic1.datagen.curation import pipeline, sifting
from synthetic1.datagen.curation.settings import CurateSettings
from synthetic1.jobs.program import validate

if __name__ == "__main__":
    sifting.DRAFTS_A_FILE = 40
    pipeline.curate(validate(CurateSettings, json.loads(sys.argv[1])))
"""


def content(path):
    try:
        return path.read_bytes()
    except OSError:  # it has ended
        return b""


def until(happens, process):
    """Wait for it, a minute at most."""
    for _ in range(6_000):
        if happens():
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    raise AssertionError("it did not happen")


def test_a_restart_waits_for_processes_of_a_killed_one_and_no_part_is_done_twice(tmp_path):
    script = tmp_path / "parts.py"
    script.write_text(PARTS)
    command = [sys.executable, str(script), str(tmp_path)]
    with subprocess.Popen(command) as first:
        until(lambda: len(list(tmp_path.glob("*.busy"))) == 2, first)
        first.kill()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as second:
        line = second.stdout.readline()
        (tmp_path / "go").touch()
        assert line == "logs: processes of an earlier start end the parts that they are at\n"
        assert second.stdout.read() == "finished\n"
    assert {path.name: path.read_text() for path in tmp_path.glob("*.done")} == {f"{n}.done": "x" for n in range(6)}
    assert not list(tmp_path.glob("*.collision"))
    for _ in range(1_000):  # ten seconds to end in
        if not any(str(script).encode() in content(path) for path in Path("/proc").glob("[0-9]*/cmdline")):
            return
        time.sleep(0.01)
    raise AssertionError("a process of the killed one is there yet")


def test_a_process_that_the_system_ends_ends_the_run_and_the_next_one_does_what_is_left(tmp_path):
    script = tmp_path / "ended.py"
    script.write_text(ENDED)
    command = [sys.executable, str(script), str(tmp_path)]
    first = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert first.returncode != 0
    assert "logs: a process was ended by the system, most likely for memory" in first.stderr
    (tmp_path / "again").touch()
    subprocess.run(command, check=True, timeout=120)
    done = {path.name: path.read_text() for path in tmp_path.glob("*.done")}
    assert done.keys() == {f"{n}.done" for n in range(6)}
    assert done["3.done"] == "x"


def digest(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_a_run_of_two_processes_that_is_killed_equals_one_that_is_not(tmp_path):
    """Killed when the first file of signatures is begun, and started again at once."""
    text = "What is the sum of {} and {} in the ring of integers, please? It is part {} of a list of many."
    numbers = [*range(10, 200), *range(10, 80)]
    rows = [{"problem": text.format(n, n + 7, n), "answer": str(2 * n + 7)} for n in numbers]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    script = tmp_path / "curate.py"
    script.write_text(CURATE)

    def said(folder: str, workers: int) -> dict:
        places = {"output": str(tmp_path / folder / "out"), "runs": str(tmp_path / folder)}
        rows = str(tmp_path / "rows.jsonl")
        return {"recipe_name": "math", "input": [rows], "run_name": "set", "workers": workers, **places}

    def start() -> subprocess.Popen:
        return subprocess.Popen([sys.executable, str(script), json.dumps(said("killed", 2))], stdout=subprocess.DEVNULL)

    assert not pipeline.curate(validate(CurateSettings, said("whole", 1)))
    with start() as killed:
        until(lambda: any((tmp_path / "killed").rglob("*.sig")), killed)
        killed.kill()
    with start() as again:
        again.wait()
    assert again.returncode == 0
    assert json.loads((tmp_path / "killed" / "out" / "funnel.json").read_text())["dropped"] == {"duplicate": 70}
    assert digest(tmp_path / "killed" / "out") == digest(tmp_path / "whole" / "out")
