"""The run folder under crashes, full disks, missing rights and a second writer."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import textwrap
import time
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic1.reports import storage
from synthetic1.reports.live_page import LivePage
from synthetic1.reports.run_folder import RunFolder, RunFolderError
from synthetic1.reports.run_list import summary
from synthetic1.reports.storage import JsonLines, json_bytes, replace_file

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
json_rows = st.dictionaries(st.text(), json_values, max_size=4)


def python(code: str, *arguments: str | Path) -> list[str]:
    return [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]


def run_python(code: str, *arguments: str | Path) -> str:
    done = subprocess.run(python(code, *arguments), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_is_written_is_read(tmp_path: Path) -> None:
    with RunFolder.create(tmp_path / "run", resume=False) as run:
        run.write_config({"model": "embedded", "levels": (1, 2), "where": tmp_path, "rate": np.float32(0.5)})
        run.log_metrics({"step": 1, "reward": 0.5})
        run.log_sample({"step": 1, "completion": "a\nb\u2028\x00\ud800 é"})
        run.write_result({"n": np.int64(3), "ci95": np.array([0.1, 0.2]), "seconds": {"total": math.inf}})
    run = RunFolder.open(tmp_path / "run")
    assert run.read_config() == {"model": "embedded", "levels": [1, 2], "where": str(tmp_path), "rate": 0.5}
    assert run.read_metrics() == [{"step": 1, "reward": 0.5}]
    assert run.read_samples() == [{"step": 1, "completion": "a\nb\u2028\x00\ud800 é"}]
    assert run.read_result() == {"n": 3, "ci95": [0.1, 0.2], "seconds": {"total": None}}


def test_an_empty_folder_reads_as_nothing(tmp_path: Path) -> None:
    run = RunFolder.open(tmp_path)
    assert (run.read_config(), run.read_metrics(), run.read_samples(), run.read_result()) == ({}, [], [], None)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (math.nan, b"null"),
        ([math.inf, -math.inf, 1.5], b"[null, null, 1.5]"),
        (np.float32("nan"), b"null"),
        ({"a": {"b": (np.bool_(True), np.float64("inf"))}}, b'{"a": {"b": [true, null]}}'),
        ({1: Path("/x")}, b'{"1": "/x"}'),
        ("é\ud800", b'"\\u00e9\\ud800"'),
    ],
)
def test_strict_json(value: object, written: bytes) -> None:
    assert json_bytes(value) == written


def test_what_json_cannot_hold_is_named_with_its_place() -> None:
    with pytest.raises(TypeError, match=r"value\.a\[1\] must be JSON, got set"):
        json_bytes({"a": [1, {2}]})


@given(st.lists(json_rows, max_size=5), st.data())
def test_any_cut_leaves_the_whole_rows_before_it(rows: list[dict[str, Any]], data: st.DataObject) -> None:
    lines = [json_bytes(row) + b"\n" for row in rows]
    content = b"".join(lines)
    at = data.draw(st.integers(0, len(content)))
    ends = np.cumsum([len(line) for line in lines])
    kept = int((ends <= at).sum())
    path = Path(f"/dev/shm/synthetic1-cut-{os.getpid()}.jsonl")  # memory: one file a case
    try:
        path.write_bytes(content[:at])
        file = JsonLines(path)
        assert file.read() == rows[:kept]
        file.repair()
        file.append({"next": True})
        assert file.read() == [*rows[:kept], {"next": True}]
        file.close()
    finally:
        path.unlink()


@pytest.mark.parametrize("tail", [b'{"step": 3, "rew', b"\x00\x00\x00\n", b"\x00" * 50, b'"text"\n', b"[[[[\n"])
def test_resume_drops_a_torn_last_line_and_reading_only_skips_it(tmp_path: Path, tail: bytes) -> None:
    with RunFolder.create(tmp_path, resume=False) as run:
        run.log_metrics({"step": 1})
        run.log_metrics({"step": 2})
    path = tmp_path / "metrics.jsonl"
    path.write_bytes(torn := path.read_bytes() + tail)
    assert [row["step"] for row in RunFolder.open(tmp_path).read_metrics()] == [1, 2]
    assert path.read_bytes() == torn
    with RunFolder.create(tmp_path, resume=True) as run:
        run.log_metrics({"step": 3})
        assert [row["step"] for row in run.read_metrics()] == [1, 2, 3]


def test_damage_before_the_last_line_is_reported_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "metrics.jsonl").write_bytes(b'{"step": 1}\n{"step": \n{"step": 3}\n')
    with pytest.raises(RunFolderError, match=r"metrics\.jsonl, line 2 is not a JSON object"):
        RunFolder.open(tmp_path).read_metrics()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("result.json", "{", "is not JSON"),
        ("result.json", "[1]", "must hold an object, got list"),
        ("config.yaml", "a: [1", "is not YAML"),
        ("result.json", "[" * 100_000, "is not JSON"),
        ("config.yaml", "[" * 3_000 + "]" * 3_000, "is not YAML"),
        ("config.yaml", b"\xff\xfe", "is not a text in UTF-8"),
        ("config.yaml", "- 1", "must hold a mapping, got list"),
    ],
)
def test_damaged_files_are_named_in_one_line(tmp_path: Path, name: str, content: str | bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    run = RunFolder.open(tmp_path)
    with pytest.raises(RunFolderError, match=message) as caught:
        _ = run.read_result() if name == "result.json" else run.read_config()
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_kill_9_loses_no_row_that_was_logged(tmp_path: Path) -> None:
    writer = """
        import sys
        from synthetic1.reports.run_folder import RunFolder
        run = RunFolder.create(sys.argv[1], resume=True)
        first = len(run.read_metrics()) + 1
        for step in range(first, first + 10**9):
            run.log_metrics({"step": step, "text": "x" * (step * 7919 % 3000)})
            sys.stdout.write(f"{step}\\n"); sys.stdout.flush()
    """
    logged = 0
    for _ in range(3):
        with subprocess.Popen(python(writer, tmp_path), stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            for _, line in zip(range(200), child.stdout, strict=False):
                logged = int(line)
            child.send_signal(signal.SIGKILL)
            logged = max([logged, *(int(line) for line in child.stdout if line.endswith("\n"))])
        steps = [row["step"] for row in RunFolder.open(tmp_path).read_metrics()]
        assert steps == list(range(1, len(steps) + 1))
        assert len(steps) >= logged > 0


def test_an_existing_run_names_both_ways_out(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "grpo" / "first"
    RunFolder.create(folder, resume=False).close()
    with RunFolder.create(folder, resume=False) as run:  # a start that failed before it wrote anything
        run.write_config({})
    with pytest.raises(RunFolderError, match=r"first holds a run already: .*resume=true.*run_name="):
        RunFolder.create(folder, resume=False)
    RunFolder.create(folder, resume=True).close()


def test_a_second_process_is_refused_until_the_first_is_gone(tmp_path: Path) -> None:
    holder = """
        import os, sys, time
        from synthetic1.reports.run_folder import RunFolder
        run = RunFolder.create(sys.argv[1], resume=False)
        run.write_config({})
        if os.fork() == 0:  # a worker that outlives its parent must not keep the lock
            os.close(1)
            time.sleep(float(sys.argv[2]))
            os._exit(0)
        print("held", flush=True)
        time.sleep(60)
    """
    with subprocess.Popen(python(holder, tmp_path, "8"), stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        with pytest.raises(RunFolderError, match=f"{tmp_path} is being written by process {child.pid}"):
            RunFolder.create(tmp_path, resume=True)
        assert RunFolder.open(tmp_path).read_config() == {}
        child.kill()
        child.wait()
        with RunFolder.create(tmp_path, resume=True) as run:
            run.log_metrics({"step": 1})


def test_only_the_holder_of_the_lock_writes(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path, resume=False)
    run.close()
    run.close()
    for reader in (run, RunFolder.open(tmp_path)):
        with pytest.raises(RunFolderError, match=r"write through RunFolder\.create"):
            reader.log_metrics({"step": 1})


def test_truncate_after_drops_what_a_resumed_run_writes_again(tmp_path: Path) -> None:
    with RunFolder.create(tmp_path, resume=False) as run:
        for step in range(1, 11):
            run.log_metrics({"step": step})
            if step % 5 == 0:
                run.log_metrics({"step": step, "eval": {"pass_at_1": 0.5}})
        for step, phase in ((0, "before"), (5, "train"), (6, "train"), (5, "after"), (10, "after")):
            run.log_sample({"step": step, "phase": phase})
        run.truncate_after(5)
        run.log_metrics({"step": 6, "again": True})
        assert [row["step"] for row in run.read_metrics()] == [1, 2, 3, 4, 5, 5, 6]
        assert run.read_metrics()[-1]["again"]
        assert run.read_samples() == [{"step": 0, "phase": "before"}, {"step": 5, "phase": "train"}]
        inode = (tmp_path / "metrics.jsonl").stat().st_ino
        run.truncate_after(6)
        assert (tmp_path / "metrics.jsonl").stat().st_ino == inode
        run.truncate_after(-1)
        assert (run.read_metrics(), run.read_samples()) == ([], [])


def test_a_run_of_gigabytes_is_gone_on_with_in_little_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither to repair a file nor to drop rows of it is it read whole; here megabytes tell."""
    monkeypatch.setattr(storage, "BLOCK", 1_000)  # less than a line
    path = tmp_path / "samples.jsonl"
    lines = [json.dumps({"step": step, "completion": "x" * 10_000}) for step in range(1, 801)]
    path.write_text("\n".join([*lines, lines[0][:5_000]]))
    tracemalloc.start()
    try:
        with RunFolder.create(tmp_path, resume=True) as run:
            run.truncate_after(700)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
    assert path.read_text() == "".join(f"{line}\n" for line in lines[:700])


