"""The worker's proofs: by a prefill of the same model, whichever server has generated."""

from __future__ import annotations

from threading import Lock
from typing import Literal

from synthetic1.pool.proving.checking import prove
from synthetic1.pool.proving.claimed_model import ClaimedModel
from synthetic1.pool.worker.worker import Prover


def opened_prover(name: str, dtype: Literal["bfloat16", "float32"]) -> Prover:
    """Open the model.

    Raises:
        ProgramError: no such model.
    """
    model, turn = ClaimedModel.open(name, dtype=dtype), Lock()

    def prover(prompt: str, text: str, ended: bool) -> list[str]:
        with turn:
            return prove(model, prompt, text, ended=ended)

    return prover
