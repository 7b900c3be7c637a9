#include <algorithm>
#include <vector>

int shortest_round(std::vector<std::vector<int>> minutes) {
    const int n = minutes.size();
    if (n == 1) return 0;
    for (int via = 0; via < n; ++via)
        for (int i = 0; i < n; ++i)
            for (int j = 0; j < n; ++j)
                minutes[i][j] = std::min(minutes[i][j], minutes[i][via] + minutes[via][j]);
    const int far = 2'000'000'000, all = 1 << n;
    std::vector<std::vector<int>> least(all, std::vector<int>(n, far));
    least[1][0] = 0;
    for (int visited = 1; visited < all; ++visited)
        for (int last = 0; last < n; ++last)
            for (int next = 1; next < n && least[visited][last] < far; ++next)
                if (!(visited >> next & 1))
                    least[visited | 1 << next][next] =
                        std::min(least[visited | 1 << next][next], least[visited][last] + minutes[last][next]);
    int result = far;
    for (int last = 1; last < n; ++last) result = std::min(result, least[all - 1][last] + minutes[last][0]);
    return result;
}
