const [n, ...numbers] = require("fs").readFileSync(0, "utf8").trim().split(/\s+/).map(Number);
const trees = new Map();
for (let i = 0; i < n; i++) trees.set(`${numbers[2 * i]} ${numbers[2 * i + 1]}`, [numbers[2 * i], numbers[2 * i + 1]]);
const points = [...trees.values()].sort((a, b) => a[0] - b[0] || a[1] - b[1]);

// Products reach 4e18, too much for plain numbers.
const cross = (ax, ay, bx, by) => BigInt(ax) * BigInt(by) - BigInt(ay) * BigInt(bx);
const turn = (o, a, b) => cross(a[0] - o[0], a[1] - o[1], b[0] - o[0], b[1] - o[1]);

function half(way) {
  const line = [];
  for (const point of way) {
    while (line.length >= 2 && turn(line[line.length - 2], line[line.length - 1], point) <= 0n) line.pop();
    line.push(point);
  }
  line.pop();
  return line;
}

const corners = points.length > 1 ? [...half(points), ...half(points.slice().reverse())] : points;
let area = 0n;
corners.forEach((a, i) => {
  const b = corners[(i + 1) % corners.length];
  area += cross(a[0], a[1], b[0], b[1]);
});
console.log(`${corners.length} ${area}`);
