#include <iostream>
#include <vector>

int n, m;
std::vector<std::vector<int>> close_to;
std::vector<int> channels;

bool fits(int tower, int channel) {
    for (int other : close_to[tower]) {
        if (channels[other] == channel) return false;
    }
    return true;
}

bool colour() {
    int best = 0, least = 4;
    for (int tower = 1; tower <= n; ++tower) {
        if (channels[tower] != 0) continue;
        int options = fits(tower, 1) + fits(tower, 2) + fits(tower, 3);
        if (options < least) least = options, best = tower;
    }
    if (best == 0) return true;
    for (int channel = 1; channel <= 3; ++channel) {
        if (!fits(best, channel)) continue;
        channels[best] = channel;
        if (colour()) return true;
        channels[best] = 0;
    }
    return false;
}

int main() {
    std::cin >> n >> m;
    close_to.resize(n + 1);
    channels.resize(n + 1);
    for (int i = 0; i < m; ++i) {
        int a, b;
        std::cin >> a >> b;
        close_to[a].push_back(b);
        close_to[b].push_back(a);
    }
    if (!colour()) {
        std::cout << "impossible\n";
        return 0;
    }
    for (int tower = 1; tower <= n; ++tower) std::cout << channels[tower] << (tower < n ? ' ' : '\n');
}
