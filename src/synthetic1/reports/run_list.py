"""Which runs there are, of all programs, and how far each is: read from their folders, without touching them."""

from __future__ import annotations

import fcntl
import json
import os
import struct
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from synthetic1.reports import before_after
from synthetic1.reports.run_folder import RunFolder, is_held_here
from synthetic1.reports.run_status import RunState, RunStatus, read_status
from synthetic1.reports.series import number
from synthetic1.reports.storage import RunFolderError, explained

SIGNS = ("config.yaml", "metrics.jsonl", "result.json", "journal.sqlite", "journal.json")
"""A folder that holds one of these is a run's."""
WRITES = (
    *SIGNS,
    "status.json",
    "samples.jsonl",
    "completions.jsonl",
    "journal.sqlite-wal",
    "work.sqlite",
    "work.sqlite-wal",
)
"""What grows while a run goes on."""
RECENT_S = 120.0  # where nobody can tell who holds a lock, a run that wrote so lately is running
TAIL = 256 * 1024  # bytes from the end of a file that are looked at for its last rows
FLOCK = "hhqqi4x"  # struct flock of 64-bit Linux: type, whence, start, length, process


@dataclass(frozen=True)
class RunSummary:
    """A line of `synthetic1 runs`."""

    program: str
    name: str
    path: Path
    state: RunState
    progress: str
    quote: str
    """The number that a person would quote; empty while there is none."""
    written: float
    """When a file of it was last written, in seconds since 1970."""


def summaries(runs: str, program: str = "") -> Iterator[RunSummary | tuple[Path, str]]:
    """All runs below ``runs``, the one written last first; of one that cannot be read, (folder, why).

    Args:
        program: only those of this program.
    """
    for path in run_folders(runs, program):
        try:
            yield summary(path)
        except RunFolderError as error:
            yield path, str(error)


def run_folders(runs: str, program: str = "") -> list[Path]:
    """The folders of runs, the one written last first."""
    found = [path for path in Path(runs).glob(f"{program or '*'}/*") if path.is_dir() and is_run(path)]
    return sorted(found, key=last_written, reverse=True)


def is_run(path: Path) -> bool:
    return any((path / name).is_file() for name in SIGNS)


def find_run_folder(name: str, runs: str) -> Path:
    """The folder of a run by its path, as ``PROGRAM/NAME``, or by a name that only one program's run has.

    Raises:
        RunFolderError: there is none, or several; says which there are.
    """
    here = Path(name).expanduser()
    for path in (Path(runs) / name, here):
        if path.is_dir() and is_run(path):
            return path.absolute()
    every = run_folders(runs)
    named = [path for path in every if path.name == name]
    if len(named) == 1:
        return named[0].absolute()
    if named:
        said = ", ".join(f"{path.parent.name}/{path.name}" for path in named)
        raise RunFolderError(f"several runs are called `{name}`: say which, of {said}")
    known = {said: path for path in every for said in (f"{path.parent.name}/{path.name}", path.name)}
    meant = "".join(f"did you mean `{near}`? " for near in get_close_matches(name, known, n=1))
    there = ", ".join(f"{path.parent.name}/{path.name}" for path in every[:20])
    raise RunFolderError(
        f"there is no run `{name}`" + (f"; {meant}there are: {there}" if there else f" in {Path(runs)}")
    )


def summary(path: Path) -> RunSummary:
    """What a run's folder says of it.

    Raises:
        RunFolderError: a file of it is damaged.
    """
    run = RunFolder.open(path)
    result = run.read_result() or {}
    program = path.parent.name
    progress, quote = SAID.get(program, _unknown)(run, result)
    return RunSummary(program, path.name, path, status_of(path, result).state, progress, quote, last_written(path))


def status_of(path: Path, result: Mapping[str, Any]) -> RunStatus:
    """A run is running while a process holds its lock; else it ended as its ``status.json`` says. Without one, it is
    finished if it has a result that no stop has written.
    """
    status, written = read_status(path), last_written(path)
    ended: RunState = "finished" if result and not result.get("stopped") else "stopped"
    if is_held_here(path):
        held = ended == "stopped" or (status is not None and status.state == "running")
    else:
        locked = _is_locked(path / ".lock")
        held = not result and time.time() - written < RECENT_S if locked is None else locked
    if held:
        return status if status and status.state == "running" else RunStatus("running", written=written)
    if status is None or (ended == "stopped" and status.state == "finished"):
        return RunStatus(ended, written=written)
    if status.state == "running":
        return RunStatus("stopped", "it was killed, or its machine went down", written=written)
    return status


def last_written(path: Path) -> float:
    times = [(path / name).stat().st_mtime for name in WRITES if (path / name).is_file()]
    return max(times, default=path.stat().st_mtime)


def ago(moment: float) -> str:
    """``42 s ago``, ``3 min ago``, ``5 h ago``, ``2 days ago``."""
    seconds = max(time.time() - moment, 0.0)
    for size, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit} ago"
    return f"{seconds:.0f} s ago"


def last_rows(path: Path, many: int) -> list[dict[str, Any]]:
    """At most the last ``many`` rows of a file of JSON Lines, without reading the rest of it; torn ones are left out.

    Raises:
        RunFolderError: it cannot be read.
    """
    with explained(path):
        if not path.is_file():
            return []
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(size - TAIL, 0))
            lines = file.read().split(b"\n")
    rows = []
    for line in lines[1:] if size > TAIL else lines:
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(row, dict):
            rows.append(row)
    return rows[-many:]


