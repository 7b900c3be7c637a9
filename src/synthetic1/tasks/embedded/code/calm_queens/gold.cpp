#include <iostream>
#include <string>
#include <vector>

int n;
std::vector<std::string> board;
std::vector<int> queens;

// Bits of the masks: columns of this row that earlier queens attack straight, from the left and from the right.
bool place(int row, unsigned straight, unsigned left, unsigned right) {
    if (row == n) return true;
    for (int column = n - 1; column >= 0; --column) {
        unsigned bit = 1u << column;
        if (board[row][column] == '#' || ((straight | left | right) & bit)) continue;
        queens[row] = column + 1;
        if (place(row + 1, straight | bit, (left | bit) << 1, (right | bit) >> 1)) return true;
    }
    return false;
}

int main() {
    std::cin >> n;
    board.resize(n);
    queens.resize(n);
    for (std::string& row : board) std::cin >> row;
    if (!place(0, 0, 0, 0)) {
        std::cout << "impossible\n";
        return 0;
    }
    for (int row = 0; row < n; ++row) std::cout << queens[row] << (row + 1 < n ? ' ' : '\n');
}
