import sys

board = sys.stdin.read().split()[1:]
queens: list[int] = []
for row, squares in enumerate(board):
    for column, square in enumerate(squares):
        attacked = any(abs(column - queen) in (0, row - above) for above, queen in enumerate(queens))
        if square == "." and not attacked:
            queens.append(column)
            break
print(*[column + 1 for column in queens] if len(queens) == len(board) else ["impossible"])
