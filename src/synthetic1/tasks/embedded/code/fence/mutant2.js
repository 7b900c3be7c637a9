const [n, ...numbers] = require("fs").readFileSync(0, "utf8").trim().split(/\s+/).map(Number);
const trees = new Map();
for (let i = 0; i < n; i++) trees.set(`${numbers[2 * i]} ${numbers[2 * i + 1]}`, [numbers[2 * i], numbers[2 * i + 1]]);
const points = [...trees.values()].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
const turn = (o, a, b) => (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0]);
const half = (way) => {
  const line = [];
  for (const point of way) {
    while (line.length >= 2 && turn(line[line.length - 2], line[line.length - 1], point) <= 0) line.pop();
    line.push(point);
  }
  return line.slice(0, -1);
};
const corners = points.length > 1 ? [...half(points), ...half(points.reverse())] : points;
let area = 0;
for (let i = 2; i < corners.length; i++) area += turn(corners[0], corners[i - 1], corners[i]);
console.log(corners.length, area);
