const [k, ...numbers] = require("fs").readFileSync(0, "utf8").trim().split(/\s+/).map(BigInt);
const power = (base, exponent, m) => {
  let result = 1n % m;
  for (base %= m; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % m;
    base = (base * base) % m;
  }
  return result;
};
let all = 1n;
for (let i = 0; i < k; i++) all *= numbers[2 * i + 1];
let second = 0n;
for (let i = 0; i < k; i++) {
  const [a, m] = [numbers[2 * i], numbers[2 * i + 1]];
  const others = all / m;
  second += a * others * power(others, m - 2n < 0n ? 0n : m - 2n, m); // right for primes only
}
console.log(String(second % all));
