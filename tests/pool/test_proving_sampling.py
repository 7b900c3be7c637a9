"""What tokens say of how they were sampled: on distributions made here, and drawn by torch's own sampler."""

from __future__ import annotations

import importlib.util
import itertools
import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from synthetic1.pool.proving import calibration  # noqa: E402
from synthetic1.pool.proving.calibration import RolloutEvidence  # noqa: E402
from synthetic1.pool.proving.distribution import ordered_distribution  # noqa: E402
from synthetic1.pool.proving.likelihood import SamplingEvidence, sampling_evidence  # noqa: E402
from synthetic1.pool.proving.termination import termination_fault  # noqa: E402
from synthetic1.pool.proving.token_difr import MARGIN_MOST, ReplayEvidence, SeededNoise, murmur3, replay  # noqa: E402
from synthetic1.pool.toploc.verifying import ProofComparison  # noqa: E402

VOCABULARY, TOKENS = 200, 3000


@pytest.fixture(scope="module")
def logits():
    return 2 * torch.randn(TOKENS, VOCABULARY, generator=torch.Generator().manual_seed(1))


def drawn(logits, *, temperature=1.0, top_p=1.0, top_k=None, seed=2):
    """By ``torch.multinomial``, from the probabilities that are left."""
    p = torch.softmax(logits / temperature, -1)
    ordered, order = p.sort(-1, descending=True)
    if top_k is not None:
        ordered[:, top_k:] = 0
        ordered = ordered / ordered.sum(-1, keepdim=True)
    ordered[ordered.cumsum(-1) - ordered >= top_p] = 0
    places = torch.multinomial(ordered, 1, generator=torch.Generator().manual_seed(seed))
    return order.gather(1, places)[:, 0].tolist()


RULES = [
    {"temperature": 1.0},
    {"temperature": 0.6},
    {"temperature": 1.0, "top_p": 0.8},
    {"temperature": 1.0, "top_k": 9},
]


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_tokens_sampled_as_they_have_to_be_surprise_as_they_have_to(logits, rule):
    found = sampling_evidence(logits, drawn(logits, **rule), **rule)
    assert found.tokens == TOKENS
    assert abs(found.z) < 4
    assert found.impossible == 0


@pytest.mark.parametrize(
    ("rule", "lower"),
    [({"temperature": 0.8}, True), ({"temperature": 1.25}, False), ({"temperature": 1.0, "top_p": 0.9}, True)],
    ids=str,
)
def test_tokens_of_another_rule_do_not(logits, rule, lower):
    found = sampling_evidence(logits, drawn(logits, **rule), temperature=1.0)
    assert abs(found.z) > 8
    assert (found.z < 0) == lower


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_honest_tokens_are_not_likelier_otherwise(logits, rule):
    """However long one looks: by Ville's inequality, of 60 stretches 60 / 400 are above log 400."""
    tokens = drawn(logits, **rule)
    for at in range(0, TOKENS, 50):
        part = slice(at, at + 50)
        assert sampling_evidence(logits[part], tokens[part], **rule).ratio < math.log(400) + 2


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        ({"temperature": 0.7}, "colder"),
        ({"temperature": 1.4}, "hotter"),
        ({"temperature": 1.0, "top_p": 0.9}, "narrower"),
    ],
    ids=str,
)
def test_tokens_of_another_rule_are_likelier_by_it(logits, rule, name):
    found = sampling_evidence(logits[:400], drawn(logits, **rule)[:400], temperature=1.0)
    assert found.ratio == getattr(found, name) > 12


def test_greedy_tokens_do_not(logits):
    greedy = logits.argmax(-1).tolist()
    assert sampling_evidence(logits, greedy, temperature=1.0).z < -20
    assert sampling_evidence(logits, greedy, temperature=0.0) == SamplingEvidence(TOKENS)
    sampled = sampling_evidence(logits, drawn(logits), temperature=0.0)
    assert sampled.impossible > TOKENS / 2


@pytest.mark.parametrize("rule", [{"top_p": 0.8}, {"top_k": 9}], ids=str)
def test_tokens_that_are_cut_are_counted_apart(logits, rule):
    found = sampling_evidence(logits, drawn(logits), temperature=1.0, **rule)
    assert found.impossible > TOKENS / 20
    assert math.isfinite(found.surplus)


