use std::io::{self, Read};

type Point = (i64, i64);

/// Positive if the way from o over a to b turns left. At most 8e18, which still fits.
fn turn(o: Point, a: Point, b: Point) -> i64 {
    (a.0 - o.0) * (b.1 - o.1) - (a.1 - o.1) * (b.0 - o.0)
}

/// The fence from the first point to the last, without the last one.
fn half(points: impl Iterator<Item = Point>) -> Vec<Point> {
    let mut line: Vec<Point> = Vec::new();
    for point in points {
        while line.len() >= 2 && turn(line[line.len() - 2], line[line.len() - 1], point) <= 0 {
            line.pop();
        }
        line.push(point);
    }
    line.pop();
    line
}

fn main() {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).unwrap();
    let numbers: Vec<i64> = text.split_whitespace().map(|word| word.parse().unwrap()).collect();
    let mut points: Vec<Point> = numbers[1..].chunks(2).map(|tree| (tree[0], tree[1])).collect();
    points.sort();
    points.dedup();
    let mut corners = half(points.iter().copied());
    corners.extend(half(points.iter().rev().copied()));
    if points.len() == 1 {
        corners = points;
    }
    let area: i64 = corners.windows(2).map(|pair| turn(corners[0], pair[0], pair[1])).sum();
    println!("{} {}", corners.len(), area);
}
