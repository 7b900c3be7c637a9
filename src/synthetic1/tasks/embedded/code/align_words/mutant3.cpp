#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

int main() {
    std::string a, b;
    std::cin >> a >> b;
    const int n = a.size(), m = b.size();
    std::vector<std::vector<int>> least(n + 1, std::vector<int>(m + 1));
    for (int i = 0; i <= n; ++i)
        for (int j = 0; j <= m; ++j)
            least[i][j] = i == 0 || j == 0 ? i + j
                                           : std::min({least[i - 1][j - 1] + (a[i - 1] != b[j - 1]),
                                                       least[i - 1][j] + 1, least[i][j - 1] + 1});
    std::string above, below;
    int i = n, j = m;
    while (i > 0 && j > 0) {
        if (least[i][j] == least[i - 1][j - 1] + (a[i - 1] != b[j - 1])) {
            above += a[--i], below += b[--j];
        } else if (least[i][j] == least[i - 1][j] + 1) {
            above += a[--i], below += '-';
        } else {
            above += '-', below += b[--j];
        }
    }
    std::reverse(above.begin(), above.end());
    std::reverse(below.begin(), below.end());
    std::cout << least[n][m] << '\n' << above << '\n' << below << '\n';
}
