"""Evaluate a served model on generated mathematics with inspect-ai.

python docs/adapters/examples/inspect_math.py http://127.0.0.1:8000/v1 MODEL      # logs: ./logs, or $INSPECT_LOG_DIR
"""

from __future__ import annotations

import json
import sys

from inspect_ai import eval
from inspect_ai.model import get_model

from synthetic1.adapters.inspect_ai import task

url, name = sys.argv[1:3]
model = get_model(f"openai-api/local/{name}", base_url=url, api_key="none")
[log] = eval(task("math", level="1-2", split="test", limit=20), model=model, display="plain")

[verified] = log.results.scores
print(json.dumps({"accuracy": verified.metrics["accuracy"].value, "unscored": verified.unscored_samples}))
