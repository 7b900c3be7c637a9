"""What both sides agree on before there is a proof: toploc's three parameters, under toploc's names."""

from __future__ import annotations

from dataclasses import dataclass

from synthetic1.pool.toploc.field import MOST_POINTS


@dataclass(frozen=True, slots=True)
class ProofFormat:
    """How rows of activations become chunks, and how many values of a chunk its proof is over.

    Raises:
        ValueError: a number that makes no chunks.
    """

    decode_batching_size: int = 32
    """Rows of a chunk; the last chunk may have fewer."""
    topk: int = 128
    """Values that a proof is over: those of the chunk with the largest magnitudes."""
    skip_prefill: bool = False
    """Whether all rows are alike. If not, what comes first are the prompt's rows, and a chunk by itself."""

    def __post_init__(self) -> None:
        if self.decode_batching_size < 1:
            raise ValueError(f"decode_batching_size={self.decode_batching_size}: a chunk has at least one row")
        if not 1 <= self.topk <= MOST_POINTS:
            raise ValueError(f"topk={self.topk}: a proof is over 1 to {MOST_POINTS} values")

    @property
    def proof_bytes(self) -> int:
        """The length of a proof: 258 with 128 values."""
        return 2 + 2 * self.topk

    def chunk_slices(self, parts: int) -> list[slice]:
        """Which of so many parts (rows; or the prompt, then rows) make up each chunk."""
        first = 0 if self.skip_prefill else min(1, parts)
        starts = range(first, parts, self.decode_batching_size)
        later = [slice(start, min(start + self.decode_batching_size, parts)) for start in starts]
        return [slice(0, 1)] * first + later
