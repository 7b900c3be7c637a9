#include <vector>

std::vector<int> spiral(const std::vector<std::vector<int>>& field) {
    const int rows = field.size(), columns = field[0].size();
    std::vector<std::vector<bool>> seen(rows, std::vector<bool>(columns));
    const int row_step[] = {0, 1, 0, -1}, column_step[] = {1, 0, -1, 0};
    std::vector<int> walk;
    int row = 0, column = 0, heading = 0;
    for (int i = 0; i < rows * columns; ++i) {
        walk.push_back(field[row][column]);
        seen[row][column] = true;
        int next_row = row + row_step[heading], next_column = column + column_step[heading];
        if (next_row < 0 || next_row >= rows || next_column < 0 || next_column >= columns || seen[next_row][next_column]) {
            heading = (heading + 1) % 4;
            next_row = row + row_step[heading];
            next_column = column + column_step[heading];
        }
        row = next_row;
        column = next_column;
    }
    return walk;
}
