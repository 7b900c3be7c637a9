#include <algorithm>
#include <iostream>
#include <utility>
#include <vector>

using Point = std::pair<long long, long long>;

// Positive if the way from o over a to b turns left. At most 8e18, which still fits.
long long turn(Point o, Point a, Point b) {
    return (a.first - o.first) * (b.second - o.second) - (a.second - o.second) * (b.first - o.first);
}

int main() {
    int n;
    std::cin >> n;
    std::vector<Point> points(n);
    for (auto& [x, y] : points) std::cin >> x >> y;
    std::sort(points.begin(), points.end());
    points.erase(std::unique(points.begin(), points.end()), points.end());

    std::vector<Point> corners;
    for (int side = 0; side < 2; ++side) {
        const size_t before = corners.size();
        for (Point point : points) {
            while (corners.size() >= before + 2 && turn(corners[corners.size() - 2], corners.back(), point) <= 0) {
                corners.pop_back();
            }
            corners.push_back(point);
        }
        if (points.size() > 1) corners.pop_back();  // the other side begins there
        else if (side == 1) corners.pop_back();
        std::reverse(points.begin(), points.end());
    }
    long long area = 0;
    for (size_t i = 2; i < corners.size(); ++i) area += turn(corners[0], corners[i - 1], corners[i]);
    std::cout << corners.size() << ' ' << area << '\n';
}
