#include <algorithm>
#include <vector>

long long close_pairs(std::vector<long long> moments, long long d) {
    std::sort(moments.begin(), moments.end());
    std::size_t first = 0;
    long long pairs = 0;
    for (std::size_t last = 0; last < moments.size(); ++last) {
        while (static_cast<int>(moments[last] - moments[first]) > d) ++first;
        pairs += static_cast<long long>(last - first);
    }
    return pairs;
}
