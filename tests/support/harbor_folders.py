"""Harbor task directories as Harbor itself sees them: run by test_harbor.py in its environment; prints JSON.

    python tests/support/harbor_folders.py FOLDER ANSWERS

ANSWERS is JSON: folder name → what the agent wrote, or null for nothing. Harbor's own verifier then runs each task's
tests and reads the reward. There is no container: a stand-in for one maps its folders below a temporary one.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

from harbor.models.task.config import TaskOS
from harbor.models.task.task import Task
from harbor.models.task.verifier_mode import resolve_verifier_environment_definition
from harbor.models.trial.paths import TrialPaths
from harbor.verifier.verifier import Verifier

folder, answers = Path(sys.argv[1]), json.loads(sys.argv[2])


class Below:
    """What the verifier asks of an environment, with ``/tests``, ``/app`` and ``/logs`` below a folder."""

    os = TaskOS.LINUX

    def __init__(self, root):
        self.root = root
        for name in ("tests", "app", "logs/verifier", "bin"):
            (root / name).mkdir(parents=True)
        python = root / "bin/python3"  # the paths in test.sh are the container's
        python.write_text(f'#!/bin/sh\nexec {sys.executable} "$1" "$2" "$3" "{root}$4" "{root}$5"\n')
        python.chmod(0o755)

    def is_path_mounted(self, inside, outside):
        return False

    async def upload_dir(self, source_dir, target_dir):
        shutil.copytree(source_dir, f"{self.root}{target_dir}", dirs_exist_ok=True)

    async def download_dir(self, source_dir, target_dir):
        shutil.copytree(f"{self.root}{source_dir}", target_dir, dirs_exist_ok=True)

    async def exec(self, command, env=None, user=None):
        for name in ("/tests", "/logs"):
            command = command.replace(name, f"{self.root}{name}")
        path = f"{self.root}/bin:/usr/bin:/bin"
        process = await asyncio.create_subprocess_exec("bash", "-c", command, env={"PATH": path})
        await process.wait()
        return SimpleNamespace(return_code=process.returncode, stdout="", stderr="")


async def verify(task, answer, root):
    below = Below(root / "container")
    if answer is not None:
        (below.root / "app/answer.md").write_text(answer)
    paths = TrialPaths(root / "trial")
    paths.verifier_dir.mkdir(parents=True)
    try:
        rewards = (await Verifier(task, paths, below).verify()).rewards
    except Exception as error:
        said = (paths.verifier_dir / "test-stdout.txt").read_text()
        return {"error": type(error).__name__, "said": said}
    return {**rewards, "reason": json.loads((paths.verifier_dir / "verdict.json").read_text())["reason"]}


told = {}
for path in sorted(folder.iterdir()):
    if not path.is_dir() or path.name == "plots":
        continue
    task = Task(path)
    definition = resolve_verifier_environment_definition(task.config, task.paths)
    told[path.name] = {
        "valid": Task.is_valid_dir(path),
        "name": task.name,
        "key": task.config.metadata["key"],
        "instruction": task.instruction,
        "artifacts": task.config.artifacts,
        "own_container": definition is not None and not definition.bundled_tests,
        "image_from": definition.directory.name,
        "solution": task.paths.discovered_solve_path is not None,
    }
    if path.name in answers:
        with tempfile.TemporaryDirectory() as root:
            told[path.name]["verified"] = asyncio.run(verify(task, answers[path.name], Path(root)))
print(json.dumps(told))
