#include <algorithm>
#include <iostream>
#include <string>

int main() {
    const std::string digits = "0123456789abcdefghijklmnopqrstuvwxyz";
    int tasks;
    std::cin >> tasks;
    while (tasks-- > 0) {
        unsigned a, b;
        std::string number, result;
        std::cin >> a >> b >> number;
        unsigned long long value = 0;
        for (char c : number) value = value * a + digits.find(c);
        do result += digits[value % b];
        while (value /= b);
        std::reverse(result.begin(), result.end());
        std::cout << result << '\n';
    }
}
