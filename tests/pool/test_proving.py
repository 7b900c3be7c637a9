"""Proofs of the embedded model's own completions, and what a validator says to whatever is handed in."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from synthetic1.pool.proving.checking import check_rollout, prove  # noqa: E402
from synthetic1.pool.proving.claimed_model import ClaimedModel, TokensRefused  # noqa: E402
from synthetic1.pool.proving.proofs import check_proof, prove_tokens  # noqa: E402
from synthetic1.pool.toploc.verifying import TopLocThresholds  # noqa: E402

PROMPT = "Predict what this Python program returns."
TEXT = '{"output": "' + "abc de " * 20 + '"}'
SAMPLING = {"temperature": 1.0, "top_p": 1.0, "max_tokens": 300}
GOOD = "/9k" + "A" * 341  # m, and a constant


@pytest.fixture(scope="module")
def model():
    return ClaimedModel.open("embedded", device="cpu")


@pytest.fixture(scope="module")
def tokens(model):
    return model.tokens_of(PROMPT, TEXT, ended=True)


@pytest.fixture(scope="module")
def proofs(model, tokens):
    return prove_tokens(model, *tokens)


def test_a_prefill_has_a_row_for_each_token_at_the_place_that_chose_it(model, tokens):
    prompt, completion = tokens
    read = model.prefill_tokens(prompt, completion)
    whole = model._model(torch.tensor([prompt + completion]), output_hidden_states=True)
    assert read.tokens == completion
    assert read.ended
    assert read.rows.dtype == torch.bfloat16
    assert read.rows.shape == (len(completion), 192)
    hidden = whole.hidden_states[-1][0, len(prompt) - 1 : -1]  # transformers gives the last one after the final norm
    torch.testing.assert_close(read.rows, hidden, atol=0.1, rtol=0.05)
    torch.testing.assert_close(read.logits, whole.logits[0, len(prompt) - 1 : -1].float(), atol=0.3, rtol=0.05)


def test_a_model_in_float32_rounds_rows_to_bfloat16(tokens):
    read = ClaimedModel.open("embedded", dtype="float32", device="cpu").prefill_tokens(*tokens)
    assert read.rows.dtype == torch.bfloat16
    assert read.logits.dtype == torch.float32


def test_the_end_token_is_there_where_it_has_ended(model):
    prompt, cut = model.tokens_of(PROMPT, TEXT, ended=False)
    assert model.tokens_of(PROMPT, TEXT, ended=True) == (prompt, [*cut, 258])
    assert model.end_tokens == {258}
    assert not model.prefill_tokens(prompt, cut).ended


def test_proofs_are_one_for_32_tokens_and_accepted(model, tokens, proofs):
    assert [len(proof) for proof in proofs] == [344] * math.ceil(len(tokens[1]) / 32)
    assert check_proof(model, *tokens, proofs).outcome == "accept"
    assert proofs == prove(model, PROMPT, TEXT, ended=True)


def test_one_numbers_format_for_another_passes_by_the_defaults_and_not_by_narrow_ones(tokens, proofs):
    other = ClaimedModel.open("embedded", dtype="float32", device="cpu")
    assert check_proof(other, *tokens, proofs).outcome == "accept"
    narrow = TopLocThresholds(exp_mismatches=0, mant_err_mean=0.0, mant_err_median=0.0)
    assert check_proof(other, *tokens, proofs, thresholds=narrow).outcome == "reject"


def test_proofs_of_another_completion_are_rejected(model, tokens, proofs):
    prompt, completion = tokens
    found = check_proof(model, prompt, completion[::-1], proofs)
    assert found.outcome == "reject"
    assert "exponents differ" in found.reason


HOSTILE_TOKENS = [
    ([1], [], "no tokens"),
    ([], [1], "no tokens"),
    ([1], [-1], "token 1 is -1: ids are integers from 0 to 651"),
    ([1], [652], "token 1 is 652"),
    ([2**70], [1], "token 0 is 1180591620717411303424"),
    ([1], [1, 1.0], "token 2 is 1.0"),
    ([1], [True], "token 1 is True"),
    ([1], [None], "token 1 is None"),
    ([1], ["1"], "token 1 is '1'"),
    ([1], [float("nan")], "token 1 is nan"),
    ([1], [1] * 16_384, "the model can attend to 16384"),
    ([1], range(10**6), "the model can attend to 16384"),
]


@pytest.mark.parametrize(("prompt", "completion", "reason"), HOSTILE_TOKENS)
def test_tokens_that_are_none_are_rejected(model, prompt, completion, reason):
    found = check_proof(model, prompt, completion, [GOOD])
    assert found.outcome == "reject"
    assert reason in found.reason
    assert "\n" not in found.reason
    with pytest.raises(TokensRefused):
        prove_tokens(model, prompt, completion)


HOSTILE_PROOFS = [
    [],
    [GOOD] * 3,
    [GOOD] * 100_000,
    GOOD,
    b"",
    None,
    7,
    {"0": GOOD},
    [None] * 2,
    [7, 8],
    ["", ""],
    ["é" * 344] * 2,
    ["A" * 344] * 2,
    ["/" * 344] * 2,
    ["A" * 10**6] * 2,
    [[GOOD], [GOOD]],
]


@pytest.mark.parametrize("handed_in", HOSTILE_PROOFS, ids=lambda value: repr(value)[:30])
def test_proofs_that_are_none_are_rejected(model, handed_in):
    found = check_proof(model, [1, 2, 3], list(range(40)), handed_in)
    assert found.outcome == "reject"
    assert found.reason
    assert "\n" not in found.reason


@settings(max_examples=60)
@given(
    st.lists(st.integers(-2, 700), max_size=80),
    st.lists(st.one_of(st.text(max_size=400), st.binary(max_size=300), st.none(), st.integers()), max_size=4),
)
def test_whatever_is_handed_in_is_rejected_and_never_crashes(model, completion, handed_in):
    assert check_proof(model, [1, 2], completion, handed_in).outcome == "reject"


HOSTILE_TEXTS = ["", "\ud800", "a\x00b", "<|im_end|>", "\N{RIGHT-TO-LEFT OVERRIDE}" * 9, "é" * 2000, "a" * 100_000]


@pytest.mark.parametrize("finish", ["stop", "length"])
@pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=lambda text: ascii(text)[:20])
def test_texts_that_the_model_did_not_write_are_rejected(model, text, finish):
    work = {"text": text, "finish_reason": finish, "completion_tokens": 5, "proofs": [GOOD]}
    found = check_rollout(model, PROMPT, work, SAMPLING, seed=3)
    assert found.outcome == "reject"
    assert found.reason
    assert "\n" not in found.reason


def test_a_rollout_is_replayed_where_there_is_a_seed(model):
    """Greedily, so that it is the model's, and no seed draws it at temperature 1."""
    prompt, tokens = model.tokens_of(PROMPT, "", ended=False)[0], []
    for _ in range(40):
        read = model.prefill_tokens(prompt, [*tokens, 0])
        tokens.append(int(read.logits[-1].argmax()))
        if tokens[-1] in model.end_tokens:
            break
    ended = tokens[-1] in model.end_tokens
    text = model._tokenizer.decode(tokens[:-1] if ended else tokens)
    finish = "stop" if ended else "length"
    work = {"text": text, "finish_reason": finish, "completion_tokens": len(tokens)}
    work["proofs"] = prove(model, PROMPT, text, ended=ended)
    greedy = check_rollout(model, PROMPT, work, {"temperature": 0.0}, seed=3)
    assert (greedy.outcome, greedy.replay.tokens, greedy.replay.margin) == ("accept", len(tokens), 0.0)
    assert check_rollout(model, PROMPT, work, SAMPLING, seed=3).replay.tokens == len(tokens)
    assert check_rollout(model, PROMPT, work, SAMPLING).replay.tokens == 0


