"""What `synthetic1 score` wrote, gone on with: as if it had never been stopped, and by one process at a time."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from completion_files import ROWS, read, rows, written

from synthetic1.evaluation import score_file
from synthetic1.evaluation.score_file import run
from synthetic1.tasks.sources.spec import open_tasks


def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many pairs each batch had that was scored."""
    batches: list[int] = []
    plain = score_file.Scorer.score

    async def counting(self: Any, pairs: Any, on_verdict: Any = None) -> Any:
        batches.append(len(pairs))
        return await plain(self, pairs, on_verdict)

    monkeypatch.setattr(score_file.Scorer, "score", counting)
    return batches


def test_the_same_command_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out, batches = tmp_path / "out.jsonl", counted(monkeypatch)
    file = written(tmp_path / "in.jsonl", [*rows(), rows()[0]])  # one of them twice
    assert run(file, output=str(out)) == 0
    whole = out.read_bytes()
    assert run(file, output=str(out)) == 0
    assert (out.read_bytes(), sum(batches)) == (whole, ROWS + 1)
    lines = whole.splitlines(keepends=True)
    unscored = json.loads(lines[2]) | {"verdict": {**json.loads(lines[2])["verdict"], "score": None}}
    out.write_bytes(b"".join([*lines[:2], json.dumps(unscored).encode() + b"\n", *lines[3:5], lines[5][:40]]))
    assert run(file, output=str(out)) == 0  # the unscored one, the torn one, and the three that were not there
    assert sum(batches) == ROWS + 1 + 5
    assert out.read_bytes() == whole
    assert run(file, output=str(out), overwrite=True) == 0
    assert out.read_bytes() == whole


def test_what_another_verifier_scored_is_not_gone_on_with(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, file = tmp_path / "out.jsonl", written(tmp_path / "in.jsonl", rows())
    run(file, output=str(out))
    out.write_text(out.read_text().replace('"verifier_key": "', '"verifier_key": "0', 1))
    assert run(file, output=str(out)) == 2
    assert "line 1 was scored by another verifier (verifiable_math@" in capsys.readouterr().err
    verdict = {"score": "much", "task_type": "stem", "verifier": "", "verifier_key": "", "key": "", "reason": "correct"}
    for precious in ('{"precious": 1}\n', json.dumps({"verdict": verdict}) + "\n"):
        out.write_text(precious)
        assert run(file, output=str(out)) == 2
        assert "is not a row that `synthetic1 score` wrote" in capsys.readouterr().err
        assert out.read_text() == precious


def unscored(line: bytes) -> bytes:
    row = json.loads(line)
    return json.dumps(row | {"verdict": {**row["verdict"], "score": None}}).encode() + b"\n"


def test_rows_of_one_completion_do_not_stand_for_each_other(tmp_path: Path) -> None:
    """The first of three like ones could not be scored: it is that one which is tried anew, and in its place."""
    out = tmp_path / "out.jsonl"
    file = written(tmp_path / "in.jsonl", [{**rows()[0], "mine": place} for place in range(3)])
    assert run(file, output=str(out)) == 0
    whole = out.read_bytes()
    first, *others = whole.splitlines(keepends=True)
    out.write_bytes(b"".join([unscored(first), *others]))
    out.chmod(0o640)
    assert run(file, output=str(out)) == 0
    assert out.read_bytes() == whole
    assert out.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jsonl", "out.jsonl"]


def test_rows_that_the_file_has_no_longer_stay_behind_the_others(tmp_path: Path) -> None:
    out, link = tmp_path / "out.jsonl", tmp_path / "link.jsonl"
    link.symlink_to(out)
    assert run(written(tmp_path / "in.jsonl", rows()[4:]), output=str(link)) == 0
    assert run(written(tmp_path / "in.jsonl", rows()[:6]), output=str(link)) == 0
    assert [row["mine"] for row in read(out)] == [0, 1, 2, 3, 4, 5, 6, 7]
    assert link.is_symlink()


KILLED = """
import os, sys
from synthetic1.evaluation import score_file
from synthetic1.evaluation.score_output import ScoredRows
plain, left = ScoredRows.flush, int(sys.argv[3])

def flush(self):
    global left
    left -= 1
    if left < 0:
        self._file.write(b'{"problem_id": "torn')
    plain(self)
    if left < 0:
        os.kill(os.getpid(), 9)

ScoredRows.flush = flush
score_file.run(sys.argv[1], output=sys.argv[2])
"""


def test_a_killed_call_that_goes_on_ends_as_one_that_was_not(tmp_path: Path) -> None:
    """Byte for byte, also where rows cannot be scored, and where the call that went on was killed as well."""
    judged = open_tasks("embedded:stem")[0].to_row()
    many = []
    for place in range(5 * score_file.AT_ONCE):
        row = {**judged, "completion": "<answer>perhaps so</answer>"} if place % 7 == 3 else rows()[place % ROWS]
        many.append({**row, "mine": place})
    file, out, whole = written(tmp_path / "in.jsonl", many), tmp_path / "out.jsonl", tmp_path / "whole.jsonl"
    assert run(file, output=str(whole)) == 1
    for flushes in ("2", "1"):
        killed = subprocess.run([sys.executable, "-c", KILLED, file, str(out), flushes], capture_output=True)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
    found = [json.loads(line)["mine"] for line in out.read_bytes().splitlines()[:-1]]
    assert 0 < len(found) < len(many)
    assert found != sorted(found)  # what was tried anew stands behind the others as yet
    for _ in range(2):
        assert run(file, output=str(out)) == 1
        assert out.read_bytes() == whole.read_bytes()


HOLDING = """
import sys
from pathlib import Path
from synthetic1.evaluation.score_output import ScoredRows
with ScoredRows(Path(sys.argv[1]), on_kept=lambda said: None, current=lambda *of: True):
    print("holds it", flush=True)
    sys.stdin.read()
"""


def test_two_do_not_write_one_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, file = tmp_path / "out.jsonl", written(tmp_path / "in.jsonl", rows())
    assert run(file, output=str(out)) == 0
    whole = out.read_bytes()
    out.write_bytes(whole[:-20])  # torn: the one that holds it puts another file in its place, and holds that
    command = [sys.executable, "-c", HOLDING, str(out)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdin is not None and other.stdout is not None  # noqa: PT018
        assert other.stdout.readline() == b"holds it\n"
        held = out.read_bytes()
        assert held == b"".join(whole.splitlines(keepends=True)[:-1])
        for overwrite in (False, True):
            capsys.readouterr()
            assert run(file, output=str(out), overwrite=overwrite) == 2
            said = capsys.readouterr().err
            assert (
                said
                == f"error: --output: {out} is being written by another process: wait for it, or name another file\n"
            )
            assert out.read_bytes() == held
        other.stdin.close()
    assert run(file, output=str(out)) == 0
    assert out.read_bytes() == whole


def test_ctrl_c_leaves_what_the_same_command_goes_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out, file = tmp_path / "out.jsonl", written(tmp_path / "in.jsonl", rows() * 40)
    plain, seen = score_file.FileScores.add, []

    def stop(self: Any, *of: Any) -> None:
        seen.append(of)
        if len(seen) == 100:
            raise KeyboardInterrupt
        plain(self, *of)

    monkeypatch.setattr(score_file.FileScores, "add", stop)
    assert run(file, output=str(out)) == 130
    assert "stopped; the same command goes on" in capsys.readouterr().err
    assert run(file, output=str(out)) == 0
    assert [row["mine"] for row in read(out)] == list(range(ROWS)) * 40
