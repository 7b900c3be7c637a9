const words = require("fs").readFileSync(0, "utf8").trim().split(/\s+/);
const m = Number(words[2]);

// How many such numbers there are from 1 to limit (a BigInt).
function tuned(limit) {
  if (limit === 0n) return 0n;
  const empty = () => Array.from({ length: 10 }, () => new Array(m).fill(0n));
  // smaller[d][s]: beginnings below that of limit which end in digit d and have digit sum s (mod m)
  let smaller = empty();
  let equal = true;
  let last = -1;
  let total = 0;
  [...String(limit)].map(Number).forEach((digit, position) => {
    const longer = empty();
    for (let s = 0; s < m; s++) {
      let all = 0n;
      for (let d = 0; d < 10; d++) all += smaller[d][s];
      for (let d = 0; d < 10; d++) longer[d][(s + d) % m] += all - smaller[d][s];
    }
    for (let d = position === 0 ? 1 : 0; equal && d < digit; d++) {
      if (d !== last) longer[d][(total + d) % m] += 1n;
    }
    for (let d = 1; position > 0 && d < 10; d++) longer[d][d % m] += 1n;
    smaller = longer;
    equal = equal && digit !== last;
    last = digit;
    total = (total + digit) % m;
  });
  let count = equal && total === 0 ? 1n : 0n;
  for (const counts of smaller) count += counts[0];
  return count;
}

console.log(String(tuned(BigInt(Number(words[1]))) - tuned(BigInt(Number(words[0]) - 1))));
