#include <algorithm>
#include <iostream>
#include <utility>
#include <vector>

int main() {
    int n;
    std::cin >> n;
    std::vector<std::pair<int, int>> films(n);
    for (auto& [end, start] : films) std::cin >> start >> end;
    std::sort(films.begin(), films.end());
    int seen = 0, last_end = -1;
    for (auto [end, start] : films) {
        if (start > last_end) ++seen, last_end = end;
    }
    std::cout << seen << '\n';
}
