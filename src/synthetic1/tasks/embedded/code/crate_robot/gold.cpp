#include <iostream>
#include <string>
#include <vector>

int main() {
    int height, width;
    std::cin >> height >> width;
    // A wall around the floor saves all questions about its edge.
    std::vector<std::string> floor(height + 2, std::string(width + 2, '#'));
    int r = 0, c = 0;
    for (int row = 1; row <= height; ++row) {
        std::string line;
        std::cin >> line;
        for (int column = 1; column <= width; ++column) {
            floor[row][column] = line[column - 1];
            if (line[column - 1] == 'R') r = row, c = column;
        }
    }
    std::string commands;
    std::cin >> commands;
    for (char command : commands) {
        int dr = command == 'D' ? 1 : command == 'U' ? -1 : 0;
        int dc = command == 'R' ? 1 : command == 'L' ? -1 : 0;
        char& ahead = floor[r + dr][c + dc];
        if (ahead == 'C' && floor[r + 2 * dr][c + 2 * dc] == '.') {
            floor[r + 2 * dr][c + 2 * dc] = 'C';
            ahead = '.';
        }
        if (ahead == '.') {
            ahead = 'R';
            floor[r][c] = '.';
            r += dr;
            c += dc;
        }
    }
    for (int row = 1; row <= height; ++row) std::cout << floor[row].substr(1, width) << '\n';
}
