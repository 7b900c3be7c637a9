#include <iostream>
#include <numeric>
#include <vector>

int main() {
    int n;
    std::cin >> n;
    std::vector<int> prices(n);
    for (int& price : prices) std::cin >> price;
    const int total = std::accumulate(prices.begin(), prices.end(), 0), half = total / 2;
    // reachable[i][s]: whether some of the first i things are worth s together
    std::vector<std::vector<char>> reachable(n + 1, std::vector<char>(half + 1, false));
    reachable[0][0] = true;
    for (int i = 0; i < n; ++i)
        for (int s = 0; s <= half; ++s)
            reachable[i + 1][s] = reachable[i][s] || (s >= prices[i] && reachable[i][s - prices[i]]);
    int worth = half;
    while (!reachable[n][worth]) --worth;
    std::cout << total - 2 * worth << "\n";
    std::vector<int> part;
    for (int i = n - 1; i >= 0; --i) {
        if (reachable[i][worth]) continue;
        part.push_back(i + 1);
        worth -= prices[i];
    }
    std::cout << part.size();
    for (int number : part) std::cout << " " << number;
    std::cout << "\n";
}
