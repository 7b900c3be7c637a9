"""What ``code_server.py`` measures ours beside: verl's own ``prime_code``, in an environment that has verl.

One line of JSON in, one out. Called as verl's reward managers call it: ``continuous=True``, in a pool of processes,
one a core here. It forks two processes a program out of one that has imported all that ``import verl`` does, torch and
Ray among it; with ``bare`` that is left out, which is kinder than any use of verl.

Nothing keeps the programs from this machine: only those of our own tasks are given to it.
"""

from __future__ import annotations

import json
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from types import ModuleType
from typing import Any


def grade(job: dict[str, Any]) -> bool:
    from verl.utils.reward_score.prime_code import compute_score  # type: ignore[import-not-found, unused-ignore]

    tests = {"inputs": job["inputs"], "outputs": job["outputs"]}
    if job["function"]:
        tests["fn_name"] = job["function"]
    score, _ = compute_score(f"```python\n{job['code']}\n```", tests, continuous=True)
    return float(score) == 1.0


def leave_out_packages() -> None:
    """Have ``prime_code`` imported without what the packages above it import."""
    spec = find_spec("verl")  # which imports nothing
    assert spec is not None
    assert spec.submodule_search_locations is not None
    [folder] = spec.submodule_search_locations
    for name in ("verl", "verl.utils", "verl.utils.reward_score"):
        sys.modules[name] = ModuleType(name)
        sys.modules[name].__path__ = [os.path.join(folder, *name.split(".")[1:])]


def serve() -> None:
    import verl.utils.reward_score.prime_code  # type: ignore[import-not-found, unused-ignore]  # noqa: F401 - once, before the forks

    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # it prints
    with ProcessPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for line in sys.stdin:
            asked = json.loads(line)
            begun = time.perf_counter()
            verdicts = list(pool.map(grade, asked["jobs"]))
            print(json.dumps({"seconds": time.perf_counter() - begun, "verdicts": verdicts}), file=replies, flush=True)


if __name__ == "__main__" and sys.argv[1:2] == ["serve"]:
    if sys.argv[2:] == ["bare"]:
        leave_out_packages()
    serve()
