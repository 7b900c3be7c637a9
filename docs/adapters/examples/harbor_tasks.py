"""Write tasks as Harbor task directories, read them back, and score an answer as a container would.

python docs/adapters/examples/harbor_tasks.py FOLDER        # then: harbor run -p FOLDER --agent oracle
"""

from __future__ import annotations

import json
import sys
from itertools import islice
from pathlib import Path

from synthetic1 import open_tasks
from synthetic1.adapters.harbor import verify
from synthetic1.datagen.exporting.harbor import write_tasks

folder = Path(sys.argv[1])
tasks = list(islice(open_tasks("embedded:math"), 20))
made = write_tasks(tasks, folder, image="synthetic1")
assert {task.key for task in open_tasks(folder)} == {task.key for task in tasks}

[first, *_] = made
verdict = verify(first / "tests/task.json", first / "solution/answer.md", folder / "logs")
print(json.dumps({"tasks": len(made), "reward": (folder / "logs/reward.txt").read_text(), "reason": verdict.reason}))
