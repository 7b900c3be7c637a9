"""The contract of every source, and the sources that hold or combine tasks."""

from __future__ import annotations

import copy
import json
import pickle
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic1.task import Task, TaskError
from synthetic1.tasks import Concatenation, JsonlTasks, Mixture, Subset, TaskList, TaskSource, open_tasks, split_of


def tasks(*ids: str, prompt: str = "?") -> list[Task]:
    return [Task(problem_id=i, task_type="t", prompt=f"{prompt} {i}") for i in ids]


def numbered(size: int, prefix: str = "p") -> TaskList:
    return TaskList(tasks(*(f"{prefix}{i}" for i in range(size))), name=prefix)


def parquet(folder: Path, rows: list[dict[str, Any]]) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / "rows.parquet"
    pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=7)
    return path


@pytest.fixture(params=["list", "jsonl", "gz", "parquet", "datasets", "subset", "concatenation", "mixture"])
def source(request: pytest.FixtureRequest, tmp_path: Path, row: Callable[..., Any], write: Any) -> TaskSource:
    """The tasks p0 … p19, held in each of the ways there are."""
    rows = [row(i) for i in range(20)]
    match request.param:
        case "list":
            return TaskList.from_rows(rows)
        case "jsonl":
            return JsonlTasks(write(rows))
        case "gz":
            import gzip

            path = tmp_path / "rows.jsonl.gz"
            path.write_bytes(gzip.compress(write(rows).read_bytes()))
            return JsonlTasks(path)
        case "parquet":
            return open_tasks(parquet(tmp_path, rows))
        case "datasets":
            import datasets

            datasets.Dataset.from_list(rows).save_to_disk(str(tmp_path / "saved"))
            return open_tasks(tmp_path / "saved")
        case "subset":
            return Subset(TaskList.from_rows([row(-1), *rows, row(99)]), range(1, 21))
        case "concatenation":
            return Concatenation([TaskList.from_rows(rows[:13]), JsonlTasks(write(rows[13:]))])
        case _:
            return Mixture({TaskList.from_rows(rows[:13]): 1, JsonlTasks(write(rows[13:])): 3})


def test_every_source_is_a_sequence(source: TaskSource) -> None:
    ids = [f"p{i}" for i in range(20)]
    assert len(source) == 20
    assert [task.problem_id for task in source] == ids
    assert [source[i].problem_id for i in range(20)] == ids
    assert [source[i].problem_id for i in range(-20, 0)] == ids
    assert source[np.int64(3)].problem_id == "p3"
    assert source[4].verification_info == {"ground_truth": "4"}
    for outside in (20, -21, 10**30):
        with pytest.raises(IndexError, match="holds 20 tasks"):
            source[outside]


def test_every_source_finds_ids(source: TaskSource) -> None:
    for i in range(20):
        assert source.get(f"p{i}") == source[i]
    with pytest.raises(KeyError) as error:
        source.get("p20")
    assert error.value.args[0] == f"{source.name} has no task `p20` (20 tasks, the first is `p0`)"


def test_every_source_pickles(source: TaskSource) -> None:
    source.get("p3")
    again = pickle.loads(pickle.dumps(source))
    assert list(again) == list(source)
    assert again.get("p7") == source.get("p7")
    assert again.name == source.name
    assert len(pickle.dumps(again)) < 20_000  # content of files stays in the files
    assert copy.deepcopy(source)[5] == source[5]


def test_every_source_samples_with_one_draw(source: TaskSource) -> None:
    rng, reference = np.random.default_rng(7), np.random.default_rng(7)
    drawn = [source.sample(rng).problem_id for _ in range(400)]
    for _ in range(400):
        reference.random()
    assert rng.bit_generator.state == reference.bit_generator.state
    assert set(drawn) == {f"p{i}" for i in range(20)}
    rng = np.random.default_rng(7)
    assert drawn == [source.sample(rng).problem_id for _ in range(400)]


def test_every_source_splits(source: TaskSource) -> None:
    train, test = source.part("train"), open_tasks(source, split="test")
    assert {t.key for t in train}.isdisjoint(t.key for t in test)
    assert sorted(t.key for t in [*train, *test]) == sorted(t.key for t in source)
    assert {split_of(t) for t in train} == {"train"}
    assert {split_of(t) for t in test} == {"test"}
    held_out = test[0]
    assert test.get(held_out.problem_id) == held_out
    with pytest.raises(KeyError):
        train.get(held_out.problem_id)
    assert list(pickle.loads(pickle.dumps(test))) == list(test)
    with pytest.raises(ValueError, match="must be `train` or `test`, got 'dev'"):
        source.part("dev")


def test_every_source_validates(source: TaskSource) -> None:
    assert list(source.validate()) == []


def test_the_split_is_the_documented_rule() -> None:
    """Held-out tasks must never change sides: this pins the rule, so a change of it is a visible act."""
    sides = [split_of(task) for task in tasks(*map(str, range(3000)))]
    assert 0.08 < sides.count("test") / 3000 < 0.12
    for task, side in zip(tasks(*map(str, range(3000))), sides, strict=True):
        assert (int(task.key[:8], 16) / 2**32 < 0.1) == (side == "test")
    assert [i for i, side in enumerate(sides[:40]) if side == "test"] == [1, 11, 16, 21, 33]


@given(st.lists(st.text(min_size=1, max_size=3), unique=True, max_size=60))
def test_a_split_is_complete_disjoint_and_independent_of_order(ids: list[str]) -> None:
    forward, backward = TaskList(tasks(*ids)), TaskList(tasks(*reversed(ids)))
    for side in ("train", "test"):
        assert {t.key for t in forward.part(side)} == {t.key for t in backward.part(side)}
    assert len(forward.part("train")) + len(forward.part("test")) == len(forward)


