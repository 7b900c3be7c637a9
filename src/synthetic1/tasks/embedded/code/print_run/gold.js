const [n, k, ...numbers] = require("fs").readFileSync(0, "utf8").trim().split(/\s+/).map(BigInt);
const machines = [];
for (let i = 0; i < Number(n); i++) machines.push([numbers[2 * i], numbers[2 * i + 1]]);

function enough(seconds) {
  let copies = 0n;
  for (const [warmUp, each] of machines) {
    if (seconds > warmUp) copies += (seconds - warmUp) / each;
    if (copies >= k) return true;
  }
  return false;
}

let low = 0n;
let high = machines[0][0] + k * machines[0][1];
while (low < high) {
  const middle = (low + high) / 2n;
  if (enough(middle)) high = middle;
  else low = middle + 1n;
}
console.log(String(low));
