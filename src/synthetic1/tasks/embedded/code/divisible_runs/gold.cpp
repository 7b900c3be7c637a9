#include <iostream>
#include <unordered_map>

int main() {
    std::ios::sync_with_stdio(false);
    std::cin.tie(nullptr);
    int n;
    long long k;
    std::cin >> n >> k;
    std::unordered_map<long long, long long> seen{{0, 1}};
    long long total = 0, runs = 0;
    for (int i = 0; i < n; ++i) {
        long long number;
        std::cin >> number;
        total = ((total + number) % k + k) % k;
        runs += seen[total]++;
    }
    std::cout << runs << "\n";
}
