#include <algorithm>
#include <utility>
#include <vector>

int nest_size(std::vector<std::vector<int>> boxes) {
    std::vector<std::pair<int, int>> turned;
    for (const auto& box : boxes) turned.push_back({std::min(box[0], box[1]), -std::max(box[0], box[1])});
    std::sort(turned.begin(), turned.end());
    std::vector<int> ends;
    for (const auto& box : turned) {
        const int longer = -box.second;
        auto at = std::lower_bound(ends.begin(), ends.end(), longer);
        if (at == ends.end()) {
            ends.push_back(longer);
        } else {
            *at = longer;
        }
    }
    return static_cast<int>(ends.size());
}