def test_the_result_of_a_shorter_run_is_not_that_of_the_longer_one(tmp_path: Path) -> None:
    """Finished at step 2, gone on with, stopped."""
    path = tmp_path / "grpo" / "one"
    former = {"steps": 2, "before": {"pass_at_1": 0.1}, "after": {"pass_at_1": 0.9}}
    with RunFolder.create(path, resume=False) as run:
        run.log_metrics({"step": 2, "steps": 2, "reward": 0.5})
        run.write_result(former)
    with RunFolder.create(path, resume=True) as run:
        run.log_metrics({"step": 2, "eval": {"pass_at_1": 0.9}})
        assert run.read_result() == former  # nothing has been learned since

    def go_on_and_stop() -> None:
        with RunFolder.create(path, resume=True) as run, LivePage(run):
            run.log_metrics({"step": 50, "steps": 100, "reward": 0.25})
            raise SystemExit(130)

    with pytest.raises(SystemExit):
        go_on_and_stop()
    assert (summary(path).state, summary(path).quote) == ("stopped", "pass@1 0.900")  # of the row of step 2
    assert "0.100" not in (path / "report.html").read_text()
    assert json.loads((path / "result.old.json").read_text()) == former
    with RunFolder.create(path, resume=True) as run:
        run.write_result({"steps": 100})
        run.log_metrics({"step": 100})
    assert run.read_result() == {"steps": 100}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full, a file on a disk without space")
