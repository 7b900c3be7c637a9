#include <iostream>
#include <utility>

using Wide = __int128;

// The g and x with g = gcd(a, b) and a·x ≡ g (mod b).
std::pair<long long, long long> euclid(long long a, long long b) {
    long long x = 1, y = 0;
    while (b > 0) {
        long long quotient = a / b;
        a -= quotient * b;
        x -= quotient * y;
        std::swap(a, b);
        std::swap(x, y);
    }
    return {a, x};
}

int main() {
    int k;
    std::cin >> k;
    // All lighthouses so far flash together at `second`, and then every `period` seconds.
    long long second = 0, period = 1;
    while (k-- > 0) {
        long long a, m;
        std::cin >> a >> m;
        auto [g, inverse] = euclid(period, m);
        if ((a - second) % g != 0) {
            std::cout << "never\n";
            return 0;
        }
        long long rest = m / g;
        Wide steps = static_cast<Wide>((a - second) / g) * inverse % rest;
        if (steps < 0) steps += rest;
        second = static_cast<long long>(second + steps * period);
        period *= rest;
    }
    std::cout << second << '\n';
}
