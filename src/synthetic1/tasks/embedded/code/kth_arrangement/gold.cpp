#include <array>
#include <string>

long long arrangements(const std::array<int, 26>& left) {
    auto factorial = [](int n) {
        long long result = 1;
        for (int i = 2; i <= n; ++i) result *= i;
        return result;
    };
    int total = 0;
    for (int count : left) total += count;
    long long result = factorial(total);
    for (int count : left) result /= factorial(count);
    return result;
}

std::string kth_arrangement(const std::string& letters, long long k) {
    std::array<int, 26> left{};
    for (char letter : letters) ++left[letter - 'a'];
    if (k > arrangements(left)) return "";
    std::string result;
    while (result.size() < letters.size()) {
        for (int i = 0; i < 26; ++i) {
            if (left[i] == 0) continue;
            --left[i];
            long long beginning_so = arrangements(left);
            if (k <= beginning_so) {
                result += static_cast<char>('a' + i);
                break;
            }
            k -= beginning_so;
            ++left[i];
        }
    }
    return result;
}
