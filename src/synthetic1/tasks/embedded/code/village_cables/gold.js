const numbers = require("fs").readFileSync(0, "utf8").trim().split(/\s+/).map(Number);
let at = 0;
const [n, k, m] = [numbers[at++], numbers[at++], numbers[at++]];
const cables = [];
for (let i = 0; i < k + m; i++) {
  const [a, b] = [numbers[at++], numbers[at++]];
  cables.push({ a, b, price: i < k ? 0 : numbers[at++] });
}
cables.sort((x, y) => x.price - y.price);

const leader = Array.from({ length: n + 1 }, (_, village) => village);
const find = (village) => {
  while (leader[village] !== village) village = leader[village] = leader[leader[village]];
  return village;
};
let groups = n;
let total = 0;
for (const { a, b, price } of cables) {
  const [x, y] = [find(a), find(b)];
  if (x === y) continue;
  leader[x] = y;
  groups--;
  total += price;
}
console.log(groups === 1 ? total : "impossible");
