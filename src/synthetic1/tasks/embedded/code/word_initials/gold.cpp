#include <cctype>
#include <string>

std::string initials(std::string name) {
    std::string result, word;
    int words = 0;
    name += ' ';  // ends the last word
    for (char c : name) {
        if (c != ' ' && c != '-') {
            word += c;
            continue;
        }
        if (word.empty()) continue;
        std::string lower;
        for (char letter : word) lower += static_cast<char>(std::tolower(letter));
        bool small = lower == "of" || lower == "the" || lower == "and";
        if (words == 0 || !small) {
            std::size_t first = word.find_first_not_of('\'');
            if (first != std::string::npos) result += static_cast<char>(std::toupper(word[first]));
        }
        ++words;
        word.clear();
    }
    return result;
}
