"""The environment behind an adapter: made once for equal arguments, and refused in one line."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from synthetic1 import FAMILIES
from synthetic1.adapters.environment import environment, families


def test_equal_arguments_give_the_same_environment():
    first = environment("math", {"level": 1, "size": 20})
    assert environment("math", {"size": 20, "level": 1}) is first
    assert environment("synthetic1/math-v0", {"level": 1, "size": 20}) is first
    assert environment("math", {"level": 2, "size": 20}) is not first
    assert (len(first.tasks), first.thinking_open) == (20, False)


def test_threads_share_one_environment():
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: environment("math", {"level": 3, "size": 7}), range(32)))
    assert len({id(env) for env in made}) == 1


def test_every_family_has_its_name():
    assert families() == tuple(sorted(FAMILIES))


@pytest.mark.parametrize(
    ("family", "options", "message"),
    [
        (
            "maths",
            {},
            "family must be one of code, code_understanding, math, stem, swe, or a Gymnasium id; got 'maths'",
        ),
        ("math", {"level": 9}, "level"),
        ("math", {"tasks": object()}, "options of math must be what JSON can hold"),
        ("CartPole-v1/x", {}, "CartPole"),
    ],
)
def test_a_wrong_name_or_option_is_one_line(family, options, message):
    with pytest.raises(Exception, match=message) as caught:
        environment(family, options)
    assert "\n" not in str(caught.value)
