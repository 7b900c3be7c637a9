const [n, m, ...ends] = require("fs").readFileSync(0, "utf8").trim().split(/\s+/).map(Number);
const close = Array.from({ length: n }, () => []);
for (let i = 0; i < m; i++) close[ends[2 * i] - 1].push(ends[2 * i + 1] - 1);
const channels = new Array(n).fill(0);
function colour(tower) {
  if (tower === n) return true;
  for (const channel of [1, 2, 3]) {
    if (close[tower].some((other) => channels[other] === channel)) continue;
    channels[tower] = channel;
    if (colour(tower + 1)) return true;
    channels[tower] = 0;
  }
  return false;
}
console.log(colour(0) ? channels.join(" ") : "impossible");
