#include <iostream>
#include <string>
#include <vector>

// How many such numbers there are from 1 to limit.
long long tuned(long long limit, int m) {
    if (limit == 0) return 0;
    using Counts = std::vector<std::vector<long long>>;
    // smaller[d][s]: beginnings below that of limit which end in digit d and have digit sum s (mod m)
    Counts smaller(10, std::vector<long long>(m, 0));
    bool equal = true, first = true;
    int last = -1, total = 0;
    for (char character : std::to_string(limit)) {
        const int digit = character - '0';
        Counts longer(10, std::vector<long long>(m, 0));
        for (int s = 0; s < m; ++s) {
            long long all = 0;
            for (int d = 0; d < 10; ++d) all += smaller[d][s];
            for (int d = 0; d < 10; ++d) longer[d][(s + d) % m] += all - smaller[d][s];
        }
        for (int d = first ? 1 : 0; equal && d < digit; ++d)
            if (d != last) ++longer[d][(total + d) % m];
        for (int d = 1; !first && d < 10; ++d) ++longer[d][d % m];
        smaller = longer;
        equal = equal && digit != last;
        last = digit;
        total = (total + digit) % m;
        first = false;
    }
    long long count = equal && total == 0;
    for (const auto& counts : smaller) count += counts[0];
    return count;
}

int main() {
    long long a, b;
    int m;
    std::cin >> a >> b >> m;
    std::cout << tuned(b, m) - tuned(a - 1, m) << "\n";
}
