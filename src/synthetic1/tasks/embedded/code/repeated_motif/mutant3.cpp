#include <cstdint>
#include <iostream>
#include <string>
#include <unordered_map>

int main() {
    std::string text;
    std::cin >> text;
    const int n = static_cast<int>(text.size());
    for (int length = n / 2; length >= 1; --length) {
        std::uint64_t power = 1, hash = 0;
        for (int i = 0; i < length; ++i) power *= 131;
        std::unordered_map<std::uint64_t, int> first;
        std::string best;
        for (int i = 0; i < n; ++i) {
            hash = hash * 131 + static_cast<unsigned char>(text[i]);
            if (i >= length) hash -= power * static_cast<unsigned char>(text[i - length]);
            const int start = i - length + 1;
            if (start < 0) continue;
            const int before = first.emplace(hash, start).first->second;
            if (start - before < length) continue;
            std::string found = text.substr(start, length);
            if (best.empty() || found < best) best = found;
        }
        if (!best.empty()) {
            std::cout << length << "\n" << best << "\n";
            return 0;
        }
    }
    std::cout << "0\n";
}
