"""Generated tasks: what is kept, what a task says, and a source that behaves like every other."""

from __future__ import annotations

import json
import multiprocessing
import pickle
import threading
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import synthetic1
from synthetic1.tasks import Mixture, TaskList, code_understanding, open_tasks
from synthetic1.tasks.code_understanding import (
    Example,
    GeneratedTasks,
    LevelExhausted,
    Split,
    capacity,
    examples,
    split_of,
    to_task,
)
from synthetic1.tasks.programs.choices import Choices
from synthetic1.tasks.programs.evaluate import TooLarge, evaluate
from synthetic1.tasks.programs.grammar import Grammar
from synthetic1.tasks.programs.inputs import draw_input
from synthetic1.tasks.programs.languages import LANGUAGES, Language
from synthetic1.tasks.programs.levels import LEVELS
from synthetic1.tasks.programs.ops import apply
from synthetic1.tasks.programs.program import Assign, Expr, Function, Lit, Program, Return, Type, Var

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
        assert split_of(example.source) == split_of(example.text) == split
        outputs = {example.output}
        for _ in range(300):  # some input gives something else, so the program is not constant
            try:
                outputs.add(evaluate(example.program, draw_input(LEVELS[level], choose)))
            except TooLarge:
                continue
            if len(outputs) > 1:
                break
        assert len(outputs) > 1, example.source


def returning(node: Expr) -> Program:
    return Program((), Function("transform", (S,), Type.TEXT, (Assign(S, node), Return(S))))


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
    ],
)
def test_unworthy_programs_are_thrown_away(program: Program, kept: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Grammar, "program", lambda _: program)
    monkeypatch.setattr(code_understanding, "MAX_ATTEMPTS", 200)
    source = LANGUAGES["python"].render(program)
    stream = examples(1, split=split_of(source))
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


def test_splits_share_neither_programs_nor_inputs() -> None:
    for level, counts in ((1, (1_000, 120)), (2, (500, 100)), (5, (200, 60)), (8, (40, 20))):
        train = [e for seed in (0, 1) for e in first(level, counts[0] // 2, seed=seed)]
        test = [e for seed in (0, 1) for e in first(level, counts[1] // 2, split="test", seed=seed)]
        assert not {e.source for e in train} & {e.source for e in test}
        assert not {e.text for e in train} & {e.text for e in test}


def test_about_a_tenth_is_held_out() -> None:
    share = sum(split_of(f"program {i}") == "test" for i in range(20_000)) / 20_000
    assert abs(share - 0.1) < 0.01


@pytest.mark.parametrize("seed", [0, 1])
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
    shout = Language("Shout", lambda program: f"PROGRAM {program.main.name}", lambda node: type(node).__name__.upper())
    monkeypatch.setitem(LANGUAGES, "shout", shout)
    example = replace(first(2, 1)[0], source="PROGRAM transform", language="shout")
    assert example.prompt().startswith(
        "Predict what this Shout program returns.\n\n```shout\nPROGRAM transform\n```\n\nIt is called as `transform(s)`"
    )
    assert [line for line, _ in example.steps()] == ["ASSIGN", "ASSIGN", "RETURN"]
    assert to_task(example, "id").metadata["language"] == "shout"


# -- the source


def test_levels_take_turns_and_the_others_go_on_when_one_has_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code_understanding, "capacity", lambda level, split: {1: 2, 2: 5}.get(level, 100))
    source = GeneratedTasks("1-3", seed=1, size=14)
    places = [(task.metadata["level"], int(task.problem_id.split("/")[-1])) for task in source]
    assert places == [
        *((1, 0), (2, 0), (3, 0)),
        *((1, 1), (2, 1), (3, 1)),
        *((2, 2), (3, 2), (2, 3), (3, 3), (2, 4), (3, 4)),
        *((3, 5), (3, 6)),
    ]
    assert [next(source.rows_of(task.problem_id)) for task in source] == list(range(14))
    assert len(GeneratedTasks("1-2", size=50)) == 7
    assert len(GeneratedTasks(1, size=50)) == 2


def test_the_default_held_out_source_can_be_read_to_its_end() -> None:
    """2,000 tasks of levels 1 to 3: more than a third of them than level 1 has."""
    source = GeneratedTasks(split="test")
    levels = [source[i].metadata["level"] for i in (0, 1, 2, 537, 538, 539, 540, 541, 542, 1_999)]
    assert levels == [1, 2, 3, 1, 2, 3, 2, 3, 2, 3]


def test_ids_find_their_task_without_making_any(monkeypatch: pytest.MonkeyPatch) -> None:
    source = GeneratedTasks([2, 5], split="test", seed=9, size=9)
    for index, task in enumerate(source):
        assert source.get(task.problem_id) == task
        assert list(source.rows_of(task.problem_id)) == [index]
    monkeypatch.setattr(code_understanding, "examples", None)  # making one would now fail
    assert list(source.rows_of("code_understanding/L5/s9/test/3")) == [7]


@pytest.mark.parametrize(
    "problem_id",
    [
        "",
        "nonsense",
        "code_understanding/L2/s9/test/5",  # beyond the size
        "code_understanding/L5/s9/test/4",
        "code_understanding/L1/s9/test/0",
        "code_understanding/L2/s8/test/0",
        "code_understanding/L2/s9/train/0",
        "code_understanding/L2/s9/test/00",
        "code_understanding/L2/s9/test/-1",
        "code_understanding/L2/s9/test/²",
        "code_understanding/L2/s9/test/1/1",
        "0",
    ],
)
def test_an_id_of_no_task_is_a_clear_error(problem_id: str) -> None:
    source = GeneratedTasks([2, 5], split="test", seed=9, size=9)
    assert list(source.rows_of(problem_id)) == []
    with pytest.raises(KeyError) as caught:
        source.get(problem_id)
    assert caught.value.args == (
        f"code_understanding/L2,5/s9/test has no task `{problem_id}` "
        "(9 tasks, the first is `code_understanding/L2/s9/test/0`)",
    )


def test_indices_and_sampling() -> None:
    source = GeneratedTasks([1, 2], seed=2, size=10)
    assert source[-1] is source[9]
    assert source[-10] is source[0]
    assert source.example(-1).output == source[9].gold_standard_solution
    for index in (10, -11):
        with pytest.raises(IndexError, match=rf"^index {index} is outside code_understanding/L1,2/s2/train, which"):
            source[index]
        with pytest.raises(IndexError, match="which holds 10 tasks"):
            source.example(index)
    rng, same = np.random.default_rng(0), np.random.default_rng(0)
    drawn = [source.sample(rng).problem_id for _ in range(50)]
    assert drawn == [source[int(same.random() * 10)].problem_id for _ in range(50)]
    assert repr(source) == "<GeneratedTasks code_understanding/L1,2/s2/train: 10 tasks>"
    assert list(source.key_heads()) == [int(task.key[:8], 16) for task in source]
    assert list(source.validate()) == []


def test_tasks_are_made_when_asked_for_and_once() -> None:
    source = GeneratedTasks([7, 10], size=10**12)
    assert len(source) == 10**12
    assert source._made == {7: [], 10: []}
    assert source[4] is source[4]
    assert {level: len(made) for level, made in source._made.items()} == {7: 3, 10: 0}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"levels": 11}, "unknown level 11; levels are 1 to 10"),
        ({"levels": None}, "unknown level None; levels are"),
        ({"split": "dev"}, "split must be `train` or `test`, got 'dev'"),
        ({"seed": -1}, "seed must be an integer of at least 0, got -1"),
        ({"seed": 1.5}, "seed must be an integer of at least 0, got 1.5"),
        ({"size": 0}, "size must be an integer of at least 1, got 0"),
        ({"size": True}, "size must be an integer of at least 1, got True"),
        ({"size": "9"}, "size must be an integer of at least 1, got '9'"),
    ],
)
def test_bad_arguments_are_one_line(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=rf"^{message}"):
        GeneratedTasks(**arguments)


