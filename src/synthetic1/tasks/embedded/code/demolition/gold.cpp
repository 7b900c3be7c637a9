#include <iostream>
#include <queue>
#include <string>
#include <vector>

struct State {
    int row, column, left, steps;
};

int fewest_steps(const std::vector<std::string>& plan, int charges) {
    const int rows = static_cast<int>(plan.size()), columns = static_cast<int>(plan[0].size());
    std::vector<std::vector<int>> most(rows, std::vector<int>(columns, -1));
    std::queue<State> queue;
    for (int r = 0; r < rows; ++r)
        for (int c = 0; c < columns; ++c)
            if (plan[r][c] == 'S') {
                queue.push({r, c, charges, 0});
                most[r][c] = charges;
            }
    const int turn[] = {1, 0, -1, 0, 1};
    while (!queue.empty()) {
        State now = queue.front();
        queue.pop();
        if (plan[now.row][now.column] == 'E') return now.steps;
        for (int i = 0; i < 4; ++i) {
            int r = now.row + turn[i], c = now.column + turn[i + 1];
            if (r < 0 || r >= rows || c < 0 || c >= columns) continue;
            int rest = now.left - (plan[r][c] == '#');
            if (rest <= most[r][c]) continue;
            most[r][c] = rest;
            queue.push({r, c, rest, now.steps + 1});
        }
    }
    return -1;
}

int main() {
    int rows, columns, charges;
    std::cin >> rows >> columns >> charges;
    std::vector<std::string> plan(rows);
    for (auto& line : plan) std::cin >> line;
    std::cout << fewest_steps(plan, charges) << "\n";
}
