#include <algorithm>
#include <climits>
#include <iostream>
#include <vector>

// A change of a whole block stays at its node: `highest` counts it in, the nodes below do not.
std::vector<long long> change, highest;

void add(int node, int low, int high, int l, int r, long long v) {
    if (l <= low && high <= r) {
        change[node] += v;
        highest[node] += v;
        return;
    }
    int middle = (low + high) / 2;
    if (l <= middle) add(2 * node, low, middle, l, r, v);
    if (r > middle) add(2 * node + 1, middle + 1, high, l, r, v);
    highest[node] = change[node] + std::max(highest[2 * node], highest[2 * node + 1]);
}

long long ask(int node, int low, int high, int l, int r) {
    if (l <= low && high <= r) return highest[node];
    int middle = (low + high) / 2;
    long long found = LLONG_MIN;
    if (l <= middle) found = std::max(found, ask(2 * node, low, middle, l, r));
    if (r > middle) found = std::max(found, ask(2 * node + 1, middle + 1, high, l, r));
    return change[node] + found;
}

int main() {
    int n, q;
    std::cin >> n >> q;
    change.assign(4 * n, 0);
    highest.assign(4 * n, 0);
    while (q-- > 0) {
        int kind, l, r;
        std::cin >> kind >> l >> r;
        if (kind == 1) {
            long long v;
            std::cin >> v;
            add(1, 1, n, l, r, v);
        } else {
            std::cout << ask(1, 1, n, l, r) << "\n";
        }
    }
}
