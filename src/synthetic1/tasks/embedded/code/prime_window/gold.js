const [low, high] = require("fs").readFileSync(0, "utf8").trim().split(/\s+/).map(Number);
const root = Math.floor(Math.sqrt(high));
const composite = new Uint8Array(root + 1);
const hidden = new Uint8Array(high - low + 1);
if (low === 1) hidden[0] = 1;
for (let p = 2; p <= root; p++) {
  if (composite[p]) continue;
  for (let i = p * p; i <= root; i += p) composite[i] = 1;
  for (let i = Math.max(p * p, Math.ceil(low / p) * p); i <= high; i += p) hidden[i - low] = 1;
}
const first = hidden.indexOf(0);
if (first < 0) {
  console.log(0);
} else {
  const count = hidden.reduce((sum, is) => sum + 1 - is, 0);
  console.log(count, low + first, low + hidden.lastIndexOf(0));
}
