const numbers = require("fs").readFileSync(0, "utf8").trim().split(/\s+/).map(Number);
let at = 0;
const next = () => numbers[at++];
const [w, s, m] = [next(), next(), next()];
const limit = Array.from({ length: w }, next);
const places = Array.from({ length: s }, next);
const offers = Array.from({ length: w }, () => []);
for (let i = 0; i < m; i++) offers[next() - 1].push({ shift: next() - 1, pay: next() });
for (const list of offers) list.sort((a, b) => a.pay - b.pay);
const takers = places.map(() => []);

// Kuhn's algorithm, cheap offers first: as many places as possible, but not always for the least pay
function take(nurse, seen) {
  for (const { shift, pay } of offers[nurse]) {
    if (seen.has(shift) || takers[shift].some((taker) => taker.nurse === nurse)) continue;
    seen.add(shift);
    if (takers[shift].length < places[shift]) {
      takers[shift].push({ nurse, pay });
      return true;
    }
    for (let i = 0; i < takers[shift].length; i++) {
      if (take(takers[shift][i].nurse, seen)) {
        takers[shift][i] = { nurse, pay };
        return true;
      }
    }
  }
  return false;
}

let filled = 0;
for (let nurse = 0; nurse < w; nurse++) {
  for (let i = 0; i < limit[nurse]; i++) if (take(nurse, new Set())) filled++;
}
let total = 0;
for (const list of takers) for (const { pay } of list) total += pay;
console.log(filled, total);
