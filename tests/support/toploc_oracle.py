"""Proofs as the facts about toploc tell it, slowly and differently from ours: Lagrange over Python's integers, Horner.

Which of the values at the border are taken is torch.topk's own choice.
"""

from __future__ import annotations

import statistics
from fractions import Fraction

P = 65497


def to_bf16_bits(values):
    """Floats to the nearest bfloat16, ties to even, as its bits."""
    import numpy as np

    wide = np.asarray(values, np.float32).view(np.uint32)
    return ((wide + 0x7FFF + ((wide >> 16) & 1)) >> 16).astype(np.uint16)


def as_tensor(bits):
    import torch

    return torch.from_numpy(bits.view("int16")).view(torch.bfloat16)


def largest(bits, k):
    """Indices that torch takes of a flat chunk, in its order."""
    return as_tensor(bits).abs().topk(min(k, len(bits))).indices.tolist()


def times_linear(polynomial, root):
    """``polynomial * (x - root)``, the constant first."""
    shifted = [0, *polynomial]
    return [(high - root * low) % P for high, low in zip(shifted, [*polynomial, 0], strict=True)]


def lagrange(points):
    """The polynomial through points, as the sum of one for each: all others' factors, over what they give there."""
    total = [0] * len(points)
    for x, y in points:
        numerator, denominator = [1], 1
        for other, _ in points:
            if other != x:
                numerator = times_linear(numerator, other)
                denominator = denominator * (x - other) % P
        weight = y * pow(denominator, -1, P) % P
        total = [(t + weight * c) % P for t, c in zip(total, numerator, strict=True)]
    return total


def horner(coefficients, x):
    value = 0
    for coefficient in reversed(coefficients):
        value = (value * x + coefficient) % P
    return value


def modulus_of(indices):
    return next(m for m in range(P, 0, -1) if len({i % m for i in indices}) == len(indices))


def proof_bytes(bits, topk):
    """The proof of one flat chunk."""
    indices = largest(bits, topk)
    modulus = modulus_of(indices)
    coefficients = lagrange([(i % modulus, int(bits[i]) % P) for i in indices])
    coefficients += [0] * (topk - len(coefficients))
    return b"".join(number.to_bytes(2, "big") for number in [modulus, *coefficients])


def errors(proof, bits, topk):
    """(exponents that differ, mean, upper median) of one proof's bytes against a flat chunk."""
    numbers = [int.from_bytes(proof[i : i + 2], "big") for i in range(0, len(proof), 2)]
    modulus, coefficients = numbers[0], numbers[1:]
    differ, mantissas = 0, []
    for i in largest(bits, topk):
        said, own = horner(coefficients, i % modulus), int(bits[i])
        if said // 128 % 256 != own // 128 % 256:
            differ += 1
        else:
            mantissas.append(abs(said % 128 - own % 128))
    if not mantissas:
        return differ, 2.0**64, 2.0**64
    return differ, float(Fraction(sum(mantissas), len(mantissas))), float(statistics.median_high(mantissas))
