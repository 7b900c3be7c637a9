#include <algorithm>
#include <cmath>
#include <iostream>
#include <utility>
#include <vector>

using Point = std::pair<long long, long long>;

int main() {
    int n;
    std::cin >> n;
    std::vector<Point> points(n), corners;
    for (auto& [x, y] : points) std::cin >> x >> y;
    std::sort(points.begin(), points.end());
    // around the lowest point, by angle
    Point first = points[0];
    auto angle = [&](Point p) { return std::atan2(p.second - first.second, p.first - first.first); };
    std::sort(points.begin() + 1, points.end(), [&](Point a, Point b) { return angle(a) < angle(b); });
    auto turn = [](Point o, Point a, Point b) {
        return (a.first - o.first) * (b.second - o.second) - (a.second - o.second) * (b.first - o.first);
    };
    for (Point point : points) {
        while (corners.size() >= 2 && turn(corners[corners.size() - 2], corners.back(), point) <= 0) corners.pop_back();
        corners.push_back(point);
    }
    long long area = 0;
    for (size_t i = 2; i < corners.size(); ++i) area += turn(corners[0], corners[i - 1], corners[i]);
    std::cout << corners.size() << ' ' << area << '\n';
}
