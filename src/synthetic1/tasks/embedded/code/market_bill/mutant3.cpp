#include <iostream>

int main() {
    int n;
    long long voucher;
    std::cin >> n >> voucher;
    long long bill = 0;
    for (int i = 0; i < n; ++i) {
        int pieces, price;
        std::cin >> pieces >> price;
        bill += pieces * price;
    }
    if (voucher >= bill) {
        std::cout << "change " << voucher - bill << "\n";
    } else {
        std::cout << "short " << bill - voucher << "\n";
    }
}
