"""Data generation at full size: 1,400,000 tasks asked, and 2,000,000 rollouts exported, in little memory.

    python benchmarks/generate_scale.py [--quick] [--asked N] [--rollouts N] [--json FILE]

The real programs run as processes of their own; the server is that of ``generate.py``, on loopback, answering at once.

``generate``: a file of rows of about 200 bytes, of which the train part holds as many tasks as are asked. Its index is
built before, and that is shown, not counted. ``first_request_s`` is from the start of the process to the first request
that the server sees. Half of the tasks are asked, the run is stopped by SIGINT, and the same command goes on with the
other half. Memory is that of the process and its children together, read from /proc each second (at first,
each tenth of one); ``rss_mb`` is its peak, the kernel's own high-water mark of the process included.

``export``: a journal of rollouts of short texts, four a task, written through the journal's own class in large commits.
A quarter of the rollouts is refuted. Seconds and memory are of the whole process; an MB is 10^6 bytes.
"""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from generate_server import MODEL, Loopback, Shape, loopback
from record import arguments, report

ROOT = Path(__file__).resolve().parents[1]
TARGETS = {
    "first_request_s": "< 5",
    "first_new_request_s": "< 5",
    "generate_rss_mb": "< 600",
    "export_rss_mb": "< 1,500",
}
TRAIN_SHARE = 0.9
SHAPE = Shape(600)
"""The answers are short: what is measured is what grows with their number."""
SAMPLES = 4  # rollouts a task, in the journal that is exported
FORMATS = ("sft", "preference", "synthetic1")


@dataclass(frozen=True)
class Size:
    """How much of everything."""

    tasks: int
    """In the file."""
    asked: int
    rollouts: int
    starts: int


QUICK, FULL = Size(20_000, 20_000, 20_000, 3), Size(1_400_000, 1_400_000, 2_000_000, 3)


@dataclass(frozen=True)
class Ran:
    """A program that has ended."""

    seconds: float
    rss_mb: float
    samples: list[float]
    """Resident memory, MB, second by second."""
    output: str


def write_tasks(path: Path, count: int, *, longer: int = 0) -> None:
    """Rows as they are published, of about 200 bytes; a quarter says that 5 is right, where the server says 4.

    Args:
        longer: characters that every prompt has more.
    """
    padding = "." * (longer + 1)
    with path.open("w") as file:
        for i in range(count):
            row = {
                "problem_id": f"vfm_{i:07d}",
                "task_type": "verifiable_math",
                "prompt": f"Problem {i}: two numbers add up to {i + 4}, and one of them is {i}. Say the other{padding}",
                "verification_info": json.dumps({"ground_truth": "4" if i % 4 else "5"}),
            }
            file.write(json.dumps(row) + "\n")