def test_the_pieces_of_a_completion_sum_to_it(logits):
    tokens = drawn(logits)
    parts = [
        sampling_evidence(logits[at : at + 500], tokens[at : at + 500], temperature=1.0, end_tokens={0})
        for at in range(0, TOKENS, 500)
    ]
    whole = sampling_evidence(logits, tokens, temperature=1.0, end_tokens={0})
    summed = sum(parts, SamplingEvidence())
    assert summed.surplus == pytest.approx(whole.surplus)
    assert summed.variance == pytest.approx(whole.variance)
    assert summed.end_surplus == pytest.approx(whole.end_surplus)


def test_an_end_where_there_would_be_none_surprises_and_so_does_going_on(logits):
    going_on, ending = logits[:20].clone(), logits[:20].clone()
    going_on[:, 0] = -10.0  # probability of the end: about e^-17
    ending[:, 0] = 15.0  # of going on: about e^-8
    ordinary = [5] * 20
    quiet = sampling_evidence(going_on, ordinary, temperature=1.0, end_tokens={0})
    assert abs(quiet.end_surplus) < 0.01
    assert sampling_evidence(going_on, [5] * 19 + [0], temperature=1.0, end_tokens={0}).end_surplus > 10
    assert sampling_evidence(ending, ordinary, temperature=1.0, end_tokens={0}).end_surplus > 20
    assert abs(sampling_evidence(ending, [0] * 20, temperature=1.0, end_tokens={0}).end_surplus) < 0.2


def test_what_is_left_of_a_distribution_sums_to_one(logits):
    found = ordered_distribution(logits[:50], temperature=0.7, top_p=0.5, top_k=20)
    assert torch.allclose(found.final.exp().sum(-1), torch.ones(50, dtype=torch.float64))
    assert found.inside[:, 0].all()
    assert not found.inside[:, 20:].any()
    p, inside = found.whole.exp(), found.inside
    top = p[:, :20].sum(-1)
    assert ((p * inside).sum(-1) / top >= 0.5).all()  # the nucleus holds as much as it has to
    less = inside.cumsum(-1) < inside.sum(-1, keepdim=True)  # and without its least probable token it would not
    assert ((p * (inside & less)).sum(-1) / top < 0.5).all()


# Termination ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tokens", "finish", "fault"),
    [
        ([1, 2, 9], "stop", None),
        ([9], "stop", None),
        ([1, 2, 3, 4, 5], "length", None),
        ([1, 2, 3], "length", "says it ran into max_tokens, 5, with 3 tokens"),
        ([1, 2, 3, 4, 9], "length", "its last token is an end token"),
        ([1, 2, 3], "stop", "its last token is no end token"),
        ([1, 9, 3, 9], "stop", "token 1 of 4 ends it, and it goes on"),
        ([1] * 6, "length", "6 tokens, more than max_tokens, 5"),
        ([], "stop", "no tokens"),
        ([1], "", "finish_reason is ''"),
        ([1], None, "finish_reason is None"),
    ],
)
def test_how_a_completion_may_end(tokens, finish, fault):
    found = termination_fault(tokens, finish, max_tokens=5, end_tokens={9})
    assert (found is None) if fault is None else (fault in found)


# Token-DiFR ----------------------------------------------------------------------------------------------------------


def sampled_with(logits, kind, seed, *, temperature=1.0, top_p=1.0):
    """By vLLM's rule, one token at a time, from the generator alone (``exponential``)."""
    assert kind == "exponential"
    generator = torch.Generator().manual_seed(seed)
    tokens = []
    for row in logits:
        p = torch.softmax(row / temperature, -1)
        if top_p < 1:
            ordered, order = p.sort(descending=True)
            ordered[ordered.cumsum(0) - ordered >= top_p] = 0
            p = torch.zeros_like(p).scatter(0, order, ordered)
        tokens.append(int((p / torch.empty_like(p).exponential_(generator=generator)).argmax()))
    return tokens


@pytest.mark.parametrize(
    "rule", [{"temperature": 1.0}, {"temperature": 0.5}, {"temperature": 1.0, "top_p": 0.9}], ids=str
)
def test_a_replay_draws_the_same_tokens(logits, rule):
    logits = logits[:600]
    tokens = sampled_with(logits, "exponential", 11, **rule)
    found = replay(logits, tokens, SeededNoise("exponential", 11, VOCABULARY), **rule)
    assert (found.tokens, found.others) == (600, 0)
    other = replay(logits, tokens, SeededNoise("exponential", 12, VOCABULARY), **rule)
    assert other.others > 300
    assert other.mean_margin > 0.3


