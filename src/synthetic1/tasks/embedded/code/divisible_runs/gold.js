const [n, k, ...numbers] = require("fs").readFileSync(0, "utf8").trim().split(/\s+/).map(Number);
const seen = new Map([[0, 1]]);
let total = 0;
let runs = 0;
for (const number of numbers) {
  total = (((total + number) % k) + k) % k;
  const before = seen.get(total) || 0;
  runs += before;
  seen.set(total, before + 1);
}
console.log(runs);
