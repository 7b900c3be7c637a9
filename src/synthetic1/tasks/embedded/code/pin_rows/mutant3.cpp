#include <algorithm>
#include <set>
#include <vector>

int winning_moves(const std::vector<int>& rows) {
    std::vector<int> value{0};
    auto left = [&](int row) {
        std::vector<int> found;
        for (int pins = 1; pins <= 2; ++pins)
            for (int i = 0; i + pins <= row; ++i) found.push_back(value[i] + value[row - pins - i]);
        return found;
    };
    for (int row = 1; row <= *std::max_element(rows.begin(), rows.end()); ++row) {
        auto found = left(row);
        std::set<int> reached(found.begin(), found.end());
        int least = 0;
        while (reached.count(least)) ++least;
        value.push_back(least);
    }
    int whole = 0, moves = 0;
    for (int row : rows) whole ^= value[row];
    for (int row : rows) {
        auto found = left(row);
        moves += std::count(found.begin(), found.end(), whole ^ value[row]);
    }
    return moves;
}
