const [n, capacity, ...numbers] = require("fs").readFileSync(0, "utf8").trim().split(/\s+/).map(Number);
const best = new Array(capacity + 1).fill(0);
for (let i = 0; i < n; i++) {
  const [weight, value, stock] = numbers.slice(3 * i, 3 * i + 3);
  let count = Math.min(stock, Math.floor(capacity / weight));
  for (let bundle = 1; count > 0; bundle *= 2) {
    const pieces = Math.min(bundle, count);
    const grams = pieces * weight;
    const gain = pieces * value;
    for (let w = grams; w <= capacity; w++) {
      best[w] = Math.max(best[w], best[w - grams] + gain);
    }
    count -= pieces;
  }
}
console.log(String(best[capacity]));
