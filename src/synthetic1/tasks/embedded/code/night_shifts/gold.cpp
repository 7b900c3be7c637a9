#include <functional>
#include <iostream>
#include <queue>
#include <utility>
#include <vector>

struct Edge {
    int from, to, room;
    long long cost;
};

std::vector<Edge> edges;  // an edge and its reverse stand side by side
std::vector<std::vector<int>> leaving;

void add(int from, int to, int room, long long cost) {
    leaving[from].push_back(edges.size());
    edges.push_back({from, to, room, cost});
    leaving[to].push_back(edges.size());
    edges.push_back({to, from, 0, -cost});
}

int main() {
    int w, s, m;
    std::cin >> w >> s >> m;
    const int source = 0, sink = w + s + 1;
    const long long far = 1e18;
    leaving.resize(sink + 1);
    for (int nurse = 1; nurse <= w; ++nurse) {
        int limit;
        std::cin >> limit;
        add(source, nurse, limit, 0);
    }
    for (int shift = 1; shift <= s; ++shift) {
        int places;
        std::cin >> places;
        add(w + shift, sink, places, 0);
    }
    while (m-- > 0) {
        int nurse, shift, pay;
        std::cin >> nurse >> shift >> pay;
        add(nurse, w + shift, 1, pay);
    }

    // Dijkstra with potentials: `potential` keeps the reduced costs of edges with room from being negative.
    int filled = 0;
    long long total = 0;
    std::vector<long long> potential(sink + 1);
    while (true) {
        std::vector<long long> price(sink + 1, far);
        std::vector<int> edge_to(sink + 1, -1);
        using Entry = std::pair<long long, int>;
        std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
        price[source] = 0;
        queue.push({0, source});
        while (!queue.empty()) {
            auto [known, node] = queue.top();
            queue.pop();
            if (known > price[node]) continue;
            for (int id : leaving[node]) {
                const Edge& edge = edges[id];
                long long reached = known + edge.cost + potential[node] - potential[edge.to];
                if (edge.room > 0 && reached < price[edge.to]) {
                    price[edge.to] = reached;
                    edge_to[edge.to] = id;
                    queue.push({reached, edge.to});
                }
            }
        }
        if (edge_to[sink] < 0) break;
        for (int node = 0; node <= sink; ++node) {
            if (price[node] < far) potential[node] += price[node];
        }
        for (int node = sink; node != source; node = edges[edge_to[node]].from) {
            --edges[edge_to[node]].room;
            ++edges[edge_to[node] ^ 1].room;
            total += edges[edge_to[node]].cost;
        }
        ++filled;
    }
    std::cout << filled << ' ' << total << '\n';
}