def test_the_first_of_equal_ids_wins() -> None:
    source = TaskList([*tasks("a", "b", prompt="first"), *tasks("b", prompt="second")])
    assert source.get("b").prompt == "first b"
    assert list(source.rows_of("b")) == [1, 2]
    assert Subset(source, [2]).get("b").prompt == "second b"  # the first *of the subset*
    assert Concatenation([Subset(source, [2]), source]).get("b").prompt == "second b"


@pytest.mark.parametrize("rows", [[1, 1], [2, 1], [-1, 0], [0, 3]])
def test_subset_rows_must_increase_within_the_source(rows: list[int]) -> None:
    with pytest.raises(ValueError, match="must increase within 0 … 2"):
        Subset(numbered(3), rows)


def test_an_empty_source_says_so() -> None:
    with pytest.raises(TaskError, match="nothing holds no tasks"):
        TaskList([], name="nothing").sample(np.random.default_rng(0))
    with pytest.raises(KeyError, match="0 tasks"):
        TaskList([]).get("a")
    assert list(Concatenation([]).part("test")) == []


def test_a_minimal_source_gets_everything_else() -> None:
    class Squares(TaskSource):
        name = "squares"

        def __len__(self) -> int:
            return 50

        def __getitem__(self, index: int) -> Task:
            return tasks(str(self._position(index) ** 2))[0]

    source = Squares()
    assert source.get("49") == source[7]
    assert len(source.part("train")) + len(source.part("test")) == 50
    assert repr(source) == "<Squares squares: 50 tasks>"


def test_weights_set_the_share_of_draws_not_of_rows() -> None:
    mixture = Mixture({numbered(1000, "many"): 1, numbered(2, "few"): 3})
    rng = np.random.default_rng(0)
    drawn = Counter(mixture.sample(rng).problem_id.rstrip("0123456789") for _ in range(8000))
    assert drawn["few"] / 8000 == pytest.approx(0.75, abs=0.02)
    assert len(mixture) == 1002
    assert mixture.weights == (0.25, 0.75)


def test_weights_survive_the_split() -> None:
    mixture = Mixture({numbered(500, "a"): 1, numbered(100, "b"): 1}).part("test")
    rng = np.random.default_rng(0)
    drawn = Counter(mixture.sample(rng).problem_id[0] for _ in range(4000))
    assert drawn["b"] / 4000 == pytest.approx(0.5, abs=0.03)


@given(
    st.lists(st.tuples(st.integers(1, 5), st.floats(1e-6, 1e6)), min_size=1, max_size=6),
    st.floats(0, 1, exclude_max=True),
)
def test_any_draw_lands_in_the_source_whose_interval_holds_it(parts: list[tuple[int, float]], u: float) -> None:
    mixture = Mixture({numbered(size, f"{i}-"): weight for i, (size, weight) in enumerate(parts)})
    part = int(mixture.pick(u).problem_id.split("-")[0])
    below = sum(mixture.weights[:part])
    assert below - 1e-9 <= u <= below + mixture.weights[part] + 1e-9


def test_the_extremes_of_a_draw_are_the_first_and_the_last_task() -> None:
    mixture = Mixture({numbered(3, "a"): 1, Mixture({numbered(7, "b"): 1, numbered(3, "c"): 2}): 1e-3})
    assert mixture.pick(0.0).problem_id == "a0"
    assert mixture.pick(np.nextafter(1.0, 0.0)).problem_id == "c2"


@pytest.mark.parametrize("weight", [0, -1, float("nan"), float("inf"), True, "1", None])
def test_a_weight_is_a_positive_number(weight: Any) -> None:
    with pytest.raises(TaskError, match="the weight of `few` must be a positive number, got"):
        Mixture({numbered(2, "few"): weight})


def test_a_mixture_needs_sources_with_tasks(write: Any, row: Callable[..., Any]) -> None:
    with pytest.raises(TaskError, match="at least one source"):
        Mixture({})
    with pytest.raises(TaskError, match="empty holds no tasks"):
        Mixture({TaskList([], name="empty"): 1})
    assert len(Mixture({str(write([row(1)])): 2.5})) == 1


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"problem_id": "a", "prompt": "?"}], "rows in memory, row 1: field `task_type` is missing"),
        ([{"x": 1}], "rows in memory, row 1: no row format has the columns x; say which is which"),
        ([{}], r"has the columns \(none\)"),
        (["a row"], "row 1: a row is a mapping of fields or a Task, got str"),
        ([Task("a", "t", "?"), {"problem_id": "b", "task_type": "t", "prompt": 3}], "row 2: field `prompt` must be a"),
    ],
)
def test_a_bad_row_in_memory(rows: list[Any], message: str) -> None:
    with pytest.raises(TaskError, match=message) as error:
        TaskList.from_rows(rows)
    assert "\n" not in str(error.value)


def test_published_rows_are_read_as_they_are() -> None:
    published = {
        "response_id": "vcu_1_abc",
        "problem_id": "vcu_1",
        "task_type": "verifiable_code_understanding",
        "prompt": "?",
        "gold_standard_solution": None,
        "verification_info": "{'ground_truth': 'it\\'s', 'extra': None}",
        "metadata": json.dumps({"complexify_iteration": 2}),
        "llm_response": "…",
        "score": 1.0,
    }
    [task] = open_tasks([published])
    assert task.task_type == "verifiable_code_understanding"  # the verifier registry knows the alias
    assert task.verification_info == {"ground_truth": "it's", "extra": None}
    assert task.metadata == {"complexify_iteration": 2}
