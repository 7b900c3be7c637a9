#include <algorithm>
#include <iostream>
#include <numeric>
#include <utility>
#include <vector>

std::vector<int> parent, sizes;
int groups, largest = 1;

int find(int island) {
    while (parent[island] != island) island = parent[island] = parent[parent[island]];
    return island;
}

void join(std::pair<int, int> bridge) {
    int a = find(bridge.first), b = find(bridge.second);
    if (a == b) return;
    if (sizes[a] < sizes[b]) std::swap(a, b);
    parent[b] = a;
    sizes[a] += sizes[b];
    --groups;
    largest = std::max(largest, sizes[a]);
}

int main() {
    std::ios::sync_with_stdio(false);
    std::cin.tie(nullptr);
    int n, m, q;
    std::cin >> n >> m >> q;
    std::vector<std::pair<int, int>> bridges(m);
    for (auto& [a, b] : bridges) std::cin >> a >> b;
    std::vector<int> breaks(q);
    std::vector<bool> broken(m);
    for (int& bridge : breaks) {
        std::cin >> bridge;
        broken[--bridge] = true;
    }
    parent.resize(n + 1);
    std::iota(parent.begin(), parent.end(), 0);
    sizes.assign(n + 1, 1);
    groups = n;
    for (int bridge = 0; bridge < m; ++bridge)
        if (!broken[bridge]) join(bridges[bridge]);
    std::vector<std::pair<int, int>> answers{{groups, largest}};
    for (int i = q - 1; i >= 0; --i) {
        join(bridges[breaks[i]]);
        answers.push_back({groups, largest});
    }
    for (int i = q; i >= 0; --i) std::cout << answers[i].first << " " << answers[i].second << "\n";
}
