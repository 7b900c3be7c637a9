"""How many completions an evaluation makes at once, where nobody says it."""

from __future__ import annotations

import pytest

from synthetic1.evaluation.batch_size import LARGEST, SHARE, device_bytes, fitting_batch

GIB = 2**30
MODELS = {  # hidden size, layers, heads, key heads, parameters
    "Qwen3-0.6B": (1024, 28, 16, 8, 596_049_920),
    "Qwen3-8B": (4096, 36, 32, 8, 8_190_735_360),
}


def config_of(name):
    from transformers import Qwen3Config

    hidden, layers, heads, keys, _ = MODELS[name]
    shape = {"hidden_size": hidden, "num_hidden_layers": layers, "num_attention_heads": heads}
    return Qwen3Config(**shape, num_key_value_heads=keys, head_dim=128, vocab_size=151_936)


@pytest.mark.parametrize("memory", [16, 24, 80, 141])
@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("number", [2, 4])
def test_caches_of_a_batch_fit_beside_the_weights(name, number, memory):
    """A cache by the published formula: 2 × layers × key heads × width × bytes, a token."""
    _, layers, _, keys, parameters = MODELS[name]
    batch = fitting_batch(config_of(name), parameters * number, number, 4096, memory * GIB)
    taken = parameters * number + batch * 2 * layers * keys * 128 * number * 4096
    assert batch == 1 or taken < memory * GIB * SHARE
    assert batch == 1 or batch == LARGEST or taken > memory * GIB * SHARE / 4


def test_the_smallest_qwen_at_its_default_length_no_longer_asks_for_120_gib():
    taken = [fitting_batch(config_of("Qwen3-0.6B"), 4 * 596_049_920, 4, 4096, gib * GIB) for gib in (8, 24, 80, 500)]
    assert taken == sorted(taken)
    assert taken[0] < 8
    assert 16 <= taken[2] < LARGEST == taken[3]


def test_no_model_is_too_large_for_one():
    assert fitting_batch(config_of("Qwen3-8B"), 32 * GIB, 4, 4096, 8 * GIB) == 1


def test_this_machine_has_some_memory():
    assert GIB < device_bytes() < 2**50
