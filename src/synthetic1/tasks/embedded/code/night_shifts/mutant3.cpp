#include <algorithm>
#include <iostream>
#include <vector>

struct Edge {
    int from, to, room, cost;
};

int main() {
    int w, s, m;
    std::cin >> w >> s >> m;
    std::vector<Edge> edges;
    auto add = [&](int from, int to, int room, int cost) {
        edges.push_back({from, to, room, cost});
        edges.push_back({to, from, 0, 0});  // giving an offer back should save its pay
    };
    const int sink = w + s + 1, far = 1'000'000'000;
    for (int i = 1, limit; i <= w; ++i) std::cin >> limit, add(0, i, limit, 0);
    for (int i = 1, places; i <= s; ++i) std::cin >> places, add(w + i, sink, places, 0);
    for (int nurse, shift, pay; m-- > 0;) std::cin >> nurse >> shift >> pay, add(nurse, w + shift, 1, pay);
    int filled = 0;
    long long total = 0;
    while (true) {
        std::vector<int> price(sink + 1, far), edge_to(sink + 1, -1);
        price[0] = 0;
        for (bool changed = true; changed;) {
            changed = false;
            for (size_t i = 0; i < edges.size(); ++i) {
                const Edge& e = edges[i];
                if (e.room > 0 && price[e.from] + e.cost < price[e.to]) {
                    price[e.to] = price[e.from] + e.cost;
                    edge_to[e.to] = static_cast<int>(i);
                    changed = true;
                }
            }
        }
        if (edge_to[sink] < 0) break;
        for (int node = sink; node != 0; node = edges[edge_to[node]].from) {
            --edges[edge_to[node]].room;
            ++edges[edge_to[node] ^ 1].room;
        }
        total += price[sink];
        ++filled;
    }
    std::cout << filled << ' ' << total << '\n';
}
