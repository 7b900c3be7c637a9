#include <algorithm>
#include <vector>

int shortest_round(const std::vector<std::vector<int>>& minutes) {
    const int n = minutes.size();
    if (n == 1) return 0;
    const int far = 2'000'000'000, all = 1 << n;
    // least[visited][last]: the fastest way from the depot over the places of a set to the last one of them
    std::vector<std::vector<int>> least(all, std::vector<int>(n, far));
    least[1][0] = 0;
    for (int visited = 1; visited < all; ++visited) {
        for (int last = 0; last < n; ++last) {
            if (least[visited][last] == far) continue;
            for (int next = 1; next < n; ++next) {
                if (visited >> next & 1) continue;
                int& best = least[visited | 1 << next][next];
                best = std::min(best, least[visited][last] + minutes[last][next]);
            }
        }
    }
    int result = far;
    for (int last = 1; last < n; ++last) result = std::min(result, least[all - 1][last] + minutes[last][0]);
    return result;
}
