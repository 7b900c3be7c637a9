"""Warnings about what silently kills runs: said when it begins, and again only after it has gone away."""

from __future__ import annotations

import pytest

from synthetic1.trainers.reinforcement.watch import PATIENCE, Sampler, Watch, sampler_of

FINE = {"zero_std_share": 0.2, "clip_share": 0.0, "logp_difference": 0.001, "unscorable_share": 0.0}


def said(rows: list[dict[str, float | None]]) -> list[int]:
    """At which rows something was said."""
    watch = Watch()
    return [i for i, row in enumerate(rows) if watch.warnings({**FINE, **row})]


@pytest.mark.parametrize(
    ("key", "bad", "fine", "patience", "hint"),
    [
        ("zero_std_share", 0.95, 0.9, PATIENCE, "nothing to learn"),
        ("clip_share", 0.95, 0.9, PATIENCE, "rollout.max_completion_length"),
        ("logp_difference", 0.03, 0.02, 2, "log-probabilities"),
        ("unscorable_share", 0.06, 0.05, 1, "could not be scored"),
    ],
)
def test_dangers(key, bad, fine, patience, hint):
    watch = Watch()
    quiet = [watch.warnings({**FINE, key: bad}) for _ in range(patience - 1)]
    assert quiet == [[]] * (patience - 1)
    (warning,) = watch.warnings({**FINE, key: bad})
    assert hint in warning
    assert "\n" not in warning
    assert said([{key: fine}] * 3 * patience) == []


def test_it_is_said_once_while_it_lasts():
    assert said([{"clip_share": 1.0}] * 4 * PATIENCE) == [PATIENCE - 1]


def test_it_is_said_again_after_it_has_gone_away():
    rows = [{"unscorable_share": 1.0}] * 3 + [{}] + [{"unscorable_share": 1.0}] * 3
    assert said(rows) == [0, 4]


def test_an_interruption_starts_the_count_anew():
    assert said([{"zero_std_share": 1.0}] * (PATIENCE - 1) + [{}] + [{"zero_std_share": 1.0}] * (PATIENCE - 1)) == []


def test_two_dangers_at_once_are_two_warnings():
    watch = Watch()
    for _ in range(PATIENCE - 1):
        watch.warnings({"zero_std_share": 1.0, "clip_share": 1.0})
    assert len(watch.warnings({"zero_std_share": 1.0, "clip_share": 1.0})) == 2


def test_what_was_not_measured_is_no_danger():
    assert said([{"logp_difference": None, "zero_std_share": None}] * 9) == []
    assert Watch().warnings({}) == []


@pytest.mark.parametrize(
    ("overrides", "cause"),
    [
        ((), "vLLM may hold stale weights"),
        (("rollout=vllm_server",), "the server may hold stale weights"),
        (("rollout.top_p=0.9",), "rollout.top_p=0.9"),
        (("trainer.extra.top_k=40",), "trainer.extra.top_k=40"),
        (("trainer.extra.min_p=0.1", "rollout.top_p=0.9"), "rollout.top_p=0.9 and trainer.extra.min_p=0.1"),
        (("trainer.extra.repetition_penalty=1.1",), "trainer.extra.repetition_penalty=1.1"),
        (("trainer.extra.top_k=0", "trainer.extra.repetition_penalty=1.0"), "vLLM may hold stale weights"),
    ],
)
def test_a_difference_of_log_probabilities_has_the_cause_that_the_settings_allow(compose, overrides, cause):
    """A sampler that truncates gives log-probabilities of what is left, the trainer those of everything."""
    added = [f"+{override}" if override.startswith("trainer.extra") else override for override in overrides]
    watch = Watch(sampler_of(compose("rollout=vllm_colocate", *added)))
    watch.warnings({**FINE, "logp_difference": 0.5})
    (said,) = watch.warnings({**FINE, "logp_difference": 0.5})
    assert cause in said
    assert ("stale" in said) != ("whole distribution" in said)


@pytest.mark.parametrize("sampling", ["uniform", "dynamic", "adaptive", "curriculum"])
def test_no_run_is_advised_the_sampling_that_it_has(compose, sampling):
    watch = Watch(sampler_of(compose(f"trainer.sampling={sampling}")))
    (said,) = [line for _ in range(PATIENCE) for line in watch.warnings({**FINE, "zero_std_share": 1.0})]
    assert f"trainer.sampling={sampling}" not in said
    assert ("trainer.sampling=adaptive" in said) == (sampling != "adaptive")


def test_a_sampler_by_default_leaves_nothing_out():
    assert Watch().sampler == Sampler("transformers", "")
