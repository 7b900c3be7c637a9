#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

int main() {
    std::string a, b;
    std::cin >> a >> b;
    const int n = a.size(), m = b.size();
    std::vector<std::vector<int>> least(n + 1, std::vector<int>(m + 1));
    for (int i = 0; i <= n; ++i) {
        for (int j = 0; j <= m; ++j) {
            if (i == 0 || j == 0) {
                least[i][j] = i + j;
                continue;
            }
            least[i][j] = least[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            least[i][j] = std::min({least[i][j], least[i - 1][j] + 1, least[i][j - 1] + 1});
        }
    }
    std::string above, below;
    for (int i = n, j = m; i > 0 || j > 0;) {
        if (i > 0 && j > 0 && least[i][j] == least[i - 1][j - 1] + (a[i - 1] != b[j - 1])) {
            above += a[--i];
            below += b[--j];
        } else if (i > 0 && least[i][j] == least[i - 1][j] + 1) {
            above += a[--i];
            below += '-';
        } else {
            above += '-';
            below += b[--j];
        }
    }
    std::reverse(above.begin(), above.end());
    std::reverse(below.begin(), below.end());
    std::cout << least[n][m] << '\n' << above << '\n' << below << '\n';
}
