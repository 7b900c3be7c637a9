import sys


def placed(board: list[str], queens: list[int]) -> bool:
    """Add queens for the rows that have none yet, if that can be done."""
    row = len(queens)
    if row == len(board):
        return True
    for column, square in enumerate(board[row]):
        attacked = any(column - queen in (0, row - above, above - row) for above, queen in enumerate(queens))
        if square == "." and not attacked:
            queens.append(column)
            if placed(board, queens):
                return True
            queens.pop()
    return False


def main() -> None:
    board = sys.stdin.read().split()[1:]
    queens: list[int] = []
    print(*[column + 1 for column in queens] if placed(board, queens) else ["impossible"])


main()
