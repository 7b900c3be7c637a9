"""Harbor: what a task directory's ``tests/test.sh`` runs, in the verifier's container.

    python3 -m synthetic1.adapters.harbor /tests/task.json /app/answer.md /logs/verifier

writes ``reward.txt``, a number from 0 to 1, and ``verdict.json``. Where a failure of ours leaves no score there is no
``reward.txt``, the exit code is 3, and Harbor counts the trial as an error, never as a reward of 0.
``format=harbor`` of ``synthetic1 export`` writes such directories, and ``open_tasks("FOLDER")`` reads them.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import sys
from pathlib import Path

from synthetic1.adapters.scoring import as_task, verdicts
from synthetic1.verdict import Verdict

REWARD, VERDICT = "reward.txt", "verdict.json"
MOST_BYTES = 4 << 20
"""Of an answer; what is behind them is not read."""
UNSCORABLE = 3
"""Exit code."""


def verify(task_file: Path, answer_file: Path, out: Path) -> Verdict:
    """Score an answer file, and write ``reward.txt`` (where there is a score) and ``verdict.json`` into ``out``.

    Raises:
        TaskError: ``task_file`` holds no task.
        OSError: it cannot be read, or ``out`` not be written.
    """
    out.mkdir(parents=True, exist_ok=True)
    for name in (REWARD, VERDICT, "reward.json"):  # of an earlier run: none may pass for this one's
        _remove(out / name)
    verdict = verdicts([as_task(task_file.read_text(encoding="utf-8"))], [read_answer(answer_file)])[0]
    (out / VERDICT).write_text(json.dumps(verdict.to_dict()) + "\n", encoding="utf-8")
    if verdict.score is not None:
        (out / REWARD).write_text(f"{verdict.score}\n", encoding="utf-8")
    return verdict


def read_answer(path: Path) -> str:
    """What an agent wrote. No file, or none that is a plain file of its own, is an empty answer: that is its doing."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return ""
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        return ""
    with open(handle, "rb") as file:
        return file.read(MOST_BYTES).decode("utf-8", "replace")


def _remove(path: Path) -> None:
    """Also a folder: an agent that made one of this name would otherwise have no reward instead of 0."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def main() -> int:
    if len(sys.argv) != 4:
        print("usage: python3 -m synthetic1.adapters.harbor TASK_JSON ANSWER_FILE OUT_FOLDER", file=sys.stderr)
        return 2
    verdict = verify(*map(Path, sys.argv[1:]))
    if verdict.score is None:
        print(f"no reward ({verdict.reason}): {verdict.details.get('why', '')}", file=sys.stderr)
        return UNSCORABLE
    print(f"reward {verdict.score} ({verdict.reason})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
