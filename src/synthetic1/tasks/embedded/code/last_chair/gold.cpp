#include <algorithm>

long long last_chair(long long n, long long k) {
    if (k == 1) return n;
    // The winner's place, counted from 0, among `size` players. With one player more it moves on by k, around the
    // circle; as long as it does not pass the end, many steps can be made at once.
    long long place = 0, size = 1;
    while (size < n) {
        long long steps = std::min((size - 1 - place) / (k - 1), n - size);
        if (steps > 0) {
            place += steps * k;
            size += steps;
        } else {
            ++size;
            place = (place + k) % size;
        }
    }
    return place + 1;
}
