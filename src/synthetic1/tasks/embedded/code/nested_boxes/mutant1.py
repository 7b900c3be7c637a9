from bisect import bisect_left


def nest_size(boxes: list[list[int]]) -> int:
    turned = [(min(box), max(box)) for box in boxes]
    # Among equal short sides the longest comes first, so that no two of them can follow each other.
    turned.sort()
    ends = []  # ends[k]: the smallest long side at the end of a nest of k + 1 boxes
    for _, long_side in turned:
        at = bisect_left(ends, long_side)
        ends[at : at + 1] = [long_side]
    return len(ends)
