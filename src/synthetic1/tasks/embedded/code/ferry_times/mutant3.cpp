#include <cstdint>
#include <functional>
#include <iostream>
#include <queue>
#include <utility>
#include <vector>

struct Ferry {
    int to;
    std::int64_t period, duration;
};

int main() {
    std::ios::sync_with_stdio(false);
    std::cin.tie(nullptr);
    int n, m;
    std::int64_t start;
    std::cin >> n >> m >> start;
    std::vector<std::vector<Ferry>> ferries(n + 1);
    for (int i = 0; i < m; ++i) {
        int from;
        Ferry ferry;
        std::cin >> from >> ferry.to >> ferry.period >> ferry.duration;
        ferries[from].push_back(ferry);
    }
    std::vector<std::int64_t> arrival(n + 1, INT64_MAX);
    using Event = std::pair<std::int64_t, int>;
    std::priority_queue<Event, std::vector<Event>, std::greater<Event>> heap;
    arrival[1] = start;
    heap.push({start, 1});
    while (!heap.empty()) {
        auto [now, island] = heap.top();
        heap.pop();
        if (now > arrival[island]) continue;
        for (const Ferry& ferry : ferries[island]) {
            int then = (now + ferry.period - 1) / ferry.period * ferry.period + ferry.duration;
            if (then < arrival[ferry.to]) {
                arrival[ferry.to] = then;
                heap.push({then, ferry.to});
            }
        }
    }
    if (arrival[n] == INT64_MAX) {
        std::cout << "never\n";
    } else {
        std::cout << arrival[n] << "\n";
    }
}
