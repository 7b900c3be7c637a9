const [n, m, ...ends] = require("fs").readFileSync(0, "utf8").trim().split(/\s+/).map(Number);
const close = Array.from({ length: n }, () => []);
for (let i = 0; i < m; i++) {
  const [a, b] = [ends[2 * i] - 1, ends[2 * i + 1] - 1];
  close[a].push(b);
  close[b].push(a);
}

const channels = new Array(n).fill(0);
const options = (tower) => [1, 2, 3].filter((channel) => close[tower].every((other) => channels[other] !== channel));

function colour() {
  let best = -1;
  let least = [1, 2, 3, 4];
  for (let tower = 0; tower < n; tower++) {
    if (channels[tower] !== 0) continue;
    const left = options(tower);
    if (left.length < least.length) [best, least] = [tower, left];
  }
  if (best < 0) return true;
  for (const channel of least) {
    channels[best] = channel;
    if (colour()) return true;
  }
  channels[best] = 0;
  return false;
}

console.log(colour() ? channels.join(" ") : "impossible");