def build_index(tasks: Path) -> tuple[float, int]:
    """Seconds it takes to index the file, and how many tasks its train part holds."""
    code = (
        "import sys, time; from synthetic1.tasks.sources.spec import open_tasks; began = time.perf_counter(); "
        "print(len(open_tasks(sys.argv[1], split='train')), time.perf_counter() - began)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tasks)], capture_output=True, text=True, check=True)
    count, seconds = done.stdout.split()
    return float(seconds), int(count)


def write_journal(path: Path, tasks: Path, count: int, *, samples: int = SAMPLES, longer: int = 0) -> None:
    """``count`` tasks with their rollouts, as a run would have recorded them; into a run that is there, or a new one.

    Args:
        longer: characters that every thought has more.
    """
    from synthetic1.completion import Completion
    from synthetic1.datagen.journal import group_writer, sqlite_database
    from synthetic1.datagen.journal.writer import Journal
    from synthetic1.rollout import Rollout
    from synthetic1.tasks.sources.spec import open_tasks
    from synthetic1.verdict import Verdict

    # The same rows in the same tables, in few commits: a run makes one for each moment, which would take an hour here.
    group_writer.GROUP_ROWS, group_writer.GROUP_S, sqlite_database.CACHE_KIB = 100_000, 5.0, 1 << 20
    source = open_tasks(str(tasks), split="train")
    sampling: dict[str, Any] = {"max_tokens": 1024, "temperature": 0.6, "top_p": 0.95, "seed": 0}
    usage = {"prompt_tokens": 60, "completion_tokens": 150}
    path.parent.mkdir(parents=True, exist_ok=True)
    journal = Journal.open(path)
    if journal.meta("config") is None:
        journal.set_meta("config", json.dumps({"samples": samples, "model_name": MODEL, "sampling": sampling}))
    flush_every = max(5_000_000 // (1_000 + longer), 50)  # tasks: what waits is in memory
    padding = "." * (longer + 1)
    for place in range(count):
        task = source[place]
        journal.put_task(task, place)
        for sample in range(samples):
            raw = f"<think>\nIn try {sample} I take {place} away{padding}\n</think>\n\nThe answer is \\boxed{{4}}."
            completion = Completion.parse(raw, finish_reason="stop", usage=usage)
            rollout = Rollout(task.key, completion, MODEL, sampling, sample)
            journal.put_rollout(rollout)
            score = 1.0 if (place + sample) % 4 else 0.0
            journal.put_verdict(rollout, 0, "scale", "verifiable_math@1", Verdict.graded(score, answer="4"), 1)
        if place % flush_every == 0:
            journal.flush()
    journal.close()


# Runs a script, and writes down its high-water mark where the first argument says. From outside, the last that is
# seen of it depends on when one looks; and `ru_maxrss` would hold that of its parent, too.
REPORTING = """\
import pathlib, runpy, sys
mark, sys.argv = pathlib.Path(sys.argv[1]), sys.argv[2:]
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
finally:
    mark.write_text(pathlib.Path("/proc/self/status").read_text())
"""


def reported_mb(status: str) -> float:
    """The high-water mark of resident memory, MB, in what the kernel says of a process."""
    return next(int(line.split()[1]) * 1024 / 1e6 for line in status.splitlines() if line.startswith("VmHWM:"))


def resident_mb(pid: int) -> float:
    """Resident memory of a process and its children, MB; 0 when it has ended."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (OSError, IndexError):
        return 0.0
    own = pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    return own + sum(resident_mb(int(child)) for child in children)


def program(name: str, *settings: str, watch: Callable[[subprocess.Popen[bytes]], None] | None = None) -> Ran:
    """Run one of our programs to its end.

    Args:
        watch: called each second, and may send the process a signal.

    Raises:
        RuntimeError: it failed; says how.
    """
    began, samples = time.monotonic(), [0.0]
    with tempfile.TemporaryFile() as output, tempfile.NamedTemporaryFile("r") as mark:
        command = [sys.executable, "-P", "-c", REPORTING, mark.name, str(ROOT / f"datagen/{name}.py"), *settings]
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environment, cwd=ROOT)
        try:
            while True:
                samples.append(resident_mb(process.pid))
                if process.poll() is not None:
                    break
                if watch is not None:
                    watch(process)
                time.sleep(1.0 if len(samples) > 100 else 0.1)
        except BaseException:
            process.kill()
            raise
        output.seek(0)
        said, status = output.read().decode(), mark.read()
    if process.returncode not in (0, 130):
        raise RuntimeError(f"{name} failed: {(said.strip() or 'no reason given').splitlines()[-1][:300]}")
    return Ran(time.monotonic() - began, max(reported_mb(status), *samples), samples, said)


@dataclass
class Generating:
    """Starts ``datagen/generate.py`` on one file of tasks, and sees what the server sees."""

    server: Loopback
    folder: Path
    tasks: Path

    def __call__(self, name: str, limit: int, stop_after: int | None = None) -> dict[str, float]:
        """One run of the program; by SIGINT, it is ended when about ``stop_after`` answers are in the journal."""
        journal = self.folder / "runs/generate" / name / "journal.sqlite"

        def watch(process: subprocess.Popen[bytes]) -> None:
            if stop_after is not None and asked(journal) >= stop_after:
                process.send_signal(signal.SIGINT)
                time.sleep(2.0)  # a second one would not let it end cleanly

        self.server.counts(SHAPE)
        began = time.monotonic()
        ran = program(
            "generate",
            f"runs={self.folder / 'runs'}",
            f"run_name={name}",
            "env=math",
            f"env.tasks={self.tasks}",
            f"server={self.server.url}",
            f"model={MODEL}",
            "concurrency=256",
            f"limit={limit}",
            watch=watch,
        )
        counts = self.server.counts(SHAPE)
        return {
            "rows": counts["requests"],
            "first_request_s": counts["first"][0] - began,
            "seconds": ran.seconds,
            "rows_per_s": counts["requests"] / (counts["last"] - counts["first"][0]),
            "rss_mb": ran.rss_mb,
            "rss_mb_half_way": ran.samples[len(ran.samples) // 2],
        }


def asked(journal: Path) -> int:
    """About how many rollouts there are: the number of the last row, which costs nothing to look up."""
    import sqlite3

    try:
        with sqlite3.connect(f"file:{journal}?mode=ro", uri=True, timeout=5) as connection:
            found = connection.execute("SELECT max(rowid) FROM rollouts").fetchone()[0]
        connection.close()
        return int(found or 0)
    except sqlite3.OperationalError:  # not there yet
        return 0


def generate(server: Loopback, folder: Path, size: Size) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """Rows and ratios of starting, of asking half of the tasks, and of going on with the other half."""
    tasks = folder / "tasks.jsonl"
    write_tasks(tasks, round(size.tasks / TRAIN_SHARE * 1.005))
    seconds, count = build_index(tasks)
    say(f"index of {count:,} tasks in {seconds:.0f} s")
    if count < size.tasks:
        raise RuntimeError(f"the file's train part holds {count:,} tasks, fewer than {size.tasks:,}")
    rows: list[dict[str, Any]] = [row_of("index", rows=count, seconds=seconds, rows_per_s=count / seconds)]
    run = Generating(server, folder, tasks)
    starts = [run(f"start-{i}", 1_000) for i in range(size.starts - 1)]
    first = run("whole", size.asked, stop_after=size.asked // 2)
    say(f"first half: {first}")
    second = run("whole", size.asked)
    say(f"second half: {second}")
    if not size.asked <= first["rows"] + second["rows"] <= size.asked + 2 * 256:
        raise RuntimeError(f"{first['rows']} and {second['rows']} requests for {size.asked} tasks")
    rows += [row_of("generate", **first), row_of("generate, going on", **second)]
    return rows, {
        "first_request_s": statistics.median(start["first_request_s"] for start in (*starts, first)),
        "first_new_request_s": second["first_request_s"],
        "generate_rss_mb": max(first["rss_mb"], second["rss_mb"]),
    }


def export(folder: Path, size: Size) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """Rows and ratios of exporting a journal in each format."""
    tasks = folder / "tasks-of-journal.jsonl"
    count = size.rollouts // SAMPLES
    write_tasks(tasks, round(count / TRAIN_SHARE * 1.01) + 100)
    write_journal(folder / "runs/generate/scale/journal.sqlite", tasks, count)
    say(f"journal of {size.rollouts:,} rollouts written")
    rows = []
    for name in FORMATS:
        ran = program("export", "run=scale", f"runs={folder / 'runs'}", f"to={folder / name}", f"format={name}")
        if f"read {size.rollouts:,} rollouts" not in ran.output:
            raise RuntimeError(f"the export did not read {size.rollouts:,} rollouts: {ran.output[-300:]}")
        half_way = ran.samples[len(ran.samples) // 2]
        rate = size.rollouts / ran.seconds
        rows.append(
            row_of(f"export, {name}", size.rollouts, seconds=ran.seconds, rows_per_s=rate, rss_mb=ran.rss_mb)
            | {"rss_mb_half_way": half_way}
        )
        say(f"export {name}: {ran.seconds:.0f} s, {ran.rss_mb:.0f} MB")
    return rows, {"export_rss_mb": max(row["rss_mb"] for row in rows)}


def row_of(what: str, rows: float, **measured: float) -> dict[str, Any]:
    """One row of the table; what was not measured is None."""
    names = ("first_request_s", "seconds", "rows_per_s", "rss_mb", "rss_mb_half_way")
    return {"what": what, "rows": int(rows), **{name: measured.get(name) for name in names}}


def say(text: str) -> None:
    print(text, flush=True)


def main() -> None:
    options = arguments(
        (__doc__ or "").partition("\n")[0], asked=(int, "of the tasks"), rollouts=(int, "to be exported")
    )
    size = QUICK if options.quick else FULL
    if options.asked:
        size = replace(size, asked=min(size.asked, options.asked))
    if options.rollouts:
        size = replace(size, rollouts=options.rollouts)
    with tempfile.TemporaryDirectory() as name:
        with loopback() as server:
            asked_rows, asked_ratios = generate(server, Path(name), size)
        made_rows, made_ratios = export(Path(name), size)
    ratios = asked_ratios | made_ratios
    report(asked_rows + made_rows, ratios, packages=("aiohttp", "pyarrow"), json_file=options.json, targets=TARGETS)


if __name__ == "__main__":
    main()
