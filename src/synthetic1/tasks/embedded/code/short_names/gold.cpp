#include <array>
#include <string>
#include <vector>

std::vector<std::string> short_names(const std::vector<std::string>& names) {
    struct Node {
        int uses = 0;
        std::array<int, 26> next{};
    };
    std::vector<Node> trie(1);
    for (const std::string& name : names) {
        int node = 0;
        for (char letter : name) {
            if (trie[node].next[letter - 'a'] == 0) {
                trie[node].next[letter - 'a'] = static_cast<int>(trie.size());
                trie.emplace_back();
            }
            node = trie[node].next[letter - 'a'];
            ++trie[node].uses;
        }
    }
    std::vector<std::string> result;
    for (const std::string& name : names) {
        size_t length = 0;
        int node = 0;
        do {
            node = trie[node].next[name[length++] - 'a'];
        } while (trie[node].uses > 1 && length < name.size());
        result.push_back(name.substr(0, length));
    }
    return result;
}
