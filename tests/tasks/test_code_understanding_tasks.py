"""Generated tasks: which programs are kept, and what a task says."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import synthetic1
from synthetic1.tasks import code_understanding
from synthetic1.tasks.code_understanding import Example, GeneratedTasks, LevelExhausted, capacity, examples, to_task
from synthetic1.tasks.programs.behaviour import BEHAVIOUR_INPUTS, Split, behaviour, split_of
from synthetic1.tasks.programs.check import run_python
from synthetic1.tasks.programs.choices import Choices
from synthetic1.tasks.programs.evaluate import TooLarge, evaluate
from synthetic1.tasks.programs.grammar import Grammar
from synthetic1.tasks.programs.inputs import draw_input
from synthetic1.tasks.programs.languages import LANGUAGES, TargetLanguage
from synthetic1.tasks.programs.levels import LEVELS
from synthetic1.tasks.programs.ops import apply
from synthetic1.tasks.programs.program import (
    Assign,
    Expr,
    Function,
    If,
    Lit,
    Return,
    SourceProgram,
    Type,
    Var,
)

S = Var("s", Type.TEXT)


def first(level: int, count: int, *, split: Split = "train", seed: int = 0) -> list[Example]:
    return list(islice(examples(level, split=split, seed=seed), count))


# -- which programs are kept


@settings(max_examples=25, deadline=None)
@given(level=st.integers(1, 8), split=st.sampled_from(["train", "test"]), seed=st.integers(0, 2**32))
def test_no_program_is_constant_identity_or_a_duplicate(level: int, split: Split, seed: int) -> None:
    found = first(level, 12, split=split, seed=seed)
    assert len({e.source for e in found}) == len(found)
    choose = Choices(np.random.default_rng([seed, 77]))
    for example in found:
        assert example.output != example.text
        assert 0 < len(example.output) <= 1_500
        assert split_of(behaviour(example.program)) == split_of(example.text) == split
        outputs = {example.output}
        for _ in range(300):  # some input gives something else, so the program is not constant
            try:
                outputs.add(evaluate(example.program, draw_input(LEVELS[level], choose)))
            except TooLarge:
                continue
            if len(outputs) > 1:
                break
        assert len(outputs) > 1, example.source


def returning(node: Expr) -> SourceProgram:
    return SourceProgram((), Function("transform", (S,), Type.TEXT, (Assign(S, node), Return(S))))


def doing(*nodes: Expr) -> SourceProgram:
    body = (*(Assign(S, node) for node in nodes), Return(S))
    return SourceProgram((), Function("transform", (S,), Type.TEXT, body))


SEPARATED = apply("concat", Lit("x", Type.TEXT), S)


@pytest.mark.parametrize(
    ("program", "kept"),
    [
        (returning(SEPARATED), 1),  # distinct ones only: the second time it is known
        (returning(S), 0),
        (returning(apply("reverse", apply("reverse", S))), 0),
        (returning(apply("lower", S)), 0),  # the identity on lower-case words
        (returning(Lit("x", Type.TEXT)), 0),
        (returning(apply("take_first", SEPARATED, Lit(1, Type.INT))), 0),  # constant, though not by its looks
        (returning(apply("remove", S, S)), 0),  # empty
        (returning(apply("repeat", S, Lit(9, Type.INT))), 0),  # longer than the 16 characters of a first level
        (returning(apply("repeat", S, Lit(90_000, Type.INT))), 0),  # beyond what the evaluator does
        (doing(apply("lower", S), apply("upper", S)), 1),  # of two steps one is left
        (doing(apply("reverse", S), apply("reverse", S)), 0),
        (doing(apply("upper", S), apply("swap_halves", S)), 0),  # two steps, where level 1 wants one
    ],
)
def test_unworthy_programs_are_thrown_away(program: SourceProgram, kept: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Grammar, "program", lambda _: program)
    monkeypatch.setattr(code_understanding, "MAX_ATTEMPTS", 200)
    try:
        split = split_of(behaviour(program))
    except TooLarge:
        split = "train"
    stream = examples(1, split=split)
    with pytest.raises(LevelExhausted) as caught:
        list(stream)
    assert caught.value.found == kept


def test_an_exhausted_level_says_so_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    made = first(2, 3)

    def few(level: int, *, split: Split, seed: int) -> Iterator[Example]:
        yield from made
        raise LevelExhausted(level, split, len(made))

    monkeypatch.setattr(code_understanding, "examples", few)
    source = GeneratedTasks(2, size=5)
    assert source.example(2) == made[2]
    message = r"^level 2 \(train\) has hardly more than 3 distinct programs; ask for fewer, or add levels$"
    for _ in range(2):
        with pytest.raises(LevelExhausted, match=message):
            source[4]
    with pytest.raises(ValueError, match=message):  # what callers at the edge catch
        list(source)
    assert pickle.loads(pickle.dumps(LevelExhausted(1, "test", 3))).found == 3


def test_splits_share_neither_behaviours_nor_inputs() -> None:
    """Behaviours as Python gives them: the rendered sources are run, in interpreters of their own."""
    sides: dict[Split, list[Example]] = {"train": [], "test": []}
    for level, count in ((1, 100), (2, 100), (3, 60), (5, 40), (8, 15)):
        for split, found in sides.items():
            found += [e for seed in (0, 1) for e in first(level, count // 2, split=split, seed=seed)]
    for split, found in sides.items():
        jobs = [(e.source, text) for e in found for text in BEHAVIOUR_INPUTS]
        outputs = [output for output, _ in run_python(jobs, hash_seed=0)]
        for k, example in enumerate(found):
            shown = json.dumps(outputs[k * len(BEHAVIOUR_INPUTS) : (k + 1) * len(BEHAVIOUR_INPUTS)])
            assert shown == behaviour(example.program)
            assert split_of(shown) == split
    assert not {e.text for e in sides["train"]} & {e.text for e in sides["test"]}


@settings(max_examples=40, deadline=None)
@given(level=st.integers(1, 7), seed=st.integers(0, 2**32))
def test_a_program_in_other_words_is_on_the_same_side(level: int, seed: int) -> None:
    choose = Choices(np.random.default_rng(seed))
    drawn = Grammar(LEVELS[level], choose, draw_input(LEVELS[level], choose)).program()
    turned = Assign(S, apply("reverse", S))
    body = (turned, turned, *drawn.main.body[:-1], If(Lit(1, Type.INT), (turned, turned), ()), drawn.main.body[-1])
    longer = SourceProgram(drawn.helpers, Function("transform", (S,), Type.TEXT, body))
    try:
        assert behaviour(longer) == behaviour(drawn)
    except TooLarge:
        return
    assert LANGUAGES["python"].render(longer) != LANGUAGES["python"].render(drawn)


def test_about_a_tenth_is_held_out() -> None:
    share = sum(split_of(f"program {i}") == "test" for i in range(20_000)) / 20_000
    assert abs(share - 0.1) < 0.01


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.proofs)])
def test_level_1_has_the_programs_it_is_said_to_have(seed: int) -> None:
    for split in ("train", "test"):
        source = GeneratedTasks(1, split="test" if split == "test" else "train", seed=seed, size=10_000)
        assert len(source) == capacity(1, source.split)
        assert source[-1].problem_id == f"code_understanding/L1/s{seed}/{split}/{len(source) - 1}"
        assert len({task.metadata["program"] for task in source}) == len(source)


# -- what a task says


def test_a_task_of_every_level_says_all_there_is_to_know() -> None:
    for task in GeneratedTasks("1-10", seed=5, size=20):
        level = task.metadata["level"]
        assert task.task_type == "code_output_prediction"
        assert {k: task.metadata[k] for k in ("complexify_iteration", "language")} == {
            "complexify_iteration": level - 1,
            "language": "python",
        }
        assert task.verification_info == {"ground_truth": task.gold_standard_solution, "compare": "string"}
        assert task.source == "synthetic1/code_understanding"
        assert f"```python\n{task.metadata['program']}\n```" in task.prompt
        assert json.dumps(task.metadata["input"]) in task.prompt
        assert 'JSON that has one field, the returned string: {"output": "..."}' in task.prompt
        assert type(task).from_row(json.loads(json.dumps(task.to_row()))) == task


def test_the_prompt_does_not_hold_the_answer() -> None:
    """Beyond chance: a long output that stands in the prompt is a part of the input, and then not the whole of it."""
    for task in GeneratedTasks("4-8", seed=6, size=100):
        gold = task.gold_standard_solution
        assert gold is not None
        assert json.dumps({"output": gold}) not in task.prompt
        assert gold != task.metadata["input"]


def test_gold_scores_1_and_every_other_gold_0() -> None:
    tasks = list(GeneratedTasks("1-10", seed=7, size=60))
    golds = [task.verification_info["ground_truth"] for task in tasks]
    pairs = [(task, json.dumps({"output": gold})) for task in tasks for gold in golds]
    verdicts = synthetic1.score_many(pairs)
    for (task, _), verdict, gold in zip(pairs, verdicts, golds * len(tasks), strict=True):
        assert verdict.score == float(gold == task.verification_info["ground_truth"])


def test_a_trace_ends_with_the_output_and_shows_lines_of_the_program() -> None:
    for level in LEVELS:
        for example in first(level, 10, seed=8):
            steps = example.steps()
            assert steps[-1] == ("return s", example.output)
            assert {line for line, _ in steps} <= {line.strip() for line in example.source.splitlines()}


def test_a_further_language_is_a_renderer_and_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but the renderer knows the syntax: with another one, prompt, steps and metadata follow."""
    shout = TargetLanguage(
        "Shout",
        render=lambda program: f"PROGRAM {program.main.name}",
        render_statement=lambda program, node: type(node).__name__.upper(),
        render_unit=lambda runs: "",
    )
    monkeypatch.setitem(LANGUAGES, "shout", shout)
    example = first(2, 1)[0].shown_in("shout")
    assert example.prompt().startswith(
        "Predict what this Shout program returns.\n\n```shout\nPROGRAM transform\n```\n\nIt is called as `transform(s)`"
    )
    assert [line for line, _ in example.steps()] == ["ASSIGN", "ASSIGN", "RETURN"]
    assert to_task(example, "id").metadata["language"] == "shout"
