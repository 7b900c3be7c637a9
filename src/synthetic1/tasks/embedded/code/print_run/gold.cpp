#include <iostream>
#include <utility>
#include <vector>

int main() {
    int n;
    long long k;
    std::cin >> n >> k;
    std::vector<std::pair<long long, long long>> machines(n);
    for (auto& [warm_up, each] : machines) std::cin >> warm_up >> each;
    auto enough = [&](long long seconds) {
        long long copies = 0;
        for (auto [warm_up, each] : machines) {
            if (seconds > warm_up) copies += (seconds - warm_up) / each;
            if (copies >= k) return true;  // at once: the whole sum might not fit
        }
        return false;
    };
    long long low = 0, high = 2'000'000'000'000'000'000;
    while (low < high) {
        long long middle = low + (high - low) / 2;
        if (enough(middle)) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    std::cout << low << "\n";
}
