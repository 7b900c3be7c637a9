#include <algorithm>

int last_chair(int n, int k) {
    if (k == 1) return n;
    int place = 0, size = 1;
    while (size < n) {
        int steps = std::min((size - 1 - place) / (k - 1), n - size);
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
