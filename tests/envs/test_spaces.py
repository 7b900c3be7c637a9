"""The text space: any text, small samples, and no silent failure under shared memory."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from gymnasium.spaces import Tuple
from gymnasium.vector.utils import batch_space, concatenate, create_empty_array
from hypothesis import given
from hypothesis import strategies as st

from synthetic1.envs.spaces import SAMPLE_LENGTH, TextSpace


@given(st.text(alphabet=st.characters(), max_size=200))  # surrogates included
def test_contains_any_text(text):
    assert text in TextSpace()
    assert (text in TextSpace(100)) == (len(text) <= 100)


@pytest.mark.parametrize("other", [None, 3, b"x", ["x"], np.array("x"), ("x",)])
def test_contains_nothing_else(other):
    assert other not in TextSpace()


def test_the_terminal_observation_is_inside():
    """Gymnasium's own Text has min_length 1."""
    assert "" in TextSpace()


@given(seed=st.integers(0, 2**31), length=st.integers(1, 200))
def test_samples_are_short_printable_and_repeatable(seed, length):
    """A sample as long as max_length would send 128k random characters to a sandbox or a judge."""
    space = TextSpace(length, seed=seed)
    samples = [space.sample() for _ in range(5)]
    assert all(sample in space and len(sample) <= SAMPLE_LENGTH for sample in samples)
    assert all(sample.isprintable() and sample.encode("ascii") for sample in samples if sample)
    again = TextSpace(length, seed=seed)
    assert [again.sample() for _ in range(5)] == samples


def test_sampling_touches_no_global_generator():
    state = np.random.get_state()[1].copy()
    TextSpace().sample()
    assert (np.random.get_state()[1] == state).all()


def test_a_mask_is_refused():
    with pytest.raises(ValueError, match="takes no mask"):
        TextSpace().sample(mask=np.ones(3, np.int8))


def test_small_and_equal_by_value():
    """An alphabet of all Unicode takes 4.2 s, a pickle of 47 MB and a repr of 1.1 MB."""
    space = TextSpace()
    assert len(pickle.dumps(space)) < 1_000
    assert pickle.loads(pickle.dumps(space)) == space
    assert space != TextSpace(5)
    assert space != "TextSpace"
    assert repr(space) == "TextSpace(1000000)"
    assert space.is_np_flattenable is False
    assert space.from_jsonable(space.to_jsonable(["a", "π"])) == ["a", "π"]


def test_batches_as_gymnasium_batches_texts():
    batched = batch_space(TextSpace(), 3)
    assert isinstance(batched, Tuple)
    assert ("a", "", "π\n") in batched
    assert concatenate(TextSpace(), ["a", "b"], create_empty_array(TextSpace(), 2)) == ("a", "b")


def test_max_length_is_checked():
    with pytest.raises(ValueError, match="at least 1"):
        TextSpace(0)
