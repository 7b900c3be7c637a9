"""TOPLOC proofs: toploc's own vectors, a slow oracle, what honest and dishonest workers hand in."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
import toploc_oracle as oracle
from hypothesis import given
from hypothesis import strategies as st

from synthetic1.pool.toploc.building import build_proofs
from synthetic1.pool.toploc.errors import ActivationsError, ProofError
from synthetic1.pool.toploc.field import MOST_POINTS, PRIME, evaluate, interpolate
from synthetic1.pool.toploc.format import ProofFormat
from synthetic1.pool.toploc.largest import largest_indices
from synthetic1.pool.toploc.proof import LEAST_MODULUS, TopLocProof
from synthetic1.pool.toploc.verifying import (
    NO_EXPONENT_EQUAL,
    ProofComparison,
    TopLocThresholds,
    proof_verdict,
    verify_proofs,
)

torch = pytest.importorskip("torch")  # the oracle of ties; ours does without, as a test below shows

SEEDS = (0, 1, 2)  # of the vectors in the shared data
ALIKE = ProofFormat(skip_prefill=True)


def normal(seed, rows, width):
    """As the vectors' activations were made."""
    return oracle.to_bf16_bits(np.random.default_rng(seed).standard_normal((rows, width)))


def scaled(bits, factor):
    return oracle.to_bf16_bits((bits.astype(np.uint32) << 16).view(np.float32) * np.float32(factor))


def numbers(comparisons):
    return [[c.exp_mismatches, c.mant_err_mean, c.mant_err_median] for c in comparisons]


ZEROS = [[0, 0.0, 0.0]]


# toploc's vectors ----------------------------------------------------------------------------------------------------


@pytest.fixture(params=SEEDS, ids=lambda seed: f"seed {seed}")
def case(request, shared_data):
    """A vector: how its activations are made, the proofs that toploc made of them, and its errors."""
    cases = json.loads((shared_data / "toploc_golden.json").read_text())["cases"]
    assert sorted(case["seed"] for case in cases) == list(SEEDS)
    return next(case for case in cases if case["seed"] == request.param)


@pytest.mark.parametrize("form", [lambda bits: bits, oracle.as_tensor, list], ids=["numpy", "torch", "list"])
def test_proofs_are_toplocs_to_the_last_byte(case, form):
    activations = form(normal(case["seed"], case["rows"], case["width"]))
    assert [proof.to_bytes().hex() for proof in build_proofs(activations, ALIKE)] == case["proofs_hex"]


def test_errors_are_toplocs(case):
    own, other = (normal(case["seed"] + more, case["rows"], case["width"]) for more in (0, 100))
    proofs = [bytes.fromhex(proof) for proof in case["proofs_hex"]]
    assert numbers(verify_proofs(own, proofs, ALIKE)) == case["identical"]
    assert numbers(verify_proofs(scaled(own, 1.01), proofs, ALIKE)) == case["scaled_1_01"]
    assert numbers(verify_proofs(other, proofs, ALIKE)) == case["unrelated"]
    assert proof_verdict(own, proofs, ALIKE).is_accepted
    assert proof_verdict(scaled(own, 1.01), proofs, ALIKE).is_accepted
    verdict = proof_verdict(other, proofs, ALIKE)
    assert not verdict.is_accepted
    assert "exponents differ" in verdict.reason


