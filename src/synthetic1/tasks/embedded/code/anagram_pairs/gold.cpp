#include <algorithm>
#include <cctype>
#include <map>
#include <string>
#include <vector>

long long anagram_pairs(const std::vector<std::string>& words) {
    std::map<std::string, long long> seen;
    long long pairs = 0;
    for (std::string key : words) {
        for (char& letter : key) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
        std::sort(key.begin(), key.end());
        pairs += seen[key]++;
    }
    return pairs;
}
