def last_chair(n: int, k: int) -> int:
    if k == 1:
        return n
    # The winner's place, counted from 0, among `size` players. With one player more it moves on by k, around the
    # circle; as long as it does not pass the end, many steps can be made at once.
    place, size = 0, 1
    while size < n:
        steps = min((size - 1 - place) // (k - 1), n - size)
        if steps > 0:
            place += steps * k
            size += steps
        else:
            size += 1
            place = (place + k) % size
    return place + 1
