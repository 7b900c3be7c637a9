"""Evaluate a served model on generated mathematics with lm-evaluation-harness.

python docs/adapters/examples/lm_eval_math.py http://127.0.0.1:8000/v1 MODEL
"""

from __future__ import annotations

import json
import sys

from lm_eval import simple_evaluate
from lm_eval.tasks import TaskManager

from synthetic1.adapters.lm_eval import config, include_path

url, name = sys.argv[1:3]
found = simple_evaluate(
    model="local-chat-completions",
    model_args={"base_url": f"{url}/chat/completions", "model": name, "num_concurrent": 16, "max_length": 16384},
    tasks=[config("math", level="1-2", split="test", limit=20)],
    task_manager=TaskManager(include_path=include_path(), include_defaults=False),  # not its own ten thousand
    apply_chat_template=True,
)
result = found["results"]["synthetic1_math"]
print(json.dumps({"score": result.get("score,verified"), "unscorable": result["unscorable,verified"]}))