def test_neither_side_needs_torch():
    program = f"""
import sys
import numpy as np
from synthetic1.pool.toploc.building import build_proofs
from synthetic1.pool.toploc.verifying import proof_verdict
bits = np.random.default_rng(0).integers(0, 0x7F80, (70, 256)).astype(np.uint16)
assert proof_verdict(bits, build_proofs(bits)).is_accepted
print([name for name in {["torch", "toploc"]!r} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# The oracle ----------------------------------------------------------------------------------------------------------


@given(st.dictionaries(st.integers(0, PRIME - 1), st.integers(0, PRIME - 1), min_size=1, max_size=12))
def test_a_polynomial_goes_through_its_points(points):
    places, values = (np.array(list(part), np.int64) for part in (points.keys(), points.values()))
    found = interpolate(places, values)
    assert found.tolist() == oracle.lagrange(list(points.items()))
    assert evaluate(found, places).tolist() == list(points.values())


@pytest.mark.parametrize("k", [1, 2, 127, 128, 129, 1000, pytest.param(MOST_POINTS, marks=pytest.mark.proofs)])
def test_a_polynomial_is_evaluated_as_horner_does(k):
    """Elements as large as they get, so that sums are."""
    coefficients = PRIME - 1 - np.random.default_rng(k).integers(0, 3, k)
    places = np.array([0, 1, 2, PRIME - 2, PRIME - 1])
    assert evaluate(coefficients, places).tolist() == [oracle.horner(coefficients.tolist(), int(x)) for x in places]
    highest = np.arange(PRIME - k, PRIME)
    assert evaluate(interpolate(highest, coefficients), highest).tolist() == coefficients.tolist()


FINITE = st.integers(0, 0x7F7F) | st.integers(0x8000, 0xFF7F)
FEW = st.lists(FINITE, min_size=1, max_size=3)


@st.composite
def chunked(draw):
    """(bits, format): activations of few values, hence with ties, or of many."""
    width = draw(st.integers(1, 40))
    rows = draw(st.integers(1, 12))
    form = ProofFormat(draw(st.integers(1, 12)), draw(st.sampled_from([1, 2, 7, 16])), draw(st.booleans()))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    of = draw(FEW | st.none())
    bits = rng.choice(of, (rows, width)) if of else rng.integers(0, 0x7F80, (rows, width))
    return bits.astype(np.uint16), form


def flat_chunks(bits, form):
    first = [] if form.skip_prefill else [bits[0]]
    rest = bits if form.skip_prefill else bits[1:]
    size = form.decode_batching_size
    return first + [rest[i : i + size].ravel() for i in range(0, len(rest), size)]


@given(chunked())
def test_proofs_are_the_oracles(made):
    bits, form = made
    wanted = [oracle.proof_bytes(chunk, form.topk) for chunk in flat_chunks(bits, form)]
    assert [proof.to_bytes() for proof in build_proofs(bits, form)] == wanted


@given(chunked(), st.integers(0, 2**32), st.sampled_from([0.0, 0.01, 0.3]))
def test_errors_are_the_oracles(made, seed, noise):
    bits, form = made
    proofs = build_proofs(bits, form)
    factors = 1 + noise * np.random.default_rng(seed).standard_normal(bits.shape)
    with np.errstate(over="ignore"):
        own = scaled(bits, factors.astype(np.float32))
    own[(own & 0x7FFF) >= 0x7F80] = 0
    wanted = [
        [*oracle.errors(proof.to_bytes(), chunk, form.topk)]
        for proof, chunk in zip(proofs, flat_chunks(own, form), strict=True)
    ]
    assert numbers(verify_proofs(own, proofs, form)) == wanted


# The largest values --------------------------------------------------------------------------------------------------


def torchs(bits, k):
    return sorted(oracle.largest(bits, k))


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("k", [1, 3, 16, 128])
def test_ties_are_torchs(seed, k):
    rng = np.random.default_rng([seed, k])
    n = int(rng.integers(1, 150 * k))  # from 64 k on by another algorithm
    bits = rng.integers(0, rng.choice([2, 3, 10, 1000, 0x7F80]), n).astype(np.uint16)
    for order in (bits, np.sort(bits), np.sort(bits)[::-1].copy()):
        assert largest_indices(order, k).tolist() == torchs(order, k)


def pivots_stay_bad(n):
    """Magnitudes in an order under which every median of three is one of the largest left (Musser's killer)."""
    half = n // 2
    order = [0] * n
    for i in range(1, half + 1):
        order[i - 1] = i if i % 2 else half + i - 1
        order[half + i - 1] = 2 * i
    return np.array(order, np.uint16)


@pytest.mark.parametrize("n", [64, 500, 1200, 8000])
def test_ties_are_torchs_where_selection_falls_back_to_a_heap(n, monkeypatch):
    from synthetic1.pool.toploc import largest

    heaps, left_in_heap = [], largest._left_in_heap
    monkeypatch.setattr(largest, "_left_in_heap", lambda *given: heaps.append(1) or left_in_heap(*given))
    for k in (n // 60, n // 8, n // 2, n - 1):
        for bits in (pivots_stay_bad(n), n - pivots_stay_bad(n)):
            border = np.sort(bits)[-k]
            for near in range(0, 40, 3):  # values equal to the one at the border
                tied = np.where(np.abs(bits.astype(int) - border) <= near, border, bits)
                assert largest_indices(tied, k).tolist() == torchs(tied, k)
    assert heaps or n < 1000


# Honest workers ------------------------------------------------------------------------------------------------------


@given(chunked())
def test_whoever_computed_the_same_is_accepted(made):
    bits, form = made
    comparisons = verify_proofs(bits, build_proofs(bits, form), form)
    assert numbers(comparisons) == ZEROS * len(comparisons)
    assert proof_verdict(bits, [p.to_base64() for p in build_proofs(bits, form)], form).is_accepted


@pytest.mark.parametrize(
    ("places", "modulus"),
    [
        ([0, PRIME - 1], PRIME),
        ([0, PRIME], PRIME - 1),
        ([0, PRIME, 140_000], PRIME - 1),
        ([0, PRIME - 1, PRIME, 140_000], PRIME - 2),
        ([0, 5, 140_000], PRIME),
    ],
)
def test_a_modulus_that_keeps_places_apart(places, modulus):
    """toploc's verification of lists evaluates at the index, not at its rest: there an honest worker fails."""
    bits = np.zeros((32, 5120), np.uint16)
    bits.reshape(-1)[places] = 0x4000 + np.arange(len(places))
    (proof,) = build_proofs(bits, form := replace(ALIKE, topk=len(places)))
    assert proof.modulus == modulus
    assert proof.to_bytes() == oracle.proof_bytes(bits.ravel(), form.topk)
    assert numbers(verify_proofs(bits, [proof], form)) == ZEROS


def test_a_modulus_is_searched_no_further_than_toploc_does():
    """Places of which, whatever the modulus from 2**15 + 1 on is, two are as far apart as it is large."""
    bits = np.zeros((1, 70_000), np.uint16)
    places = np.r_[0:256, 32768:65536:256, 65536:70_000:128]
    bits[0, places] = 0x4000
    with pytest.raises(ActivationsError, match=r"coincide modulo 32769 to 65497$"):
        build_proofs(bits, replace(ALIKE, topk=len(places)))


@pytest.mark.parametrize("seed", range(6))
def test_signs_are_not_compared(seed):
    bits = normal(seed, 40, 256)
    flipped = bits ^ (np.random.default_rng(seed).integers(0, 2, bits.shape).astype(np.uint16) << 15)
    assert numbers(verify_proofs(flipped, build_proofs(bits, ALIKE), ALIKE)) == ZEROS * 2


def test_a_prompt_is_a_chunk_by_itself():
    rows = normal(3, 75, 128)
    prompt, later = rows[:40], rows[40:]
    proofs = build_proofs([prompt, *later])
    assert [proof.to_bytes() for proof in proofs] == [
        oracle.proof_bytes(part.ravel(), 128) for part in (prompt, later[:32], later[32:])
    ]
    assert proofs[1:] == build_proofs(later, ALIKE)
    assert proofs == build_proofs([oracle.as_tensor(prompt), *(row[None] for row in later)])
    assert proofs[:1] == build_proofs([prompt])


def test_tensors_are_read_wherever_they_come_from():
    bits = normal(4, 33, 256)
    tensor = oracle.as_tensor(bits)
    wanted = build_proofs(bits, ALIKE)
    strided = torch.stack([tensor, tensor], dim=-1)[..., 0]
    with torch.inference_mode():
        assert build_proofs(strided, ALIKE) == build_proofs(tensor.clone().requires_grad_(), ALIKE) == wanted
    assert build_proofs(np.asfortranarray(bits), ALIKE) == wanted


def test_fewer_values_than_topk_are_all_proven():
    """toploc aborts the process there."""
    bits = normal(5, 2, 20)
    (proof,) = build_proofs(bits, ALIKE)
    assert len(proof.to_bytes()) == 258
    assert proof.coefficients[40:] == (0,) * 88
    (comparison,) = verify_proofs(bits, [proof], ALIKE)
    assert comparison == ProofComparison(0, 0.0, 0.0, places=40)
    assert not proof_verdict(normal(6, 2, 20), [proof], ALIKE).is_accepted


@pytest.mark.parametrize("activations", [np.zeros((0, 8), np.uint16), [], torch.zeros((0, 8), dtype=torch.bfloat16)])
@pytest.mark.parametrize("form", [ProofFormat(), ALIKE])
def test_without_rows_nothing_is_proven(activations, form):
    assert build_proofs(activations, form) == []
    verdict = proof_verdict(activations, [], form)
    assert (verdict.is_accepted, verdict.reason) == (False, "there are no rows, and so no proofs")


# Dishonest ones ------------------------------------------------------------------------------------------------------

OWN = normal(7, 64, 256)
HONEST = [proof.to_bytes() for proof in build_proofs(OWN, ALIKE)]


def coefficients(*first, modulus=PRIME):
    return b"".join(n.to_bytes(2, "big") for n in [modulus, *first, *[0] * (128 - len(first))])


MALFORMED = [
    ("null", bytes(258), "modulus is 0: it has to be from 32769 to 65497"),
    ("modulus too small", coefficients(modulus=2**15), "modulus is 32768"),
    ("modulus too large", coefficients(modulus=PRIME + 1), "modulus is 65498"),
    ("coefficient outside of the field", coefficients(1, PRIME), "coefficient is 65497: it has to be from 0 to 65496"),
    ("empty", b"", "has 0 bytes: it has to have 258 with topk=128"),
    ("half a number short", HONEST[0][:-1], "has 257 bytes"),
    ("a coefficient short", HONEST[0][:-2], "has 256 bytes"),
    ("a coefficient too many", HONEST[0] + b"\0\0", "has 260 bytes"),
    ("long", b"\0" * 10**7, "has 10000000 bytes"),
    ("not base64", "!" * 344, "is not base64"),
    ("not ASCII", "é" * 344, "is not base64"),
    ("a lone surrogate", "\ud800" * 344, "is not base64"),
    ("base64 of another length", "A" * 340, "has 340 characters: it has to have 344"),
    ("base64 of nothing", "A" * 344, "modulus is 0"),
    ("base64 with padding inside", "AAA=" * 86, "proof"),
    ("a newline", "A" * 343 + "\n", "is not base64"),
    ("hexadecimal", HONEST[0].hex(), "has 516 characters"),
    ("None", None, "is of type NoneType: it has to be bytes, or base64 as a string"),
    ("numbers", [1, 2], "is of type list"),
    ("of another topk", TopLocProof(PRIME, (1, 2)), "has 2 coefficients: it has to have 128 with topk=128"),
]


@pytest.mark.parametrize(("proof", "says"), [row[1:] for row in MALFORMED], ids=[row[0] for row in MALFORMED])
def test_what_is_no_proof_is_rejected(proof, says):
    with pytest.raises(ProofError) as raised:
        verify_proofs(OWN, [HONEST[0], proof], ALIKE)
    verdict = proof_verdict(OWN, [HONEST[0], proof], ALIKE)
    assert not verdict.is_accepted
    assert verdict.reason == str(raised.value)
    assert verdict.reason.startswith("chunk 1: a proof")
    assert says in verdict.reason
    assert len(verdict.reason.splitlines()) == 1
    assert verdict.comparisons == ()


@pytest.mark.parametrize(
    ("proofs", "says"),
    [
        ([], "there are 0 proofs: the activations have 2 chunks"),
        (HONEST[:1], "there are 1 proofs: the activations have 2 chunks"),
        ([*HONEST, HONEST[0]], "there are 3 proofs"),
        (None, "proofs are of type NoneType: they have to be a list"),
        (b"".join(HONEST), "proofs are of type bytes"),
        ({0: HONEST[0]}, "proofs are of type dict"),
    ],
)
def test_every_chunk_has_one_proof(proofs, says):
    with pytest.raises(ProofError, match=says):
        verify_proofs(OWN, proofs, ALIKE)
    verdict = proof_verdict(OWN, proofs, ALIKE)
    assert (verdict.is_accepted, verdict.comparisons) == (False, ())


def test_base64_is_read_as_it_is_written_alone():
    form = ProofFormat(topk=1)  # 4 bytes: two characters of padding
    text = TopLocProof(PRIME, (5,)).to_base64()
    assert text == "/9kABQ=="
    assert TopLocProof.from_base64(text).to_base64() == text
    for other in ("/9kABR==", "/9kABQ", "/9kABQ===", "_9kABQ=="):
        with pytest.raises(ProofError, match="base64"):
            TopLocProof.from_base64(other)
    assert proof_verdict(np.array([[5]], np.uint16), [text], replace(form, skip_prefill=True)).is_accepted


@given(st.integers(LEAST_MODULUS, PRIME), st.lists(st.integers(0, PRIME - 1), min_size=1, max_size=140))
def test_a_proof_is_what_its_bytes_and_its_base64_say(modulus, values):
    proof = TopLocProof(modulus, tuple(values))
    assert TopLocProof.from_bytes(proof.to_bytes()) == TopLocProof.from_base64(proof.to_base64()) == proof
    assert len(proof.to_bytes()) == 2 + 2 * len(values)


ANYTHING = st.binary(max_size=300) | st.binary(min_size=258, max_size=258) | st.text(max_size=350) | st.none()
WELL_FORMED = st.builds(
    lambda modulus, values: TopLocProof(modulus, tuple(values)),
    st.integers(LEAST_MODULUS, PRIME),
    st.lists(st.integers(0, PRIME - 1), min_size=128, max_size=128),
)


@given(st.lists(ANYTHING | WELL_FORMED, max_size=3))
def test_whatever_is_handed_in_is_rejected(proofs):
    verdict = proof_verdict(OWN, proofs, ALIKE)
    assert not verdict.is_accepted
    assert len(verdict.reason.splitlines()) == 1


@given(st.integers(1, 127), st.integers(1, PRIME - 1), st.integers(0, 1))
def test_a_proof_with_another_coefficient_is_rejected(place, more, chunk):
    """But for the constant, of which a little more makes all values a little larger."""
    proof = TopLocProof.from_bytes(HONEST[chunk])
    values = list(proof.coefficients)
    values[place] = (values[place] + more) % PRIME
    proofs = [*HONEST]
    proofs[chunk] = TopLocProof(proof.modulus, tuple(values)).to_bytes()
    verdict = proof_verdict(OWN, proofs, ALIKE)
    assert not verdict.is_accepted
    assert verdict.reason.startswith(f"chunk {chunk}: ")


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("width", [128, 1024])
def test_other_activations_are_rejected_by_their_exponents(seed, width):
    """Over those that are equal by chance mantissas may well be near, as in toploc's first vector."""
    proofs = build_proofs(normal(seed, 32, width), ALIKE)
    verdict = proof_verdict(normal(seed + 1000, 32, width), proofs, ALIKE)
    assert not verdict.is_accepted
    assert "exponents differ, more than 38 of 128" in verdict.reason


@pytest.mark.parametrize(
    ("noise", "is_accepted"), [(0.0, True), (0.002, True), (0.01, True), (0.2, False), (1.0, False)]
)
def test_a_little_noise_is_accepted_and_much_is_not(noise, is_accepted):
    factors = 1 + noise * np.random.default_rng(8).standard_normal(OWN.shape).astype(np.float32)
    assert proof_verdict(scaled(OWN, factors), HONEST, ALIKE).is_accepted == is_accepted


def test_one_value_for_all_places_is_rejected_however_near_it_is():
    """It could be guessed: toploc's three errors alone would accept it."""
    bits = (0x4000 + np.random.default_rng(9).integers(90, 110, (32, 256))).astype(np.uint16)
    bits[:, ::4] |= 0x8000
    blind = TopLocProof(PRIME, (0x4000 + 105, *[0] * 127))
    (comparison,) = verify_proofs(bits, [blind], ALIKE)
    assert TopLocThresholds().objection(replace(comparison, is_blind=False)) is None
    verdict = proof_verdict(bits, [blind], ALIKE)
    assert not verdict.is_accepted
    assert "one value for all places" in verdict.reason
    assert proof_verdict(bits, build_proofs(bits, ALIKE), ALIKE).is_accepted
    equal = np.full((32, 256), 0x4069, np.uint16)  # where all values are one, so is an honest proof
    assert build_proofs(equal, ALIKE) == [blind]
    assert proof_verdict(equal, [blind], ALIKE).is_accepted


# Thresholds ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("comparison", "says"),
    [
        (ProofComparison(0, 0.0, 0.0, 128), None),
        (ProofComparison(38, 10.0, 8.0, 128), None),
        (ProofComparison(39, 0.0, 0.0, 128), "39 of 128 exponents differ, more than 38 of 128"),
        (ProofComparison(38, 10.01, 8.0, 128), "mant_err_mean is 10.01, more than 10"),
        (ProofComparison(38, 10.0, 9.0, 128), "mant_err_median is 9, more than 8"),
        (ProofComparison(127, 2.0, 2.0, 128), "127 of 128 exponents differ, more than 38 of 128"),
        (ProofComparison(128, NO_EXPONENT_EQUAL, NO_EXPONENT_EQUAL, 128), "128 of 128 exponents differ"),
        (ProofComparison(11, 0.0, 0.0, 40), None),  # 38 of 128 are 11.9 of 40
        (ProofComparison(12, 0.0, 0.0, 40), "12 of 40 exponents differ"),
        (ProofComparison(0, 0.0, 0.0, 1), None),
        (ProofComparison(1, NO_EXPONENT_EQUAL, NO_EXPONENT_EQUAL, 1), "1 of 1 exponents differ"),
    ],
)
def test_each_error_has_a_threshold(comparison, says):
    objection = TopLocThresholds().objection(comparison)
    assert objection is None if says is None else says in objection


def test_thresholds_are_a_models_own():
    assert proof_verdict(scaled(OWN, 1.01), HONEST, ALIKE).is_accepted
    assert not proof_verdict(scaled(OWN, 1.01), HONEST, ALIKE, TopLocThresholds(mant_err_mean=1)).is_accepted


@pytest.mark.parametrize(
    "wrong",
    [
        *({"exp_mismatches": n} for n in (-1, 128)),
        *({name: x} for name in ("mant_err_mean", "mant_err_median") for x in (-1.0, float("inf"), float("nan"))),
    ],
)
def test_thresholds_that_accept_everything_or_nothing_are_refused(wrong):
    with pytest.raises(ValueError, match=rf"^{next(iter(wrong))}=.* has to be [^\n]*$"):
        TopLocThresholds(**wrong)


# What proofs cannot be made of ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [0x7F80, 0xFF80, 0x7FC0, 0x7F81, 0xFFC0, 0xFFD9, 0xFFFF], ids=hex)
def test_what_is_not_finite_is_nobodys_proof(bits):
    broken = OWN.copy()
    broken[40, 7] = bits
    for act in (build_proofs, lambda *given: proof_verdict(given[0], HONEST, given[1])):
        with pytest.raises(ActivationsError, match=r"^activations, chunk 1: infinity or NaN"):
            act(broken, ALIKE)


@pytest.mark.parametrize(
    ("activations", "says"),
    [
        (torch.zeros(4, 8), r"activations are torch.float32: they have to be torch.bfloat16, or its bits"),
        (torch.zeros(4, 8, dtype=torch.float16), "activations are torch.float16"),
        (np.zeros((4, 8), np.float32), "activations are float32"),
        (np.zeros((4, 8), np.int16), "activations are int16"),
        (np.zeros((4, 8), ">u2"), "activations are >u2"),
        ([torch.zeros(8)], "activations are torch.float32"),
        (np.zeros(8, np.uint16), r"of shape \(8,\): they have to be \(rows, width\)"),
        (np.zeros((2, 3, 4), np.uint16), r"of shape \(2, 3, 4\)"),
        (np.zeros((4, 0), np.uint16), r"of shape \(4, 0\)"),
        ([np.zeros((2, 8), np.uint16)], r"part 0: of shape \(2, 8\); it has to be \(width,\), or \(1, width\)"),
        (
            [np.zeros(8, np.uint16), np.zeros(9, np.uint16)],
            "part 1: 9 wide, part 0 is 8; all rows have to be of one width",
        ),
        ([np.zeros(0, np.uint16)], r"part 0: of shape \(0,\)"),
        ([np.uint16(3)], "activations hold a uint16: they have to be arrays or tensors"),
        ([[1.0, 2.0]], "activations hold a list"),
        ("rows", "activations are of type str: they have to be an array, a tensor, or a list of them"),
        (None, "activations are of type NoneType"),
    ],
)
def test_other_activations_are_refused_in_one_line(activations, says):
    for act in (build_proofs, lambda *given: verify_proofs(given[0], HONEST, given[1])):
        with pytest.raises(ActivationsError, match=says) as raised:
            act(activations, ALIKE)
        assert len(str(raised.value).splitlines()) == 1


def test_only_the_prompt_may_be_several_rows():
    with pytest.raises(ActivationsError, match=r"part 1: of shape \(3, 8\); it has to be \(width,\), or \(1, width\)"):
        build_proofs([OWN[:5, :8], OWN[5:8, :8]])


@pytest.mark.parametrize("wrong", [{"decode_batching_size": 0}, {"topk": 0}, {"topk": MOST_POINTS + 1}])
def test_a_format_that_makes_no_proofs_is_refused(wrong):
    with pytest.raises(ValueError, match=rf"^{next(iter(wrong))}={next(iter(wrong.values()))}: "):
        ProofFormat(**wrong)


# Fuzzing -------------------------------------------------------------------------------------------------------------


def drawn(rng):
    """(bits, format): activations as models compute them, and as none does."""
    form = ProofFormat(int(rng.integers(1, 40)), int(rng.choice([1, 3, 32, 128, 200])), bool(rng.integers(2)))
    rows, width = int(rng.integers(1, 80)), int(rng.choice([1, 7, 128, 300, 2048]))
    match rng.integers(5):
        case 0:
            values = rng.standard_normal((rows, width))
        case 1:
            values = rng.standard_t(2, (rows, width)) * np.exp(rng.normal(0, 3, width))  # a few large channels
        case 2:
            values = rng.integers(-2, 3, (rows, width))
        case 3:
            values = np.sort(rng.standard_normal((rows, width)), axis=None).reshape(rows, width)
        case _:
            return (rng.integers(0, 2**16, (rows, width)).astype(np.uint16) & 0xFF7F), form
    return oracle.to_bf16_bits(values), form


def spoiled(rng, proof):
    """What a worker may hand in in a proof's stead."""
    data = bytearray(proof)
    match rng.integers(6):
        case 0:
            return rng.bytes(len(data))
        case 1:
            return bytes(data[: int(rng.integers(0, len(data)))])
        case 2:
            return bytes(data) + rng.bytes(int(rng.integers(1, 9)))
        case 3:
            return bytes(len(data))
        case 4:
            return b"\xff\xd9" + rng.integers(0, PRIME, len(data) // 2 - 1).astype(">u2").tobytes()
        case _:
            return "".join(map(chr, rng.integers(0, 0x300, len(data) * 4 // 3)))


def one_round(seed):
    rng = np.random.default_rng(seed)
    bits, form = drawn(rng)
    proofs = [proof.to_bytes() for proof in build_proofs(bits, form)]
    chunks = flat_chunks(bits, form)
    comparisons = verify_proofs(bits, proofs, form)
    assert numbers(comparisons) == ZEROS * len(chunks)
    assert proof_verdict(bits, proofs, form).is_accepted
    chosen = int(rng.integers(len(chunks)))
    if form.topk <= 32:
        assert proofs[chosen] == oracle.proof_bytes(chunks[chosen], form.topk)
    wrong = spoiled(rng, proofs[chosen])
    verdict = proof_verdict(bits, [*proofs[:chosen], wrong, *proofs[chosen + 1 :]], form)
    few = min(form.topk, chunks[chosen].size) < 32  # of which enough may be right by chance
    if wrong != proofs[chosen] and not few:
        assert not verdict.is_accepted
        assert verdict.reason.startswith(f"chunk {chosen}: ")


def test_rounds_of_honest_and_spoiled_proofs():
    for seed in range(150):
        one_round(seed)


@pytest.mark.proofs
def test_nearly_ten_minutes_of_honest_and_spoiled_proofs():
    end, seed = time.monotonic() + 570, 1000  # at 600 s pytest takes it for hanging
    while time.monotonic() < end:
        try:
            one_round(seed)
        except Exception as error:
            raise AssertionError(f"round {seed}: {error}") from error
        seed += 1
    assert seed > 2000
