#include <iostream>
#include <utility>
#include <vector>

int main() {
    int n, m;
    std::cin >> n >> m;
    std::vector<std::vector<std::pair<int, int>>> roads(n + 1);
    for (int i = 0; i < m; ++i) {
        int a, b;
        std::cin >> a >> b;
        roads[a].push_back({b, i});
        roads[b].push_back({a, i});
    }
    int odd = 0, start = 0;
    for (int crossing = 1; crossing <= n; ++crossing) {
        if (roads[crossing].empty()) continue;
        bool is_odd = roads[crossing].size() % 2 == 1;
        odd += is_odd;
        if (start == 0) start = crossing;
    }
    std::vector<bool> cleared(m);
    std::vector<int> stack{start}, trip;
    while (odd <= 2 && !stack.empty()) {
        auto& left = roads[stack.back()];
        while (!left.empty() && cleared[left.back().second]) left.pop_back();
        if (left.empty()) {
            trip.push_back(stack.back());
            stack.pop_back();
        } else {
            auto [there, road] = left.back();
            cleared[road] = true;
            stack.push_back(there);
        }
    }
    if (static_cast<int>(trip.size()) != m + 1) {
        std::cout << "impossible\n";
        return 0;
    }
    for (int crossing : trip) std::cout << crossing << " ";
    std::cout << "\n";
}