def test_a_full_disk_is_one_clear_line(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path, resume=False)
    (tmp_path / "metrics.jsonl").symlink_to("/dev/full")
    with pytest.raises(RunFolderError, match=r"no space left to write .*metrics\.jsonl: .*resume=true") as caught:
        run.log_metrics({"step": 1})
    assert "\n" not in str(caught.value)
    run.close()


def test_a_disk_that_fills_within_a_line_leaves_whole_lines_and_the_old_result(tmp_path: Path) -> None:
    out = run_python(
        """
        import resource, sys
        from synthetic1.reports.run_folder import RunFolder, RunFolderError
        run = RunFolder.create(sys.argv[1], resume=False)
        run.log_metrics({"step": 1})
        run.write_result({"n": 1})
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, 1_000))  # writes stop in the middle of a line
        for write in (run.log_metrics, run.write_result):
            try:
                write({"step": 2, "text": "x" * 5_000})
            except RunFolderError as error:
                print(error)
        run.log_metrics({"step": 3})
        """,
        tmp_path,
    )
    assert [line.startswith("no space left to write") for line in out.splitlines()] == [True, True]
    run = RunFolder.open(tmp_path)
    assert run.read_metrics() == [{"step": 1}, {"step": 3}]
    assert run.read_result() == {"n": 1}
    assert sorted(p.name for p in tmp_path.iterdir()) == [".lock", "metrics.jsonl", "result.json"]


