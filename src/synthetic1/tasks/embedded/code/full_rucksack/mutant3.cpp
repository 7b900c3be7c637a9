#include <algorithm>
#include <iostream>
#include <vector>

int main() {
    int n, capacity;
    std::cin >> n >> capacity;
    std::vector<int> best(capacity + 1, 0);
    for (int i = 0; i < n; ++i) {
        long long weight, value, stock;
        std::cin >> weight >> value >> stock;
        long long count = std::min(stock, capacity / weight);
        for (long long bundle = 1; count > 0; bundle *= 2) {
            long long pieces = std::min(bundle, count);
            long long grams = pieces * weight, gain = pieces * value;
            for (long long w = capacity; w >= grams; --w) best[w] = std::max<int>(best[w], best[w - grams] + gain);
            count -= pieces;
        }
    }
    std::cout << best[capacity] << "\n";
}
