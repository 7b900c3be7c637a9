"""Which values of a chunk are its largest, ties included.

Magnitudes of bfloat16 have few values, so that several are equal at the border of the largest k, and which of them are
taken decides every byte of a proof. toploc takes those that ``torch.topk`` leaves on a CPU: what std::partial_sort, or
for small chunks std::nth_element, of libstdc++ leaves in front. These are the same two algorithms, on numpy and heapq.
"""

from __future__ import annotations

import heapq
from collections import deque
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

Magnitudes = NDArray[np.uint16]
Indices = NDArray[np.intp]

PARTIAL_SORT_FROM = 64
"""Times k values: from here on torch sorts in part. With fewer it selects."""


def largest_indices(magnitudes: Magnitudes, k: int) -> Indices:
    """Indices, ascending, of the k largest of ``magnitudes``, shape (n,); all if there are no more than k."""
    n = len(magnitudes)
    if n <= k:
        return np.arange(n)
    found = _left_in_heap(magnitudes, k) if n >= PARTIAL_SORT_FROM * k else _selected(magnitudes, k)
    return np.sort(found)


def _left_in_heap(magnitudes: Magnitudes, k: int) -> Indices:
    """What std::partial_sort leaves in front: a heap of the first k, whose least one gives way to each larger one.

    heapq makes the same moves: down to a leaf by the smaller child, the right one if they are equal, then up past
    parents that are larger. Only where equal values lie in the heap tells one such algorithm from another. Those that
    equal the least one at the end are told apart as objects, which ``tolist`` makes one of for each float.
    """
    heap = magnitudes[:k].astype(np.float64).tolist()
    offered, indices = list(heap), [np.arange(k)]
    heapq.heapify(heap)
    start = k
    while start < len(magnitudes):
        stop = min(2 * start, len(magnitudes))
        larger = np.flatnonzero(magnitudes[start:stop] > heap[0]) + start  # than the least one, which only grows
        block = magnitudes[larger].astype(np.float64).tolist()
        deque(map(heapq.heappushpop, repeat(heap), block), maxlen=0)
        offered += block
        indices.append(larger)
        start = stop
    index = np.concatenate(indices)
    values, least = magnitudes[index], heap[0]
    left = {id(value) for value in heap if value == least}
    equal = [place for place in np.flatnonzero(values == least).tolist() if id(offered[place]) in left]
    return np.concatenate([index[values > least], index[equal]])


def _selected(magnitudes: Magnitudes, k: int) -> Indices:
    """What std::nth_element leaves in front: quickselect, with a heap where pivots stay bad."""
    values, order = magnitudes.astype(np.int32), np.arange(len(magnitudes))
    first, last, nth = 0, len(values), k - 1
    for _ in range(2 * (last.bit_length() - 1)):
        if last - first <= 3:
            break
        cut = first + _partition(values[first:last], order[first:last])
        first, last = (cut, last) if cut <= nth else (first, cut)
    if last - first > 3:
        in_heap = _left_in_heap(values[first:last].astype(np.uint16), k - first)
        return np.concatenate([order[:first], order[first:last][in_heap]])
    few = np.argsort(-values[first:last], kind="stable")
    order[first:last] = order[first:last][few]
    return order[:k]


def _partition(values: NDArray[np.int32], order: Indices) -> int:
    """Move the larger ones of at least 4 values to the front, in place, ``order`` along with them: how many they are.

    The pivot is the median of three, and is moved to the front first. Scans from both ends stop at what is on the wrong
    side, or equal to the pivot; the two are exchanged, until the scans meet.
    """
    _exchange(values, order, np.array([0]), np.array([_median(values)]))
    pivot = values[0]
    from_left = np.flatnonzero(values[1:] <= pivot) + 1
    from_right = np.flatnonzero(values[1:] >= pivot)[::-1] + 1
    both = min(len(from_left), len(from_right))
    met = np.flatnonzero(from_left[:both] >= from_right[:both])
    exchanges = int(met[0]) if len(met) else both
    _exchange(values, order, from_left[:exchanges], from_right[:exchanges])
    stops: list[int] = from_left[exchanges : exchanges + 1].tolist()
    if exchanges:
        stops.append(int(from_right[exchanges - 1]))  # what was moved there is not larger than the pivot
    return min(stops)


def _median(values: NDArray[np.int32]) -> int:
    """Where the median of the second, the middle and the last one is; of equal ones as libstdc++ has it."""
    a, b, c = 1, len(values) // 2, len(values) - 1
    if values[a] > values[b]:
        return b if values[b] > values[c] else c if values[a] > values[c] else a
    return a if values[a] > values[c] else c if values[b] > values[c] else b


def _exchange(values: NDArray[np.int32], order: Indices, some: Indices, others: Indices) -> None:
    for array in (values, order):
        array[some], array[others] = array[others], array[some]