def test_a_folder_without_rights_is_one_clear_line(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    for folder in tmp_path.parents:  # the other user must reach it at all
        if folder.stat().st_uid == os.getuid() and folder.name.startswith("pytest"):
            folder.chmod(folder.stat().st_mode | 0o011)
    out = run_python(
        """
        import os, sys
        from synthetic1.reports.run_folder import RunFolder, RunFolderError
        if os.getuid() == 0:
            os.setuid(65_534)
        try:
            RunFolder.create(sys.argv[1] + "/run", resume=False)
        except RunFolderError as error:
            print(error)
        """,
        tmp_path,
    )
    assert out == f"may not write {tmp_path}/run: make its folder writable, or choose another one\n"


def test_a_file_in_the_way_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RunFolderError, match=r"cannot use .*/file/run: Not a directory"):
        RunFolder.create(tmp_path / "file" / "run", resume=False)
    with pytest.raises(RunFolderError, match="nowhere is not a run folder"):
        RunFolder.open(tmp_path / "nowhere")


def test_a_replaced_file_is_whole_for_a_reader_at_any_time(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    replace_file(path, b"0" * 50_000)
    writer = """
        import itertools, sys
        from pathlib import Path
        from synthetic1.reports.storage import replace_file
        print("go", flush=True)
        for i in itertools.count():
            replace_file(Path(sys.argv[1]), str(i % 10).encode() * 50_000)
    """
    with subprocess.Popen(python(writer, path), stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        child.stdout.readline()
        seen, until = set(), time.monotonic() + 300
        while len(seen) < 5 and time.monotonic() < until:
            content = path.read_bytes()
            assert len(content) == 50_000
            assert len(set(content)) == 1
            seen.add(content[0])
            assert child.poll() is None
        child.kill()
    assert len(seen) >= 5
    assert json.loads(path.read_bytes()[:1]) in range(10)


def test_a_folder_is_put_aside_unless_somebody_writes_it(tmp_path: Path) -> None:
    path = tmp_path / "run"
    assert RunFolder.put_aside(path) is None
    holder = """
        import sys
        from synthetic1.reports.run_folder import RunFolder

        run = RunFolder.create(sys.argv[1], resume=False)
        run.write_result({"n": 1})
        print("held", flush=True)
        sys.stdin.read()
    """
    with subprocess.Popen(python(holder, path), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        with pytest.raises(RunFolderError, match="is being written by process"):
            RunFolder.put_aside(path)
        assert path.is_dir()
        child.communicate("")
    for number in (1, 2):
        path.mkdir(exist_ok=True)
        assert RunFolder.put_aside(path) == tmp_path / f"run.{number}"
    assert not path.exists()
    assert RunFolder.open(tmp_path / "run.1").read_result() == {"n": 1}
