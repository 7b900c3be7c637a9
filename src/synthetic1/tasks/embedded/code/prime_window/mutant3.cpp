#include <algorithm>
#include <iostream>
#include <vector>

int main() {
    long long low, high;
    std::cin >> low >> high;
    std::vector<char> composite(1000001), hidden(high - low + 1);
    for (long long p = 2; p * p <= high; ++p) {
        if (composite[p]) continue;
        for (long long i = p * p; i <= 1000000; i += p) composite[i] = 1;
        for (long long i = std::max(p * p, (low + p - 1) / p * p); i <= high; i += p) hidden[i - low] = 1;
    }
    long long count = std::count(hidden.begin(), hidden.end(), 0);
    if (count == 0) {
        std::cout << "0\n";
        return 0;
    }
    long long first = low, last = high;
    while (hidden[first - low]) ++first;
    while (hidden[last - low]) --last;
    std::cout << count << ' ' << first << ' ' << last << '\n';
}
