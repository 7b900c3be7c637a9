#include <algorithm>
#include <iostream>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

std::string text;
int n;

// The beginnings of all suffixes, in alphabetical order: by 1, 2, 4, … letters.
std::vector<int> suffix_array() {
    std::vector<int> rank(text.begin(), text.end()), order(n);
    std::iota(order.begin(), order.end(), 0);
    for (int width = 1;; width *= 2) {
        std::vector<std::pair<int, int>> keys(n);
        for (int i = 0; i < n; ++i) keys[i] = {rank[i], i + width < n ? rank[i + width] + 1 : 0};
        std::sort(order.begin(), order.end(), [&](int a, int b) { return keys[a] < keys[b]; });
        rank[order[0]] = 0;
        for (int i = 1; i < n; ++i) rank[order[i]] = rank[order[i - 1]] + (keys[order[i]] != keys[order[i - 1]]);
        if (rank[order[n - 1]] == n - 1) return order;
    }
}

// For each suffix in the order, how many letters it shares with the one before it.
std::vector<int> common_prefixes(const std::vector<int>& order) {
    std::vector<int> place(n), shared(n, 0);
    for (int i = 0; i < n; ++i) place[order[i]] = i;
    int length = 0;
    for (int suffix = 0; suffix < n; ++suffix) {
        if (place[suffix] == 0) {
            length = 0;
            continue;
        }
        int other = order[place[suffix] - 1];
        while (std::max(suffix, other) + length < n && text[suffix + length] == text[other + length]) ++length;
        shared[place[suffix]] = length;
        length = std::max(0, length - 1);
    }
    return shared;
}

// Where the first motif of this length in alphabetical order stands, or -1.
int motif(int length, const std::vector<int>& order, const std::vector<int>& shared) {
    int first = order[0], last = order[0];
    for (int i = 1; i < n; ++i) {
        if (shared[i] < length) {
            first = last = order[i];
            continue;
        }
        first = std::min(first, order[i]);
        last = std::max(last, order[i]);
        if (last - first >= length) return first;
    }
    return -1;
}

int main() {
    std::cin >> text;
    n = static_cast<int>(text.size());
    const auto order = suffix_array();
    const auto shared = common_prefixes(order);
    int low = 0, high = n / 2;
    while (low < high) {
        int middle = (low + high + 1) / 2;
        if (motif(middle, order, shared) < 0) {
            high = middle - 1;
        } else {
            low = middle;
        }
    }
    std::cout << low << "\n";
    if (low > 0) std::cout << text.substr(motif(low, order, shared), low) << "\n";
}
