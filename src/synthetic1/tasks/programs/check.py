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

Result = tuple[str | None, str | None]

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


def run_python(jobs: Sequence[tuple[str, str]], *, hash_seed: int, timeout_s: float = 120.0) -> list[Result]:
    """Outputs of ``(source, input)`` pairs, each ``(output, error)`` with one of them ``None``, from one interpreter.

    Raises:
        RuntimeError: the interpreter itself failed, or took longer than ``timeout_s`` seconds.
    """
    env = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")} | {"PYTHONHASHSEED": str(hash_seed)}
    command = [sys.executable, "-P", "-S", "-s", "-c", RUNNER]  # no site, nothing from the current folder
    given = json.dumps(list(jobs))
    try:
        done = subprocess.run(
            command, input=given, capture_output=True, text=True, env=env, timeout=timeout_s, check=False
        )
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"{len(jobs)} programs took longer than {timeout_s:g} s") from None
    if done.returncode != 0:
        raise RuntimeError(f"the checking interpreter ended with {done.returncode}: {_last_line(done.stderr)}")
    try:
        return [(output, error) for output, error in json.loads(done.stdout)]
    except ValueError:
        raise RuntimeError(f"a program wrote to the checking interpreter's output: {done.stdout[:60]!r}") from None


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["nothing on stderr"])[-1][-300:]


def check(programs: Sequence[tuple[str, str, str]]) -> list[Mismatch]:
    """Run ``(source, input, expected)`` triples under every hash seed; the mismatches, in order (none is the hope).

    Raises:
        RuntimeError: see ``run_python``.
    """
    mismatches = []
    for start in range(0, len(programs), PER_PROCESS):
        chunk = programs[start : start + PER_PROCESS]
        for seed in HASH_SEEDS:
            results = run_python([(source, text) for source, text, _ in chunk], hash_seed=seed)
            for offset, ((_, _, expected), (got, error)) in enumerate(zip(chunk, results, strict=True)):
                if got != expected:
                    mismatches.append(Mismatch(start + offset, seed, expected, got, error))
    return mismatches
