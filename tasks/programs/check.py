"""Checks ground truth: runs rendered Python in fresh interpreters under two hash seeds, hundreds of programs each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

HASH_SEEDS = (0, 1)
PER_PROCESS = 500

# Our own programs, not a model's: a plain interpreter will do, a sandbox is for strangers.
RUNNER = """
import json, sys
outputs = []
for source, text in json.load(sys.stdin):
    scope = {}
    try:
        exec(compile(source, "program", "exec"), scope)
        outputs.append([scope["transform"](text), None])
    except Exception as error:
        outputs.append([None, f"{type(error).__name__}: {error}"])
json.dump(outputs, sys.stdout)
"""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A program whose run does not give what the evaluator says."""

    index: int
    hash_seed: int
    expected: str
    got: str | None
    error: str | None


def run_python(jobs: Sequence[tuple[str, str]], *, hash_seed: int, timeout_s: float = 120.0) -> list[tuple[str | None, str | None]]:
    """Outputs of ``(source, input)`` pairs, each ``(output, error)``, from one interpreter.

    Raises:
        RuntimeError: the interpreter itself failed, or took longer than ``timeout_s`` seconds.
    """
    env = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")} | {"PYTHONHASHSEED": str(hash_seed)}
    command = [sys.executable, "-S", "-s", "-c", RUNNER]
    try:
        done = subprocess.run(
            command, input=json.dumps(list(jobs)), capture_output=True, text=True, env=env, timeout=timeout_s, check=False
        )
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"{len(jobs)} programs took longer than {timeout_s:.0f} s") from None
    if done.returncode != 0:
        raise RuntimeError(f"the checking interpreter ended with {done.returncode}: {done.stderr.strip()[-300:]}")
    return [(output, error) for output, error in json.loads(done.stdout)]


def check(programs: Sequence[tuple[str, str, str]]) -> list[Mismatch]:
    """Run ``(source, input, expected)`` triples under every hash seed; the mismatches, in order (none is the hope)."""
    mismatches = []
    for start in range(0, len(programs), PER_PROCESS):
        chunk = programs[start : start + PER_PROCESS]
        for seed in HASH_SEEDS:
            results = run_python([(source, text) for source, text, _ in chunk], hash_seed=seed)
            for offset, ((_, _, expected), (got, error)) in enumerate(zip(chunk, results, strict=True)):
                if got != expected:
                    mismatches.append(Mismatch(start + offset, seed, expected, got, error))
    return mismatches
