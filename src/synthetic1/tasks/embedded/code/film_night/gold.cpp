#include <algorithm>
#include <iostream>
#include <utility>
#include <vector>

int main() {
    int n;
    std::cin >> n;
    std::vector<std::pair<int, int>> films(n);  // end, start
    for (auto& [end, start] : films) std::cin >> start >> end;
    std::sort(films.begin(), films.end());
    int seen = 0, free_from = 0;
    for (auto [end, start] : films) {
        if (start >= free_from) {
            ++seen;
            free_from = end;
        }
    }
    std::cout << seen << '\n';
}
