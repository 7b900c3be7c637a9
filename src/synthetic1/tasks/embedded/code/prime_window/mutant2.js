const [low, high] = require("fs").readFileSync(0, "utf8").trim().split(/\s+/).map(Number);
const hidden = new Uint8Array(high - low + 1);
if (low === 1) hidden[0] = 1;
const composite = new Uint8Array(1000001);
for (let p = 2; p * p <= high; p++) {
  if (composite[p]) continue;
  for (let i = p * p; i <= 1000000; i += p) composite[i] = 1;
  for (let i = Math.ceil(low / p) * p; i <= high; i += p) hidden[i - low] = 1;
}
const primes = [];
hidden.forEach((is, i) => is || primes.push(low + i));
console.log(primes.length ? `${primes.length} ${primes[0]} ${primes[primes.length - 1]}` : 0);
