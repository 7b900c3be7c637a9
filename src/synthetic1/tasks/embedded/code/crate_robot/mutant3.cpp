#include <iostream>
#include <string>
#include <vector>

int main() {
    int height, width;
    std::cin >> height >> width;
    std::vector<std::string> floor(height + 2, std::string(width + 2, '#'));
    int r = 0, c = 0;
    for (int row = 1; row <= height; ++row) {
        std::string line;
        std::cin >> line;
        floor[row] = '#' + line + '#';
        if (line.find('R') != std::string::npos) r = row, c = static_cast<int>(line.find('R')) + 1;
    }
    std::string commands;
    std::cin >> commands;
    for (char command : commands) {
        int dr = (command == 'D') - (command == 'U'), dc = (command == 'R') - (command == 'L');
        if (floor[r + dr][c + dc] == '#') continue;
        if (floor[r + dr][c + dc] == 'C') {
            if (floor[r + 2 * dr][c + 2 * dc] == '#') continue;
            floor[r + 2 * dr][c + 2 * dc] = 'C';
        }
        floor[r][c] = '.';
        r += dr, c += dc;
        floor[r][c] = 'R';
    }
    for (int row = 1; row <= height; ++row) std::cout << floor[row].substr(1, width) << '\n';
}
