#include <algorithm>
#include <array>
#include <functional>
#include <iostream>
#include <numeric>
#include <vector>

int main() {
    int n, k, m;
    std::cin >> n >> k >> m;
    std::vector<std::array<int, 3>> cables(k + m);
    for (int i = 0; i < k + m; ++i) {
        std::cin >> cables[i][1] >> cables[i][2];
        if (i >= k) std::cin >> cables[i][0];
    }
    std::sort(cables.begin(), cables.end());
    std::vector<int> leader(n + 1);
    std::iota(leader.begin(), leader.end(), 0);
    std::function<int(int)> find = [&](int v) { return leader[v] == v ? v : leader[v] = find(leader[v]); };
    int groups = n;
    unsigned total = 0;
    for (auto& [price, a, b] : cables) {
        if (find(a) == find(b)) continue;
        leader[find(a)] = find(b);
        --groups;
        total += price;
    }
    if (groups == 1) std::cout << total << '\n';
    else std::cout << "impossible\n";
}
