#include <algorithm>
#include <vector>

std::vector<long long> lonely_numbers(std::vector<long long> log) {
    long long both = 0;
    for (long long number : log) both ^= number;
    long long bit = both & -both;
    long long one = 0;
    for (long long number : log)
        if (number & bit) one ^= number;
    long long other = one ^ both;
    return {std::min(one, other), std::max(one, other)};
}
