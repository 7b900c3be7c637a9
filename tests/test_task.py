"""The task: its key, what equal tasks are, and what is said of a row that is none."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic1.task import Task, TaskError

ROW: dict[str, Any] = {"problem_id": "p1", "task_type": "t", "prompt": "?"}


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


class Unprintable:
    def __repr__(self) -> str:
        raise RuntimeError("no repr")


def test_stored_and_read_again_it_is_the_same_task() -> None:
    task = Task(**ROW, verification_info={"ground_truth": "é\ud800", "n": None}, metadata={"level": 1})
    assert Task.from_row(task.to_row()) == task
    assert Task.from_row(task.to_dict()).key == task.key


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.floats(-2, 2) | st.sampled_from(["1", ""]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=4,
)


@given(VALUES, VALUES)
def test_tasks_are_equal_exactly_if_their_keys_are(a: Any, b: Any) -> None:
    first, second = Task(**ROW, metadata={"l": a}), Task(**ROW, metadata={"l": b})
    assert (first == second) == (first.key == second.key)
    assert (first == second) <= (hash(first) == hash(second))
    assert first == Task(**ROW, metadata={"l": a})


@pytest.mark.parametrize(("a", "b"), [(1, 1.0), (1, True), (0.0, -0.0)])
def test_numbers_of_another_type_are_another_content(a: Any, b: Any) -> None:
    assert Task(**ROW, metadata={"l": a}) != Task(**ROW, metadata={"l": b})


def test_a_task_without_a_key_equals_itself_only() -> None:
    odd = Task(**ROW, metadata={"l": {1, 2}})
    assert odd == odd
    assert odd != Task(**ROW, metadata={"l": {1, 2}})
    assert odd != Task(**ROW)
    assert odd != "p1"


@pytest.mark.parametrize(
    "value",
    [nested(2_000), {1, 2}, float("nan"), {(1, 2): 3}, {1: 2, "a": 3}],
    ids=["nested deeply", "set", "NaN", "tuple as a key", "keys of two types"],
)
def test_content_that_has_no_json_form_is_one_line(value: Any) -> None:
    task = Task(**ROW, metadata={"l": value})
    with pytest.raises(TaskError, match="task `p1` has no JSON form: ") as error:
        _ = task.key
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("value", [nested(2_000), {1, 2}], ids=["nested deeply", "set"])
def test_content_that_cannot_be_stored_is_one_line(value: Any) -> None:
    with pytest.raises(TaskError, match="task `p1` has no JSON form: "):
        Task(**ROW, metadata={"l": value}).to_row()


@pytest.mark.parametrize(
    "text",
    ["[" * 200_000, '{"a":' * 200_000, "-" * 200_000 + "1", "{[1]: 2}", "{{1}}", "'" * 3, "\x00", "9" * 5_000],
    ids=["lists", "objects", "minus signs", "a list as a key", "a set in a set", "an open string", "NUL", "digits"],
)
@pytest.mark.parametrize("field", ["verification_info", "metadata"])
def test_a_string_that_holds_no_mapping_is_one_line(field: str, text: str) -> None:
    with pytest.raises(TaskError, match=f"here, row 3: field `{field}` ") as error:
        Task.from_row({**ROW, field: text}, where="here, row 3")
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 200


@pytest.mark.parametrize("value", [nested(2_000), Unprintable(), 10**5_000], ids=["nested deeply", "no repr", "digits"])
@pytest.mark.parametrize("field", ["prompt", "gold_standard_solution", "source", "metadata"])
def test_a_mistyped_field_is_one_line_even_if_it_cannot_be_shown(field: str, value: Any) -> None:
    with pytest.raises(TaskError, match=f"field `{field}` must (be|hold) a .*, got {type(value).__name__}"):
        Task.from_row({**ROW, field: value})


def test_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Task(**ROW).prompt = "other"  # type: ignore[misc]