class Broken(torch.nn.Module):
    """A head that gives what it was told, or fails."""

    def __init__(self, value):
        super().__init__()
        self._value = value

    def forward(self, hidden):
        if isinstance(self._value, Exception):
            raise self._value
        return torch.full((*hidden.shape[:-1], 652), self._value)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (math.nan, "ActivationsError"),
        (math.inf, "ActivationsError"),
        (RuntimeError("DefaultCPUAllocator: can't\nallocate memory"), "can't allocate memory"),
        (MemoryError(), "MemoryError"),
    ],
)
def test_what_fails_at_the_validator_is_a_crash_and_no_verdict(monkeypatch, tokens, proofs, value, said):
    model = ClaimedModel.open("embedded", device="cpu")
    model._model.set_output_embeddings(Broken(value))
    work = {"text": TEXT, "finish_reason": "stop", "completion_tokens": len(tokens[1]), "proofs": proofs}
    for found in (check_proof(model, *tokens, proofs), check_rollout(model, PROMPT, work, SAMPLING)):
        assert found.outcome == "crashed"
        assert said in found.reason
        assert "\n" not in found.reason


def test_a_crash_leaves_nothing_behind(model, tokens, proofs):
    """The hook that catches hidden states is gone again: the next one is checked as if nothing had been."""
    head = model._model.get_output_embeddings()
    assert check_proof(model, *tokens, proofs).outcome == "accept"
    assert not head._forward_pre_hooks
