def spiral(field: list[list[int]]) -> list[int]:
    walk = []
    while field:
        walk.extend(field[0])
        # What is left, turned a quarter to the left: its next side becomes the first row.
        field = [list(column) for column in zip(*field[1:])][::-1]
    return walk
