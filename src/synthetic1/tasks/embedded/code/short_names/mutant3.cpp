#include <algorithm>
#include <string>
#include <vector>

std::vector<std::string> short_names(const std::vector<std::string>& names) {
    std::vector<std::string> sorted = names, result;
    std::sort(sorted.begin(), sorted.end());
    for (const std::string& name : names) {
        size_t length = 0;
        auto place = std::lower_bound(sorted.begin(), sorted.end(), name);
        if (place != sorted.begin()) {
            const std::string& before = *(place - 1);
            while (length < before.size() && length < name.size() && before[length] == name[length]) ++length;
        }
        result.push_back(name.substr(0, length + 1));
    }
    return result;
}
