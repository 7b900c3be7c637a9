"""A second reader of formulas in a process of its own: latex2sympy2_extended and sympy, killed when they take too long.

Run as a program it answers one JSON line a request: ``{"gold", "answer"}`` with ``{"said"}``, or with nothing in it.
"""

from __future__ import annotations

import json
import os
import random
import resource
import select
import subprocess
import sys
from typing import Any

from synthetic1.evaluation.auditing.case import OracleAnswer

START_S = 120.0  # to import sympy, on a busy machine
ANSWER_S = 10.0
MEMORY = 4 << 30  # bytes of address space
POINTS = 12
ENOUGH_POINTS = 8


class SympyWorker:
    """The process, started with the first question and anew after it was killed. Not for several threads at once."""

    def __init__(self, answer_s: float = ANSWER_S) -> None:
        self.answer_s = answer_s
        self._process: subprocess.Popen[bytes] | None = None
        self._is_ready = False

    def ask(self, gold: str, answer: str) -> OracleAnswer:
        """What sympy says; ``UNREAD`` when it cannot say, or not in time."""
        return OracleAnswer(self._ask({"gold": gold, "answer": answer}).get("said", OracleAnswer.UNREAD.value))

    def close(self) -> None:
        """Kill the process, if there is one. A later question starts another."""
        process, self._process, self._is_ready = self._process, None, False
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()

    def _ask(self, question: dict[str, str]) -> dict[str, Any]:
        try:
            process = self._started()
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(question).encode() + b"\n")
            process.stdin.flush()
            if not select.select([process.stdout], [], [], self.answer_s)[0]:
                raise TimeoutError
            line = process.stdout.readline()
            if not line:
                raise BrokenPipeError
            answer: dict[str, Any] = json.loads(line)
            return answer
        except (TimeoutError, BrokenPipeError):
            self.close()
            return {}

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
            )
        if not self._is_ready:
            assert self._process.stdout is not None
            if not select.select([self._process.stdout], [], [], START_S)[0]:
                raise TimeoutError
            if not self._process.stdout.readline():
                raise BrokenPipeError
            self._is_ready = True
        return self._process


# The program ----------------------------------------------------------------------------------------------------------


def main() -> None:
    """Answer questions from standard input until it closes."""
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever the libraries print is not an answer
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    from latex2sympy2_extended import latex2sympy

    latex2sympy("x")
    print("{}", file=replies, flush=True)
    for line in sys.stdin:
        question = json.loads(line)
        try:
            answer = _compared(**question)
        except Exception:  # of the libraries, which raise anything at all
            answer = {}
        print(json.dumps(answer), file=replies, flush=True)


def _compared(gold: str, answer: str) -> dict[str, str]:
    import sympy
    from latex2sympy2_extended import latex2sympy

    left, right = latex2sympy(gold), latex2sympy(answer)
    if left == right:
        return {"said": OracleAnswer.EQUAL.value}
    if not isinstance(left, sympy.Expr) or not isinstance(right, sympy.Expr):
        return {}
    names = sorted(left.free_symbols | right.free_symbols, key=str)
    rng = random.Random(len(names))
    agreed = 0
    for _ in range(POINTS if names else 1):
        point = {name: sympy.Rational(rng.randint(200, 3000), 997) for name in names}
        one, other = (complex(side.evalf(30, subs=point)) for side in (left, right))
        if not abs(one - other) <= 1e-9 * (abs(one) + abs(other) + 1):
            return {"said": OracleAnswer.DIFFERENT.value} if abs(one - other) < float("inf") else {}
        agreed += 1
    return {"said": OracleAnswer.EQUAL.value} if agreed >= ENOUGH_POINTS or not names else {}


if __name__ == "__main__":
    main()
