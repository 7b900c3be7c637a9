#include <string>
#include <vector>

std::string nth_balanced(int n, long long k) {
    const int length = 2 * n;
    // ways[left][depth]: how many completions of `left` characters close `depth` brackets
    std::vector<std::vector<int>> ways(length + 1, std::vector<int>(length + 2, 0));
    ways[0][0] = 1;
    for (int left = 1; left <= length; ++left)
        for (int depth = 0; depth <= length; ++depth)
            ways[left][depth] = ways[left - 1][depth + 1] + (depth > 0 ? ways[left - 1][depth - 1] : 0);
    if (k >= ways[length][0]) return "";
    std::string sequence;
    int depth = 0;
    for (int left = length - 1; left >= 0; --left) {
        const long long opening = ways[left][depth + 1];
        if (k < opening) {
            sequence += '(';
            ++depth;
        } else {
            k -= opening;
            sequence += ')';
            --depth;
        }
    }
    return sequence;
}
