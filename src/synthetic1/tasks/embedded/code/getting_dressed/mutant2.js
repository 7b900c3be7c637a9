const [n, m, ...rules] = require("fs").readFileSync(0, "utf8").trim().split(/\s+/).map(Number);
const later = Array.from({ length: n + 1 }, () => []);
const missing = new Array(n + 1).fill(0);
for (let i = 0; i < m; i++) {
  later[rules[2 * i]].push(rules[2 * i + 1]);
  missing[rules[2 * i + 1]]++;
}
const ready = [];
for (let piece = 1; piece <= n; piece++) {
  if (missing[piece] === 0) ready.push(piece);
}
const order = [];
while (ready.length > 0) {
  const piece = ready.pop();
  order.push(piece);
  for (const other of later[piece]) {
    if (missing[other] > 0) {
      missing[other] = 0;
      ready.push(other);
    }
  }
}
console.log(order.length === n ? order.join(" ") : "impossible");
