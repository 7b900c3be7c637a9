#include <algorithm>
#include <iostream>
#include <vector>

int main() {
    long long low, high;
    std::cin >> low >> high;
    long long root = 1;
    while ((root + 1) * (root + 1) <= high) ++root;
    std::vector<char> composite(root + 1), hidden(high - low + 1);
    if (low == 1) hidden[0] = 1;
    for (long long p = 2; p <= root; ++p) {
        if (composite[p]) continue;
        for (long long i = p * p; i <= root; i += p) composite[i] = 1;
        for (long long i = std::max(p * p, (low + p - 1) / p * p); i <= high; i += p) hidden[i - low] = 1;
    }
    long long count = 0, first = 0, last = 0;
    for (long long n = low; n <= high; ++n) {
        if (hidden[n - low]) continue;
        if (count++ == 0) first = n;
        last = n;
    }
    std::cout << count;
    if (count > 0) std::cout << ' ' << first << ' ' << last;
    std::cout << '\n';
}
