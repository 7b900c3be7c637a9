"""Token-DiFR against a vLLM as it is: its seeded sampling, replayed over a prefill by transformers."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from synthetic1.pool.proving.claimed_model import ClaimedModel  # noqa: E402
from synthetic1.pool.proving.likelihood import SamplingEvidence, sampling_evidence  # noqa: E402
from synthetic1.pool.proving.termination import termination_fault  # noqa: E402
from synthetic1.pool.proving.token_difr import ReplayEvidence, SeededNoise, replay  # noqa: E402
from synthetic1.tasks.code_understanding import GeneratedTasks  # noqa: E402

ROLLOUTS, MAX_TOKENS = 24, 80
RULES = [
    {"temperature": 1.0},
    {"temperature": 0.7},
    {"temperature": 1.0, "top_p": 0.9},
    {"temperature": 1.0, "top_k": 5},
]


@pytest.fixture(scope="module")
def model():
    return ClaimedModel.open("embedded", device="cpu")


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_vllms_tokens_are_those_of_the_replay(kept_vllm, model, rule):
    server = kept_vllm.get(parser=False)
    tasks = GeneratedTasks(3, split="test", size=ROLLOUTS)
    own, other, sampling = ReplayEvidence(), ReplayEvidence(), SamplingEvidence()
    for number in range(ROLLOUTS):
        prompt, seed = tasks[number].prompt, 100 + number
        said = server.post(
            messages=[{"role": "user", "content": prompt}],
            seed=seed,
            max_tokens=MAX_TOKENS,
            return_token_ids=True,
            **rule,
        )
        (choice,) = said["choices"]
        tokens, finish = choice["token_ids"], choice["finish_reason"]
        assert termination_fault(tokens, finish, max_tokens=MAX_TOKENS, end_tokens=model.end_tokens) is None
        asked, answered = model.tokens_of(prompt, choice["message"]["content"], ended=finish == "stop")
        assert (asked, answered) == (said["prompt_token_ids"], tokens)  # of this tokenizer, text loses nothing
        read = model.prefill_tokens(asked, tokens)
        vocabulary = read.logits.shape[1]
        own += replay(read.logits, tokens, SeededNoise("splitmix", seed, vocabulary), **rule)
        other += replay(read.logits, tokens, SeededNoise("splitmix", seed + 1, vocabulary), **rule)
        sampling += sampling_evidence(read.logits, tokens, end_tokens=model.end_tokens, **rule)
    assert own.tokens > 150
    assert own.others < 0.03 * own.tokens  # near draws, as bfloat16 has it
    assert own.mean_margin < 0.01 < 0.05 < other.mean_margin
    assert abs(sampling.z) < 6
    assert sampling.impossible == 0
