const [k, ...numbers] = require("fs").readFileSync(0, "utf8").trim().split(/\s+/).map(BigInt);

/** The g and x with g = gcd(a, b) and a·x ≡ g (mod b). */
function euclid(a, b) {
  let [g, x, h, y] = [a, 1n, b, 0n];
  while (h > 0n) [g, x, h, y] = [h, y, g % h, x - (g / h) * y];
  return [g, x];
}

function meet() {
  let second = 0n; // all lighthouses so far flash together then, and after that every `period` seconds
  let period = 1n;
  for (let i = 0; i < k; i++) {
    const [a, m] = [numbers[2 * i], numbers[2 * i + 1]];
    const [g, inverse] = euclid(period, m);
    if ((a - second) % g !== 0n) return "never";
    const rest = m / g;
    const steps = (((((a - second) / g) * inverse) % rest) + rest) % rest;
    second += steps * period;
    period *= rest;
  }
  return String(second);
}

console.log(meet());
