"""Activations as bits of bfloat16, and the largest values of a chunk of them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, TypeGuard

import numpy as np
from numpy.typing import NDArray

from synthetic1.pool.toploc.errors import ActivationsError
from synthetic1.pool.toploc.format import ProofFormat
from synthetic1.pool.toploc.largest import largest_indices

if TYPE_CHECKING:
    import torch

Bits: TypeAlias = NDArray[np.uint16]
"""Numbers of bfloat16, 16 bits each: a sign, 8 bits of exponent, 7 of mantissa."""
Activations: TypeAlias = "Bits | torch.Tensor | Sequence[Bits | torch.Tensor]"
"""Hidden states in bfloat16: a tensor on any device, or its bits. Of shape (rows, width), or a list of rows, each of
shape (width,) or (1, width). Without ``skip_prefill`` the first of these may be several, the prompt's."""

MAGNITUDE = np.uint16(0x7FFF)
"""All bits but the sign. Magnitudes of finite numbers are ordered as their bits are."""
INFINITY = 0x7F80
"""Magnitudes from here on are infinite, or not a number."""


@dataclass(frozen=True, slots=True, eq=False)
class LargestValues:
    """The values of a chunk with the largest magnitudes, k of them: ``topk``, or all if there are fewer."""

    indices: NDArray[np.intp]
    """Shape (k,), ascending: where they are in the chunk, flattened row by row."""
    bits: Bits
    """Shape (k,): what they are."""


class ActivationChunks:
    """Activations as the chunks that proofs are over.

    Args:
        activations: see ``Activations``. They are not copied until a chunk is looked at.
        format: how they are cut.

    Raises:
        ActivationsError: neither bfloat16 nor its bits, or not rows of one width.
    """

    def __init__(self, activations: Activations, format: ProofFormat) -> None:
        self._parts = _parts(activations, format.skip_prefill)
        self._slices = format.chunk_slices(len(self._parts))
        self._topk = format.topk

    def __len__(self) -> int:
        return len(self._slices)

    def largest(self) -> Iterator[LargestValues]:
        """Of each chunk its largest values.

        Raises:
            ActivationsError: a value of the chunk is not finite: a model that computes such has failed.
        """
        for number, where in enumerate(self._slices):
            parts = self._parts[where]
            chunk = parts.ravel() if isinstance(parts, np.ndarray) else np.concatenate([part.ravel() for part in parts])
            magnitudes = chunk & MAGNITUDE
            if int(magnitudes.max()) >= INFINITY:
                raise ActivationsError(f"activations, chunk {number}: infinity or NaN; a proof is over finite numbers")
            indices = largest_indices(magnitudes, self._topk)
            yield LargestValues(indices, chunk[indices])


def _parts(activations: Activations, skip_prefill: bool) -> Bits | list[Bits]:
    """Bits of shape (rows, width), or parts of one width."""
    if isinstance(activations, np.ndarray) or _is_tensor(activations):
        rows = _bits(activations)
        if rows.ndim != 2 or not rows.shape[1]:
            raise ActivationsError(f"activations are of shape {rows.shape}: they have to be (rows, width)")
        return rows
    if not isinstance(activations, Sequence) or isinstance(activations, str | bytes):
        kind = type(activations).__name__
        raise ActivationsError(f"activations are of type {kind}: they have to be an array, a tensor, or a list of them")
    parts = [_bits(part) for part in activations]
    for number, part in enumerate(parts):
        several = number == 0 and not skip_prefill
        is_right = part.size and (part.ndim == 1 or (part.ndim == 2 and (several or len(part) == 1)))
        if not is_right:
            right = "(rows, width)" if several else "(width,), or (1, width)"
            raise ActivationsError(f"activations, part {number}: of shape {part.shape}; it has to be {right}")
        if part.shape[-1] != parts[0].shape[-1]:
            widths = f"{part.shape[-1]} wide, part 0 is {parts[0].shape[-1]}"
            raise ActivationsError(f"activations, part {number}: {widths}; all rows have to be of one width")
    return parts


def _bits(values: object) -> Bits:
    if _is_tensor(values):
        return _bits_of_tensor(values)
    if not isinstance(values, np.ndarray):
        raise ActivationsError(f"activations hold a {type(values).__name__}: they have to be arrays or tensors")
    if values.dtype != np.uint16:
        raise ActivationsError(_other_dtype(values.dtype))
    return values


def _bits_of_tensor(tensor: torch.Tensor) -> Bits:
    import torch

    if tensor.dtype != torch.bfloat16:
        raise ActivationsError(_other_dtype(tensor.dtype))
    # int16 is older in torch than uint16
    bits: Bits = tensor.detach().cpu().contiguous().view(torch.int16).numpy().view(np.uint16)
    return bits


def _other_dtype(dtype: object) -> str:
    """Nothing is rounded: a worker that computes in another precision than the model's is what a proof is to show."""
    return f"activations are {dtype}: they have to be torch.bfloat16, or its bits in an array of numpy.uint16"


def _is_tensor(values: object) -> TypeGuard[torch.Tensor]:
    """Where nobody has imported torch there are no tensors."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(values, torch.Tensor)