def test_parts_are_generated_not_cut() -> None:
    source = GeneratedTasks("2-3", seed=4, size=30)
    assert open_tasks(source, split="train") is source
    held_out = open_tasks(source, split="test")
    assert isinstance(held_out, GeneratedTasks)
    assert (held_out.levels, held_out.split, held_out.seed, len(held_out)) == ((2, 3), "test", 4, 30)
    assert [t.key for t in held_out] == [t.key for t in GeneratedTasks("2-3", split="test", seed=4, size=30)]
    assert [t.key for t in held_out.part("train")] == [t.key for t in source]
    assert not {t.metadata["program"] for t in source} & {t.metadata["program"] for t in held_out}
    with pytest.raises(ValueError, match="split must be `train` or `test`, got 'all'"):
        source.part("all")
    assert (
        len(GeneratedTasks(1, split="test", size=2_000).part("train")) == 1_600
    )  # what was asked for is not forgotten


def test_a_mixture_holds_out_what_the_generator_holds_out() -> None:
    others = TaskList([to_task(example, str(i)) for i, example in enumerate(first(4, 200, seed=99))])
    held_out = open_tasks({GeneratedTasks(2, size=10): 3, others: 1}, split="test")
    assert isinstance(held_out, Mixture)
    assert held_out.weights == (0.75, 0.25)
    assert held_out.sources[0].name == "code_understanding/L2/s0/test"


def test_a_pickle_is_small_and_makes_the_same_tasks() -> None:
    source = GeneratedTasks("1-4", seed=6, size=12)
    keys = [task.key for task in source]
    pickled = pickle.dumps(source)
    assert len(pickled) < 500
    assert [task.key for task in pickle.loads(pickled)] == keys


def test_threads_read_one_source() -> None:
    source, alone = GeneratedTasks("1-5", seed=10, size=300), GeneratedTasks("1-5", seed=10, size=300)
    expected = [task.key for task in alone]
    failures: list[BaseException] = []

    def read(start: int) -> None:
        try:
            for i in range(300):
                index = (start + 7 * i) % 300
                assert source[index].key == expected[index]
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=read, args=(37 * n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def _send_keys(source: GeneratedTasks, connection: Any) -> None:
    connection.send([source[i].key for i in range(40)])


def test_a_fork_goes_on_by_itself_even_while_a_thread_is_generating() -> None:
    source = GeneratedTasks("6-7", seed=13, size=400)
    expected = [task.key for task in GeneratedTasks("6-7", seed=13, size=40)]
    thread = threading.Thread(target=lambda: [source[i] for i in range(400)])
    thread.start()
    context = multiprocessing.get_context("fork")
    try:
        for _ in range(6):
            ours, theirs = context.Pipe(duplex=False)
            child = context.Process(target=_send_keys, args=(source, theirs))
            child.start()
            try:
                assert ours.poll(30), "the child hangs"
                assert ours.recv() == expected
                child.join(10)
                assert child.exitcode == 0
            finally:
                child.kill()
    finally:
        thread.join()
