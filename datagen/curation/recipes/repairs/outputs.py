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
from synthetic1.datagen.curation.recipes.repairs.environments import MARK, in_environment, python_runner
from synthetic1.rewards.code_understanding import typed
from synthetic1.sandbox.errors import UnknownLanguage
from synthetic1.sandbox.languages.registry import get_language
from synthetic1.sandbox.program import Call, Limits, Program
from synthetic1.sandbox.result import Result
from synthetic1.task import Task

STEP, PYTHON = "outputs", "python"
LIMITS = Limits(cpu_s=5.0, wall_s=60.0)
RUNS = 3
"""In other environments (see ``environments``) and at other times: what differs between them is not a fact."""
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


async def _run(made: Prediction, number: int, tools: Tools) -> Result:
    if made.expression is None and get_language(made.language).name != PYTHON:
        calls = [Call(made.function, [made.argument])]
        source = in_environment(made.source, made.language, number)
        (result,) = await tools.run(Program(made.language, source), calls, LIMITS)
        if result.status == "compile_error" and source != made.source:  # ours does not fit into it: no fault of its own
            (result,) = await tools.run(Program(made.language, made.source), calls, LIMITS)
        return result
    given = made.expression if made.expression is not None else json.dumps(made.argument)
    job = [made.source, made.function, given, made.expression is not None]
    (result,) = await tools.run(Program(PYTHON, python_runner(job)), [str(number)], LIMITS, fresh=True)
    return result


def _output(made: Prediction, result: Result) -> str:
    if result.status != "ok":
        why = result.why or result.stderr.decode("utf-8", "replace").strip()[-200:]
        raise Dropped(STEP, "program_fails", f"{result.status}: {why}")
    returned = result.instead or result.returned or "null"
    if made.expression is not None or made.language == PYTHON:
        _, mark, returned = result.stdout.decode("utf-8", "replace").rpartition(MARK)
        if not mark:
            raise Dropped(STEP, "program_fails", "it ends the interpreter before the function has returned")
    if made.expression is not None:
        return returned
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
