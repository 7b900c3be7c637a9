// Four threads use the time: the limit counts them all.
//
// verdict = "time_limit"
// time_limit_s = 0.5

#include <thread>
#include <vector>
int main() {
    std::vector<std::thread> all;
    for (int i = 0; i < 4; i++) all.emplace_back([] { for (volatile long n = 0;; n = n + 1); });
    for (auto &one : all) one.join();
}
