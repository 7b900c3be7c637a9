#include <iostream>
#include <string>
#include <vector>

int main() {
    std::string text;
    std::getline(std::cin, text);
    const std::string opening = "([{", closing = ")]}";
    std::vector<std::size_t> open;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (opening.find(text[i]) != std::string::npos) open.push_back(i);
        std::size_t kind = closing.find(text[i]);
        if (kind == std::string::npos) continue;
        if (open.empty()) continue;
        if (text[open.back()] != opening[kind]) {
            std::cout << i + 1 << "\n";
            return 0;
        }
        open.pop_back();
    }
    if (open.empty()) {
        std::cout << "ok\n";
    } else {
        std::cout << open.front() + 1 << "\n";
    }
}
