const [n, ...prices] = require("fs").readFileSync(0, "utf8").trim().split(/\s+/).map(Number);
const total = prices.reduce((a, b) => a + b, 0);
const half = Math.floor(total / 2);
// first[s]: the thing that made the sum s reachable for the first time
const first = new Array(half + 1).fill(-1);
first[0] = n;
prices.forEach((price, i) => {
  for (let sum = price; sum <= half; sum++) {
    if (first[sum] === -1 && first[sum - price] !== -1) first[sum] = i;
  }
});
let worth = half;
while (first[worth] === -1) worth--;
console.log(String(total - 2 * worth));
const part = [];
while (worth > 0) {
  part.push(first[worth] + 1);
  worth -= prices[first[worth]];
}
console.log([part.length, ...part].join(" "));