def _is_locked(path: Path) -> bool | None:
    """Whether another process holds the lock of :class:`RunFolder`; None where that cannot be told."""
    if not path.exists():
        return False
    if not sys.platform.startswith("linux") or struct.calcsize("P") != 8:
        return None
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        asked = struct.pack(FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        kind: int = struct.unpack(FLOCK, fcntl.fcntl(handle, fcntl.F_GETLK, asked))[0]
        return kind != fcntl.F_UNLCK
    except OSError:  # a file system without locks
        return None
    finally:
        os.close(handle)


# What each program's result is ---------------------------------------------------------------------------------------

Said = Callable[[RunFolder, Mapping[str, Any]], tuple[str, str]]


def _steps(run: RunFolder, result: Mapping[str, Any]) -> tuple[str, list[dict[str, Any]]]:
    """``130 of 200 steps``, and the last rows of metrics."""
    rows = last_rows(run.path / "metrics.jsonl", 200)
    steps = [row for row in rows if "eval" not in row and number(row, "step") is not None]
    if not steps:
        done = number(result, "steps")
        return ("no step yet" if done is None else f"{done:,.0f} steps"), rows
    done, planned = number(steps[-1], "step") or 0.0, number(steps[-1], "steps")
    return f"{done:,.0f}" + (f" of {planned:,.0f}" if planned else "") + " steps", rows


def _grpo(run: RunFolder, result: Mapping[str, Any]) -> tuple[str, str]:
    progress, rows = _steps(run, result)
    compared = before_after.overall(result)
    if compared.after is not None:
        before = "" if compared.before is None else f"{compared.before.value:.3f} → "
        return progress, f"pass@1 {before}{compared.after.value:.3f}"
    for label, path in (("pass@1", ("eval", "pass_at_1")), ("reward", ("reward",))):
        found = [value for row in rows if (value := number(row, *path)) is not None]
        if found:
            return progress, f"{label} {found[-1]:.3f}"
    return progress, ""


def _sft(run: RunFolder, result: Mapping[str, Any]) -> tuple[str, str]:
    progress, rows = _steps(run, result)
    losses = [value for row in rows if (value := number(row, "loss")) is not None]
    loss = number(result, "loss_last")
    loss = losses[-1] if loss is None and losses else loss
    return progress, "" if loss is None else f"loss {loss:.3f}"


def _r1(run: RunFolder, result: Mapping[str, Any]) -> tuple[str, str]:
    stages = result.get("stages")
    if isinstance(stages, list) and stages:
        scores = [number(before_after.mapping(stage), "pass_at_1") for stage in stages]
        return f"{len(stages)} stages", "pass@1 " + " → ".join("-" if s is None else f"{s:.3f}" for s in scores)
    done, under_way = [], ""
    for name, said in (("generate", _generate), ("sft", _sft), ("grpo", _grpo)):
        if list(run.path.glob(f"{name}/*/result.json")):
            done.append(name)
        elif begun := sorted(run.path.glob(f"{name}/*/config.yaml")):
            under_way = f"{name}: {said(RunFolder.open(begun[0].parent), {})[0] or 'begun'}"
    return "; ".join(filter(None, (f"done: {', '.join(done)}" if done else "", under_way))) or "no stage yet", ""


def _evaluate(run: RunFolder, result: Mapping[str, Any]) -> tuple[str, str]:
    score = before_after.score(result)
    if score is not None:
        return f"{score.n:,} tasks" if score.n else "", f"pass@1 {score}"
    kept = run.path / "completions.jsonl"
    with explained(kept):
        done = kept.read_bytes().count(b"\n") if kept.is_file() else 0
    wanted = run.read_config().get("n")
    return f"{done:,}" + (f" of {wanted:,}" if isinstance(wanted, int) else "") + " tasks answered", ""


def _generate(run: RunFolder, result: Mapping[str, Any]) -> tuple[str, str]:
    many = [number(result, name) for name in ("rollouts", "verified")]
    if many[0] is None:
        return "", ""
    return f"{many[0]:,.0f} rollouts", f"{many[1] or 0:,.0f} verified"


def _curate(run: RunFolder, result: Mapping[str, Any]) -> tuple[str, str]:
    rows, tasks = number(result, "in"), number(result, "tasks")
    rows = number(result, "rows") if rows is None else rows
    return "" if rows is None else f"{rows:,.0f} rows", "" if tasks is None else f"{tasks:,.0f} tasks"


def _calibrate(run: RunFolder, result: Mapping[str, Any]) -> tuple[str, str]:
    said = []
    for family, one in before_after.mapping(result.get("families")).items():
        rate = number(before_after.mapping(one), "false_accept_rate")
        said.append(f"{family} {'-' if rate is None else f'{rate:.1%}'}")
    return str(result.get("model", "")), f"false accepts {', '.join(said)}" if said else ""


def _unknown(run: RunFolder, result: Mapping[str, Any]) -> tuple[str, str]:
    return _steps(run, result)[0] if (run.path / "metrics.jsonl").is_file() else "", ""


SAID: Mapping[str, Said] = {
    "grpo": _grpo,
    "sft": _sft,
    "r1": _r1,
    "evaluate": _evaluate,
    "generate": _generate,
    "curate": _curate,
    "calibrate_judge": _calibrate,
}
"""Program → (progress, the number to quote)."""


def rows_of_table(found: Sequence[RunSummary]) -> list[tuple[str, ...]]:
    """Head and rows of the table."""
    rows: list[tuple[str, ...]] = [("run", "state", "progress", "result", "last written")]
    for one in found:
        rows.append((f"{one.program}/{one.name}", one.state, one.progress, one.quote, ago(one.written)))
    return rows
