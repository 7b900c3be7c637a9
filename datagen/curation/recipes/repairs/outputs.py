"""Outputs of programs that were to be predicted: run again, and compared with what the row says."""

from __future__ import annotations

import ast
import asyncio
import json
import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from synthetic1.datagen.curation.draft import Draft, Dropped, Quarantined
from synthetic1.datagen.curation.raw_rows import is_encodable
from synthetic1.datagen.curation.recipe import Tools
from synthetic1.rewards.code_understanding import typed
from synthetic1.sandbox.errors import UnknownLanguage
from synthetic1.sandbox.languages.registry import get_language
from synthetic1.sandbox.program import Call, Limits, Program
from synthetic1.sandbox.result import Result
from synthetic1.task import Task

STEP, PYTHON = "outputs", "python"
LIMITS = Limits(cpu_s=5.0, wall_s=60.0)
RUNS = 3
"""Under other hash seeds and times: what differs between them is not a fact."""
_fence = re.compile(r"```(\w+)\n(.*?)\n```", re.DOTALL)
_called = re.compile(r"called as `(\w+)\(")


@dataclass(frozen=True)
class Prediction:
    """A program, and what is asked about it."""

    language: str
    source: str
    function: str
    argument: Any = None
    """JSON, of a function that is called with it."""
    expression: str | None = None
    """Arguments as source of Python, as CRUXEval has them."""


def prediction_of(task: Task, fields: Mapping[str, Any]) -> Prediction | None:
    """What can be run of a task; None where program and input do not stand in the row."""
    code, given = fields.get("code"), fields.get("input")
    if isinstance(code, str) and isinstance(given, str):
        return Prediction("python", code, "f", expression=given)
    program, given = task.metadata.get("program"), task.metadata.get("input")
    try:
        name = get_language(task.language or "").name
    except UnknownLanguage:
        return None
    if given is None or task.language is None:
        return None
    if not isinstance(program, str):
        shown = _fence.search(task.prompt)
        program = shown[2] if shown is not None else None
    named = _called.search(task.prompt)
    if program is None or named is None:
        return None
    return Prediction(name if name == PYTHON else task.language, program, named[1], argument=given)


async def repaired_output(task: Task, draft: Draft, tools: Tools, *, fix: bool) -> Task:
    """The task with what its program gives.

    Raises:
        Dropped: the program fails, or gives another output each time; with ``fix`` off, another than the row says.
        Quarantined: the sandbox cannot say.
    """
    said = draft.data.get("prediction")
    if said is None:
        draft.history["outputs"] = "not run: the row has no program with its input in a language that is run here"
        return task
    made = Prediction(**said)
    outputs = [_output(made, await _run(made, 0, tools))]  # alone: a program that fails is not run three times
    results = await asyncio.gather(*(_run(made, seed, tools) for seed in range(1, RUNS)))
    outputs += [_output(made, result) for result in results]
    literal = task.verification_info.get("compare") == "python_literal"
    first = _value(outputs[0], literal)
    other = next((place for place, one in enumerate(outputs) if _value(one, literal) != first), None)
    if other is not None:  # a set is in no order; the outputs are not said, for they would be others the next time
        raise Dropped(STEP, "non_deterministic", f"run {other + 1} gives another output than the first")
    gold = str(task.verification_info.get("ground_truth"))
    if _value(gold, literal) == _value(outputs[0], literal):
        return task
    if not fix:
        raise Dropped(STEP, "wrong_gold", f"the row says {gold:.100}, the program gives {outputs[0]:.100}")
    draft.history["repair"] = {"output_from_program": f"{gold:.200}"}
    info = {**task.verification_info, "ground_truth": outputs[0]}
    return replace(task, verification_info=info, gold_standard_solution=outputs[0])


async def _run(made: Prediction, seed: int, tools: Tools) -> Result:
    if made.expression is None and made.language != PYTHON:
        (result,) = await tools.run(Program(made.language, made.source), [Call(made.function, [made.argument])], LIMITS)
        return result
    if made.expression is not None:
        source = _PRINTED.format(code=made.source, function=made.function, given=made.expression)
    else:
        source = _CALLED.format(code=made.source, function=made.function, given=json.dumps(made.argument))
    (result,) = await tools.run(Program("python", source), [str(seed)], LIMITS, fresh=True)
    return result


_SEEDED = """\
import os, sys
if os.environ.get("PYTHONHASHSEED") is None or len(sys.argv) < 2:
    os.environ["PYTHONHASHSEED"] = str(1 + int(sys.stdin.read() or 0))
    os.execv(sys.executable, [sys.executable, os.path.abspath(__file__), "again"])
"""
_PRINTED = (
    _SEEDED
    + """\
exec(compile({code!r}, "program", "exec"), globals())
_result = repr({function}({given}))
sys.stdout.write("\\n\\x00" + _result)
"""
)
_CALLED = (
    _SEEDED
    + """\
import json as _json
exec(compile({code!r}, "program", "exec"), globals())
_result = {function}(_json.loads({given!r}))
sys.stdout.write("\\n\\x00" + _json.dumps(_result if isinstance(_result, str) else [type(_result).__name__]))
"""
)
"""A function that is called with JSON; what it returns as JSON; where that is no text, its type in a list."""


def _output(made: Prediction, result: Result) -> str:
    if result.status != "ok":
        why = result.why or result.stderr.decode("utf-8", "replace").strip()[-200:]
        raise Dropped(STEP, "program_fails", f"{result.status}: {why}")
    if made.expression is not None:
        return result.stdout.decode("utf-8", "replace").rpartition("\n\x00")[2]
    returned = result.instead or result.returned or "null"
    if made.language == PYTHON:
        returned = result.stdout.decode("utf-8", "replace").rpartition("\n\x00")[2]
    try:
        value = json.loads(returned)
    except (ValueError, RecursionError):
        raise Quarantined(STEP, "unreadable_output", f"{returned!r:.100}") from None
    if not is_encodable(value):
        raise Quarantined(STEP, "unreadable_output", "it holds half of a character")
    if not isinstance(value, str):
        raise Dropped(STEP, "not_a_string_function", f"it returns {value!r:.100}")
    return value


def _value(text: str, literal: bool) -> Hashable:
    if not literal:
        return text
    try:
        return typed(ast.literal_eval(text))
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return text
