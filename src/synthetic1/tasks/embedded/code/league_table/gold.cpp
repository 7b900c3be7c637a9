#include <algorithm>
#include <iostream>
#include <map>
#include <string>
#include <tuple>
#include <vector>

struct Row {
    std::string name;
    int points = 0, scored = 0, taken = 0;

    std::tuple<int, int, int, std::string> rank() const { return {-points, taken - scored, -scored, name}; }
    void record(int own, int other) {
        points += own > other ? 3 : own == other ? 1 : 0;
        scored += own;
        taken += other;
    }
};

int main() {
    int teams, matches;
    std::cin >> teams >> matches;
    std::map<std::string, Row> table;
    for (int i = 0; i < teams; ++i) {
        std::string name;
        std::cin >> name;
        table[name].name = name;
    }
    for (int i = 0; i < matches; ++i) {
        std::string a, b;
        int x, y;
        std::cin >> a >> b >> x >> y;
        table[a].record(x, y);
        table[b].record(y, x);
    }
    std::vector<Row> rows;
    for (const auto& entry : table) rows.push_back(entry.second);
    std::sort(rows.begin(), rows.end(), [](const Row& p, const Row& q) { return p.rank() < q.rank(); });
    for (const Row& row : rows) {
        std::cout << row.name << " " << row.points << " " << row.scored - row.taken << " " << row.scored << "\n";
    }
}
