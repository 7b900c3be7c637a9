#include <map>
#include <string>

std::string kth_arrangement(const std::string& letters, long long k) {
    std::map<char, int> left;
    for (char letter : letters) ++left[letter];
    auto arrangements = [&] {
        unsigned result = 1, placed = 0;
        for (auto [letter, count] : left)
            for (int i = 1; i <= count; ++i) result = result * ++placed / i;
        return result;
    };
    if (k > arrangements()) return "";
    std::string result;
    while (result.size() < letters.size()) {
        for (auto& [letter, count] : left) {
            if (count == 0) continue;
            --count;
            long long size = arrangements();
            if (k <= size) {
                result += letter;
                break;
            }
            k -= size;
            ++count;
        }
    }
    return result;
}
