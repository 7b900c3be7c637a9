const [first, ...rows] = require("fs").readFileSync(0, "utf8").trim().split("\n").map((l) => l.split(" ").map(Number));
const [n, k] = first;
const cables = rows.map(([a, b, price], i) => ({ a, b, price: i < k ? 0 : price }));
cables.sort((x, y) => x.price - y.price);
const group = [...Array(n + 1).keys()];
let total = 0;
for (const { a, b, price } of cables) {
  if (group[a] === group[b]) continue;
  total += price;
  const [from, to] = [group[a], group[b]];
  for (let v = 1; v <= n; v++) if (group[v] === from) group[v] = to;
}
console.log(total > 0 || k > 0 || n === 1 ? total : "impossible");
