#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

int main() {
    const std::string digits = "0123456789abcdefghijklmnopqrstuvwxyz";
    int tasks;
    std::cin >> tasks;
    while (tasks-- > 0) {
        int a, b;
        std::string number;
        std::cin >> a >> b >> number;
        std::vector<int> value;  // in base b, the lowest digit first
        for (char c : number) {
            int carry = static_cast<int>(digits.find(c));
            for (int& digit : value) {
                carry += digit * a;
                digit = carry % b;
                carry /= b;
            }
            for (; carry > 0; carry /= b) value.push_back(carry % b);
        }
        if (value.empty()) value.push_back(0);
        std::reverse(value.begin(), value.end());
        for (int digit : value) std::cout << digits[digit];
        std::cout << '\n';
    }
}
