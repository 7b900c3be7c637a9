#include <string>

std::string squeeze(const std::string& text) {
    std::string result;
    for (size_t start = 0; start < text.size();) {
        size_t end = start;
        while (end < text.size() && text[end] == text[start]) ++end;
        result += text[start];
        if (end - start > 1) result += char('0' + (end - start) % 10);
        start = end;
    }
    return result;
}