def test_logits_of_another_machine_give_small_margins_only(logits):
    logits = logits[:600]
    tokens = sampled_with(logits, "exponential", 11)
    near = logits + 0.02 * torch.randn(logits.shape, generator=torch.Generator().manual_seed(3))
    found = replay(near, tokens, SeededNoise("exponential", 11, VOCABULARY), temperature=1.0)
    assert 0 < found.others < 40
    assert found.mean_margin < 0.002
    warmer = sampled_with(logits, "exponential", 11, temperature=1.1)
    assert replay(near, warmer, SeededNoise("exponential", 11, VOCABULARY), temperature=1.0).mean_margin > 0.005


def test_a_token_that_is_cut_counts_as_much_as_a_margin_may(logits):
    worst = logits[:5].argmin(-1).tolist()
    found = replay(logits[:5], worst, SeededNoise("splitmix", 1, VOCABULARY), temperature=1.0, top_p=0.5)
    assert found == ReplayEvidence(5, 5 * MARGIN_MOST, 5)


def test_greedy_needs_no_noise(logits):
    found = replay(logits, logits.argmax(-1).tolist(), SeededNoise("splitmix", 1, VOCABULARY), temperature=0.0)
    assert found == ReplayEvidence(TOKENS)


def test_splitmix_is_sebastiano_vignas():
    """The first words of his generator, seeded with 1234567 (prng.di.unimi.it/splitmix64.c)."""
    from synthetic1.pool.proving.token_difr import GAMMA, WORD, _mixed, _mixed_all, _signed

    words = [_mixed((1234567 + i * GAMMA) % WORD) for i in range(1, 4)]
    assert words == [6457827717110365317, 3203168211198807973, 9817491932198370423]
    states = torch.tensor([_signed((1234567 + i * GAMMA) % WORD) for i in range(1, 4)])
    assert _mixed_all(states).tolist() == [_signed(word) for word in words]


def murmur_of(data):
    """MurmurHash3_x86_32 of bytes, seed 0, as its author's page has it."""

    def turned(word, by):
        return (word << by | word >> (32 - by)) & 0xFFFFFFFF

    state, body = 0, len(data) // 4 * 4
    for at in range(0, body, 4):
        word = turned(int.from_bytes(data[at : at + 4], "little") * 0xCC9E2D51 & 0xFFFFFFFF, 15)
        state = (turned(state ^ word * 0x1B873593 & 0xFFFFFFFF, 13) * 5 + 0xE6546B64) & 0xFFFFFFFF
    tail = turned(int.from_bytes(data[body:], "little") * 0xCC9E2D51 & 0xFFFFFFFF, 15)
    state ^= (tail * 0x1B873593 & 0xFFFFFFFF) ^ len(data)
    state = (state ^ state >> 16) * 0x85EBCA6B & 0xFFFFFFFF
    state = (state ^ state >> 13) * 0xC2B2AE35 & 0xFFFFFFFF
    return state ^ state >> 16


def test_murmur_is_austin_applebys():
    """Published values of his function, and ours against the same function, of 16 bytes."""
    assert murmur_of(b"test") == 0xBA6BD213
    assert murmur_of(b"Hello, world!") == 0xC0363E43
    rng = np.random.default_rng(0)
    for words in rng.integers(0, 2**32, (20, 3)).tolist():
        data = b"".join(word.to_bytes(4, "little") for word in words)
        last = torch.tensor([0, 1, 651, 2**31, 2**32 - 1])
        expected = [murmur_of(data + int(word).to_bytes(4, "little")) for word in last]
        assert murmur3(words, last).tolist() == expected


def test_murmur_counts_the_prompts_tokens():
    whole = SeededNoise("murmur", 2**40 + 5, 500, prompt_tokens=10).next(20)
    assert torch.equal(whole[7:], SeededNoise("murmur", 2**40 + 5, 500, prompt_tokens=17).next(13))
    assert not torch.equal(whole, SeededNoise("murmur", 5, 500, prompt_tokens=10).next(20))


