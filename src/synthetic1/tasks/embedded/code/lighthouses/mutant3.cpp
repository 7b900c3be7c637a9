#include <iostream>
#include <utility>

std::pair<long long, long long> euclid(long long a, long long b) {
    long long x = 1, y = 0;
    while (b > 0) {
        long long quotient = a / b;
        a -= quotient * b, x -= quotient * y;
        std::swap(a, b), std::swap(x, y);
    }
    return {a, x};
}

int main() {
    int k;
    std::cin >> k;
    long long second = 0, period = 1;
    while (k-- > 0) {
        long long a, m;
        std::cin >> a >> m;
        auto [g, inverse] = euclid(period, m);
        if ((a - second) % g != 0) {
            std::cout << "never\n";
            return 0;
        }
        // modulo m, not m / g: a solution, but not always the first one
        long long steps = (a - second) / g % m * (inverse % m) % m;
        if (steps < 0) steps += m;
        second += steps * period;
        period *= m / g;
    }
    std::cout << second << '\n';
}
