#include <algorithm>
#include <vector>

std::vector<int> spiral(const std::vector<std::vector<int>>& field) {
    const int rows = field.size(), columns = field[0].size();
    std::vector<int> walk;
    for (int layer = 0; layer < std::min(rows, columns) / 2; ++layer) {
        const int bottom = rows - 1 - layer, right = columns - 1 - layer;
        for (int c = layer; c < right; ++c) walk.push_back(field[layer][c]);
        for (int r = layer; r < bottom; ++r) walk.push_back(field[r][right]);
        for (int c = right; c > layer; --c) walk.push_back(field[bottom][c]);
        for (int r = bottom; r > layer; --r) walk.push_back(field[r][layer]);
    }
    if (rows == columns && rows % 2 == 1) walk.push_back(field[rows / 2][columns / 2]);
    return walk;
}