@pytest.mark.parametrize("kind", ["exponential", "splitmix", "murmur"])
def test_noise_is_gumbels(kind):
    """Mean 0.577, variance pi^2 / 6; the same for the same seed, however it is asked for."""
    whole = SeededNoise(kind, 5, 500).next(200)
    assert whole.mean() == pytest.approx(0.5772, abs=0.02)
    assert whole.var() == pytest.approx(math.pi**2 / 6, rel=0.03)
    again = SeededNoise(kind, 5, 500)
    assert torch.equal(whole, torch.cat([again.next(50), again.next(150)]))
    with pytest.raises(ValueError, match="it has to be one of exponential, splitmix, murmur"):
        SeededNoise("philox", 5, 500)


def test_noise_is_that_of_vllms_kernel(require):
    require("vLLM", importlib.util.find_spec("vllm"), "make venv")
    pytest.importorskip("vllm._C")
    logits = torch.randn(300, 1000, generator=torch.Generator().manual_seed(1))
    generator = torch.Generator().manual_seed(9)
    words = torch.cat([torch.randint(0, 2**31, (1,), generator=generator) for _ in range(300)])
    theirs = torch.ops._C.fused_gumbel_argmax(logits, words)
    assert torch.equal(theirs, (logits.double() + SeededNoise("splitmix", 9, 1000).next(300)).argmax(-1))


# Calibration ---------------------------------------------------------------------------------------------------------


def rollout(tokens=100, surplus=0.0, impossible=0, end=0.0, margin=0.0, error=0.0):
    sampling = SamplingEvidence(tokens, surplus, float(tokens), impossible, False, end)
    return RolloutEvidence(sampling, ReplayEvidence(tokens, margin, 0), error, 128)


def test_windows_are_sums_over_enough_tokens():
    rollouts = [rollout(surplus=20.0, end=1.0, margin=10.0, error=128.0), rollout(250, impossible=1), rollout(40)]
    found = calibration.consecutive_windows(rollouts, 300)
    assert found.toploc.tolist() == [0.5]
    assert found.likelihood.tolist() == pytest.approx([20 / math.sqrt(350) + calibration.IMPOSSIBLE_Z])
    assert found.ending.tolist() == [1.0]
    assert found.token_difr.tolist() == pytest.approx([10 / 350])


def test_no_rollouts_make_no_windows():
    assert not len(calibration.consecutive_windows([]).toploc)
    for nothing in ([], [RolloutEvidence()]):
        with pytest.raises(ValueError, match="no rollouts with tokens"):
            calibration.drawn_windows(nothing, 5, np.random.default_rng(0))
    with pytest.raises(ValueError, match="no honest windows"):
        calibration.threshold(np.array([]), 0.1)


def test_an_operating_point_is_above_what_honest_workers_do_and_below_others():
    rng = np.random.default_rng(0)
    honest = [rollout(surplus=rng.normal(0, 10), margin=rng.random() / 100) for _ in range(400)]
    other = [rollout(surplus=rng.normal(60, 10), margin=rng.random()) for _ in range(400)]
    limits = calibration.operating_point(calibration.drawn_windows(honest, 4000, rng), 1e-3)
    for method, errors in calibration.drawn_windows(honest, 4000, rng).by_method().items():
        assert calibration.rate_above(errors, limits[method]) <= 1e-3
    found = calibration.drawn_windows(other, 4000, rng)
    assert calibration.rate_above(found.token_difr, limits["token_difr"]) == 1.0
    assert calibration.rate_above(found.likelihood, limits["likelihood"]) > 0.9
    curve = calibration.roc(calibration.drawn_windows(honest, 4000, rng).likelihood, found.likelihood)
    assert [rate for rate, _ in curve] == sorted(rate for rate, _ in curve)
    assert all(earlier <= later for (_, earlier), (_, later) in itertools.pairwise(curve))


def test_the_error_of_a_proof_counts_exponents_more():
    near = ProofComparison(exp_mismatches=0, mant_err_mean=1.0, mant_err_median=1.0, places=128)
    far = ProofComparison(exp_mismatches=128, mant_err_mean=2.0**64, mant_err_median=2.0**64, places=128)
    assert calibration.proof_error(near) == 128.0
    assert calibration.proof_error(far) == 128 * calibration.EXPONENT_ERROR
