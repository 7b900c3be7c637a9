"""The source of generated tasks behaves like every other: indices, ids, parts, pickles, threads, forks."""

from __future__ import annotations

import multiprocessing
import pickle
import threading
from itertools import islice
from typing import Any

import numpy as np
import pytest

from synthetic1.tasks import Mixture, TaskList, code_understanding, open_tasks
from synthetic1.tasks.code_understanding import GeneratedTasks, LevelExhausted, examples, to_task
from synthetic1.tasks.programs.evaluate import evaluate


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
    """A third of 2,000 tasks is more than level 1 has."""
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
    others = TaskList([to_task(example, str(i)) for i, example in enumerate(islice(examples(4, seed=99), 200))])
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


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_an_interruption_neither_ends_a_level_nor_skips_a_task(error: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = [task.key for task in GeneratedTasks("2-3", seed=3, size=40)]
    source = GeneratedTasks("2-3", seed=3, size=40)
    calls = 0

    def interrupted(*args: Any) -> str:
        nonlocal calls
        calls += 1
        if calls in (9, 10, 60):
            raise error
        return evaluate(*args)

    monkeypatch.setattr(code_understanding, "evaluate", interrupted)
    raised, keys = 0, []
    while len(keys) < 40:
        try:
            keys.append(source[len(keys)].key)
        except error:
            raised += 1
    assert raised == 3
    assert keys == expected


def test_an_exhausted_level_says_so_each_time_without_another_search(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code_understanding, "MAX_ATTEMPTS", 20)
    monkeypatch.setattr(code_understanding, "capacity", lambda level, split: 10**6)
    source = GeneratedTasks(1, size=10**6)
    with pytest.raises(LevelExhausted) as first:
        source[10**5]
    made = first.value.found
    assert 0 < made < 1_600
    assert source[made - 1].metadata["level"] == 1
    monkeypatch.setattr(code_understanding, "examples", None)  # another search would now fail
    with pytest.raises(LevelExhausted) as second:
        source[made]
    assert str(second.value) == str(first.value)


def _send_keys(source: GeneratedTasks, connection: Any) -> None:
    connection.send([source[i].key for i in range(40)])


def test_a_fork_goes_on_by_itself_even_while_a_thread_is_generating() -> None:
    source = GeneratedTasks("6-7", seed=13, size=400)
    expected = [task.key for task in GeneratedTasks("6-7", seed=13, size=40)]
    forked = threading.Event()
    thread = threading.Thread(target=lambda: [source[i] for i in range(400) if not forked.is_set()])
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
                child.join(60)
                assert child.exitcode == 0
            finally:
                child.kill()
    finally:
        forked.set()
        thread.join()
