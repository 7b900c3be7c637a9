#include <cctype>
#include <map>
#include <string>
#include <utility>
#include <vector>

long long anagram_pairs(const std::vector<std::string>& words) {
    std::map<std::pair<size_t, int>, long long> seen;
    long long pairs = 0;
    for (const std::string& word : words) {
        int sum = 0;
        for (unsigned char letter : word) sum += std::tolower(letter);
        pairs += seen[{word.size(), sum}]++;
    }
    return pairs;
}
