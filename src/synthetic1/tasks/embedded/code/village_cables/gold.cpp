#include <algorithm>
#include <iostream>
#include <numeric>
#include <tuple>
#include <vector>

int main() {
    int n, k, m;
    std::cin >> n >> k >> m;
    std::vector<std::tuple<int, int, int>> cables(k + m);
    for (int i = 0; i < k + m; ++i) {
        auto& [price, a, b] = cables[i];
        std::cin >> a >> b;
        if (i >= k) std::cin >> price;
    }
    std::sort(cables.begin(), cables.end());

    std::vector<int> leader(n + 1);
    std::iota(leader.begin(), leader.end(), 0);
    auto find = [&](int village) {
        while (leader[village] != village) village = leader[village] = leader[leader[village]];
        return village;
    };
    int groups = n;
    long long total = 0;
    for (auto [price, a, b] : cables) {
        int x = find(a), y = find(b);
        if (x == y) continue;
        leader[x] = y;
        --groups;
        total += price;
    }
    if (groups == 1) {
        std::cout << total << '\n';
    } else {
        std::cout << "impossible\n";
    }
}
