#include <algorithm>
#include <iostream>
#include <numeric>
#include <vector>

int main() {
    int n, m;
    std::cin >> n >> m;
    std::vector<int> before(n + 1, 0), order(n);
    for (int i = 0; i < m; ++i) {
        int a, b;
        std::cin >> a >> b;
        ++before[b];
    }
    std::iota(order.begin(), order.end(), 1);
    std::stable_sort(order.begin(), order.end(), [&](int p, int q) { return before[p] < before[q]; });
    if (before[order[0]] > 0) {
        std::cout << "impossible\n";
        return 0;
    }
    for (int piece : order) std::cout << piece << " ";
    std::cout << "\n";
}
