"""Runs a function on many inputs in an environment of its own choosing. Runs in the sandbox; standard library only.

The first line of stdin is the environment, the rest the job. The first stage reads that line, goes to the folder and
becomes a fresh interpreter under those variables (a hash seed counts from the start of one); the second runs the job.
"""

from __future__ import annotations

import json
import os
import sys
import types

BEGUN = "begun"
"""First word of what the second stage writes: without it nothing is known about the function."""
CANDIDATE = "candidate"


class StepsSpent(BaseException):
    """The function took more steps than it may."""


def first_stage() -> None:
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            sys.exit("there is no environment")
        line += byte
    wanted = json.loads(line)
    script = os.path.abspath(sys.argv[0] or __file__)
    os.chdir(wanted["cwd"])
    os.execve(sys.executable, [sys.executable, "-S", "-s", "-B", script, "job"], {**os.environ, **wanted["variables"]})


def second_stage() -> None:
    job = json.loads(os.fdopen(0, "rb", closefd=False).read())
    out = os.fdopen(os.dup(1), "w", encoding="ascii")
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):  # what the function prints goes nowhere, what it reads is empty
        os.dup2(nothing, number)
    out.write(BEGUN + "\n")
    out.flush()
    module = types.ModuleType(CANDIDATE)
    sys.modules[CANDIDATE] = module
    inputs = job["inputs"]
    order = range(len(inputs))[:: -1 if job["backwards"] else 1]
    found: list[dict[str, object] | None] = [None] * len(inputs)
    try:
        exec(compile(job["source"], CANDIDATE, "exec"), vars(module))
        function = vars(module)["transform"]
    except BaseException as error:
        out.write(json.dumps({"broken": said(error)}))
        out.flush()
        os._exit(0)
    for number in order:
        found[number] = one(function, inputs[number], job["max_steps"], job["max_output"])
    out.write(json.dumps({"results": found}))
    out.flush()
    os._exit(0)


def one(function: object, text: str, max_steps: int, max_output: int) -> dict[str, object]:
    """What becomes of one call. Steps are lines begun, as the interpreter counts them: the same on every machine."""
    steps = 0

    def count(frame: types.FrameType, event: str, value: object) -> object:
        nonlocal steps
        if event == "line":
            steps += 1
            if steps > max_steps:
                raise StepsSpent
        return count

    def enter(frame: types.FrameType, event: str, value: object) -> object:
        return count if frame.f_code.co_filename == CANDIDATE else None

    sys.settrace(enter)  # type: ignore[arg-type]
    try:
        returned = function(text)  # type: ignore[operator]
    except BaseException as error:
        sys.settrace(None)
        return {"steps": steps} if steps > max_steps else {"error": said(error)}
    finally:
        sys.settrace(None)
    if steps > max_steps:
        return {"steps": steps}
    if type(returned) is not str:
        return {"type": type(returned).__name__}
    if len(returned) > max_output:
        return {"long": len(returned)}
    return {"output": returned}


def said(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"[:200]
    except BaseException:
        return type(error).__name__


if __name__ == "__main__":
    second_stage() if sys.argv[1:] == ["job"] else first_stage()
