def lonely_numbers(log: list[int]) -> list[int]:
    both = 0
    for number in log:
        both ^= number
    bit = both & -both  # the lowest bit in which the two differ
    one = 0
    for number in log:
        if number & bit:
            one ^= number
    return [one, one ^ both]
