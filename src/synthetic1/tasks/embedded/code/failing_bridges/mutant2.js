const numbers = require("fs").readFileSync(0, "utf8").trim().split(/\s+/).map(Number);
const [n, m, q] = numbers;
const breaks = numbers.slice(3 + 2 * m, 3 + 2 * m + q).map((number) => number - 1);
const parent = Array.from({ length: n + 1 }, (_, i) => i);
const size = new Array(n + 1).fill(1);
let groups = n;
let largest = 1;

function find(island) {
  while (parent[island] !== island) {
    parent[island] = parent[parent[island]];
    island = parent[island];
  }
  return island;
}

function join(bridge) {
  let a = find(numbers[3 + 2 * bridge]);
  let b = find(numbers[4 + 2 * bridge]);
  if (a === b) return;
  if (size[a] < size[b]) [a, b] = [b, a];
  parent[b] = a;
  size[a] += size[b];
  groups--;
  largest = Math.max(largest, size[a]);
}

const broken = new Set(breaks);
for (let bridge = 0; bridge < m; bridge++) {
  if (!broken.has(bridge)) join(bridge);
}
const answers = [`${groups} ${largest}`];
for (const bridge of breaks) {
  join(bridge);
  answers.push(`${groups} ${largest}`);
}
console.log(answers.reverse().join("\n"));
