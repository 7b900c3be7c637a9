"""Ground truth by running: planted faults are found, sound functions stay, and what they give is right."""

from __future__ import annotations

import ast
import asyncio
import json
import random
import re
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from planted_functions import functions

from synthetic1.datagen.curation.draft import Draft, Dropped
from synthetic1.datagen.curation.raw_rows import RawRow
from synthetic1.datagen.curation.recipes.code_understanding import CodeUnderstandingRecipe, EvolutionSettings
from synthetic1.datagen.curation.recipes.evolution.functions import Unfit, read_function
from synthetic1.datagen.curation.recipes.evolution.inputs import draw_inputs
from synthetic1.datagen.curation.recipes.evolution.truth import TruthLimits, outputs_of
from synthetic1.sandbox import open_sandbox
from synthetic1.task import Task
from synthetic1.tasks.code_understanding import Example, examples
from synthetic1.tasks.programs.evaluate import evaluate

TEXT = (
    "Rain fell on 14 of 30 days in April, the station's keeper wrote; the river rose by 2 metres, then it sank again."
)
LIMITS = TruthLimits(max_steps=20_000, max_output=600, cpu_s=1.0)
RECIPE = CodeUnderstandingRecipe(EvolutionSettings(iterations=0, cpu_s=1.0))


class OneReply:
    """Tools whose model says one thing."""

    seed = 5
    has_model = True

    def __init__(self, sandbox: Any, reply: str) -> None:
        self.sandbox, self.reply = sandbox, reply

    async def ask(self, prompt: str, draft: Draft, step: str, **values: str) -> Any:
        return self.reply

    async def run(self, program: Any, inputs: Any, limits: Any = None, *, fresh: bool = False) -> Any:
        return list(await self.sandbox.run(program, inputs, limits, fresh=fresh))

    async def score(self, task: Any, completion: Any) -> Any:
        raise AssertionError("the recipe leaves golds to the pipeline")


Outcome = str | list[Task]


def outcomes(sources: list[str]) -> list[Outcome]:
    """The tasks of each function, or the reason why there are none."""

    async def one(sandbox: Any, number: int, source: str) -> Outcome:
        fields = {"text": TEXT, "synthetic1_lineage": number}
        draft = RECIPE.draft(RawRow(f"t.jsonl, row {number}", fields, "t.jsonl", number))
        try:
            return await RECIPE.finish(draft, OneReply(sandbox, source))
        except Dropped as error:
            return error.reason

    async def work() -> list[Outcome]:
        async with open_sandbox() as sandbox:
            return await asyncio.gather(*(one(sandbox, *given) for given in enumerate(sources)))

    return asyncio.run(work())


@pytest.mark.usefixtures("sandbox_kind")
def test_planted_faults_are_found() -> None:
    planted = [(reason, source) for reason, some in functions("run").items() for source in some]
    assert len(planted) >= 100
    assert len({source for _, source in planted}) == len(planted)
    found = outcomes([source for _, source in planted])
    missed = [source for (_, source), outcome in zip(planted, found, strict=True) if not isinstance(outcome, str)]
    other = [(reason, o, source) for (reason, source), o in zip(planted, found, strict=True) if o != reason]
    print(f"\n{len(planted)} planted, {len(missed)} missed, {len(other)} with another reason")
    assert len(missed) <= 0.02 * len(planted), missed
    assert len(other) <= 0.02 * len(planted), other


@pytest.mark.usefixtures("sandbox_kind")
@pytest.mark.parametrize("a_level", [12, pytest.param(35, marks=pytest.mark.proofs)])
def test_sound_functions_stay_and_give_what_an_independent_evaluator_says(a_level: int) -> None:
    """The grammar's programs, whose outputs are known without running them, and some that look suspicious."""
    known: list[Example] = [one for level in range(2, 11) for one in islice(examples(level, seed=61), a_level)]
    (sound,) = functions("sound").values()
    found = outcomes([*sound, *(one.source for one in known)])
    dropped = Counter(outcome for outcome in found if isinstance(outcome, str))
    print(f"\n{len(found)} sound, dropped: {dict(dropped)}")
    assert len(found) >= 9 * a_level + 20
    assert dropped.total() <= 0.01 * len(found), [s for s, o in zip(sound, found, strict=False) if isinstance(o, str)]
    checked = 0
    for one, outcome in zip(known, found[len(sound) :], strict=True):
        for task in outcome if isinstance(outcome, list) else []:
            assert task.gold_standard_solution == evaluate(one.program, task.metadata["input"])
            checked += 1
    assert checked >= 2 * 0.99 * len(known)


def value_of(literal: str) -> Any:
    """None of what is not one value: arguments by name, calls."""
    try:
        return ast.literal_eval(literal)
    except (SyntaxError, ValueError):
        return None


@pytest.mark.usefixtures("sandbox_kind")
def test_published_functions_give_their_published_outputs(shared_data: Path) -> None:
    """CRUXEval's functions of one string: what is kept of them gives what their authors say."""
    rows = [json.loads(line) for line in (shared_data / "cruxeval.jsonl").read_text(encoding="utf-8").splitlines()]
    published = []
    for row in rows:
        given, output = value_of(row["input"]), value_of(row["output"])
        if isinstance(given, str) and isinstance(output, str):
            published.append((re.sub(r"\bf\(", "transform(", row["code"]), given, output))
    assert len(published) >= 100

    async def one(sandbox: Any, number: int) -> str:
        source, given, output = published[number]
        inputs = [given, *(text for text in draw_inputs(TEXT, random.Random(number), 12, 60) if text != given)]
        try:
            source, _ = read_function(source, 6_000)
            outputs = await outputs_of(source, inputs, OneReply(sandbox, ""), LIMITS)
        except Unfit as error:
            return error.reason
        return "right" if outputs[0] == output else f"{outputs[0]!r} is not {output!r}"

    async def work() -> list[str]:
        async with open_sandbox() as sandbox:
            return await asyncio.gather(*(one(sandbox, number) for number in range(len(published))))

    found = Counter(asyncio.run(work()))
    print(f"\n{len(published)} published: {dict(found.most_common())}")
    reasons = {"right", "crashing", "constant", "identity", "not_a_string_function", "too_slow"}
    assert set(found) <= reasons, "nothing else is true of them; one of them does not end for an A"
    assert found["right"] >= 0.4 * len(published)
