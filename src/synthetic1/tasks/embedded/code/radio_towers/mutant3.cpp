#include <algorithm>
#include <iostream>
#include <numeric>
#include <vector>

int main() {
    int n, m;
    std::cin >> n >> m;
    std::vector<std::vector<int>> close_to(n);
    for (int i = 0; i < m; ++i) {
        int a, b;
        std::cin >> a >> b;
        close_to[a - 1].push_back(b - 1);
        close_to[b - 1].push_back(a - 1);
    }
    std::vector<int> order(n), channels(n);
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](int a, int b) { return close_to[a].size() > close_to[b].size(); });
    for (int tower : order) {
        int channel = 1;
        while (std::any_of(close_to[tower].begin(), close_to[tower].end(),
                           [&](int other) { return channels[other] == channel; }))
            ++channel;
        channels[tower] = channel;
    }
    if (*std::max_element(channels.begin(), channels.end()) > 3) {
        std::cout << "impossible\n";
        return 0;
    }
    for (int channel : channels) std::cout << channel << ' ';
    std::cout << '\n';
}
