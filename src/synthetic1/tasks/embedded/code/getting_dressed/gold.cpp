#include <iostream>
#include <vector>

int main() {
    int n, m;
    std::cin >> n >> m;
    std::vector<std::vector<int>> later(n + 1);
    std::vector<int> missing(n + 1, 0), order;
    for (int i = 0; i < m; ++i) {
        int a, b;
        std::cin >> a >> b;
        later[a].push_back(b);
        ++missing[b];
    }
    for (int piece = n; piece >= 1; --piece)
        if (missing[piece] == 0) order.push_back(piece);
    for (std::size_t i = 0; i < order.size(); ++i)
        for (int other : later[order[i]])
            if (--missing[other] == 0) order.push_back(other);
    if (static_cast<int>(order.size()) < n) {
        std::cout << "impossible\n";
        return 0;
    }
    for (int piece : order) std::cout << piece << " ";
    std::cout << "\n";
}
