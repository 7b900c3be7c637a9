"""The field of 65497 elements, and polynomials over it: through given points, and at given places.

Both are matrix products of 64-bit integers: the product of two elements is below 2**32, and sums of ``MOST_POINTS`` of
them fit. (In floating point they would be exact, too, but spread over the threads of the linear algebra's library.)
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

PRIME = 65497
"""The largest element is one less. It fits in 16 bits, and the product of two in 32."""
MOST_POINTS = 2**12
"""That a polynomial may be put through here: a table of all their powers is then 128 MiB."""
GROUP = 16
"""Roots multiplied side by side."""

Elements = NDArray[np.int64]
"""Elements of the field: from 0 to ``PRIME - 1``."""


def interpolate(places: Elements, values: Elements) -> Elements:
    """The polynomial of degree below k through k points: its k coefficients, the constant first.

    With M the product of all (x - place), the polynomial is the sum of ``w * M / (x - place)`` with weights
    ``w = value / M'(place)``. A coefficient of M / (x - place) is a sum of M's higher coefficients times powers of the
    place; so those of the sum over all places are M's coefficients times the weighted sums of powers.

    Args:
        places: shape (k,), all different, 1 ≤ k ≤ ``MOST_POINTS``.
        values: shape (k,).
    """
    k = len(places)
    product = _product(places)
    table = powers(places, k)
    derivative = product[1:] * np.arange(1, k + 1) % PRIME
    weights = values * _inverses()[derivative @ table % PRIME] % PRIME
    sums = table @ weights % PRIME
    above = np.concatenate([product[1:], np.zeros(k - 1, np.int64)])
    return np.correlate(above, sums, "valid") % PRIME  # j-th: of M's coefficients from j + 1 on


def evaluate(coefficients: Elements, places: Elements) -> Elements:
    """Values of a polynomial, shape (n,), at ``places``, shape (n,); its coefficients begin with the constant."""
    values: Elements = coefficients @ powers(places, len(coefficients)) % PRIME
    return values


def powers(places: Elements, k: int) -> Elements:
    """Shape (k, n): row j holds the j-th power of every place. Each round doubles the rows."""
    table = np.ones((k, len(places)), np.uint32)  # whose remainders take a third of the time
    prime = np.uint32(PRIME)
    known = 1
    while known < k:
        more = min(known, k - known)
        step = table[known - 1] * places.astype(np.uint32) % prime
        table[known : known + more] = table[:more] * step % prime
        known += more
    return table.astype(np.int64)


def _product(roots: Elements) -> Elements:
    """Coefficients of the product of all (x - root), shape (k + 1,), the constant first.

    Groups of roots are multiplied side by side, then the products of groups by twos. The last group is filled up with
    roots of 0: each is a factor x, and so a zero in front of the constant, which is cut off.
    """
    filled = -len(roots) % GROUP
    groups = np.pad(roots, (0, filled)).reshape(-1, GROUP)
    products = np.zeros((len(groups), GROUP + 1), np.int64)
    products[:, 0] = 1  # the constant comes last here
    for column in groups.T:
        products[:, 1:] = (products[:, 1:] - column[:, None] * products[:, :-1]) % PRIME
    factors = list(products)
    while len(factors) > 1:
        pairs = [np.convolve(one, other) % PRIME for one, other in zip(factors[::2], factors[1::2], strict=False)]
        factors = pairs + factors[2 * len(pairs) :]
    return factors[0][::-1][filled:]


@cache
def _inverses() -> Elements:
    """By element, what it gives 1 with: its power of PRIME - 2 (Fermat). That of 0 is 0."""
    square, found = np.arange(PRIME), np.ones(PRIME, np.int64)
    exponent = PRIME - 2
    while exponent:
        if exponent & 1:
            found = found * square % PRIME
        square = square * square % PRIME
        exponent >>= 1
    found.setflags(write=False)
    return found
