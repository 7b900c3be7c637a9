const [a, b] = require("fs").readFileSync(0, "utf8").trim().split(/\s+/);

// best[i][j]: the best alignment of the first i letters of a and the first j letters of b
const best = [];
for (let i = 0; i <= a.length; i++) {
  best.push([]);
  for (let j = 0; j <= b.length; j++) {
    const options = [];
    const extend = (from, x, y) =>
      options.push({ cost: from.cost + (x === y ? 0 : 1), above: from.above + x, below: from.below + y });
    if (i > 0 && j > 0) extend(best[i - 1][j - 1], a[i - 1], b[j - 1]);
    if (i > 0) extend(best[i - 1][j], a[i - 1], "-");
    if (j > 0) extend(best[i][j - 1], "-", b[j - 1]);
    if (options.length === 0) options.push({ cost: 0, above: "", below: "" });
    best[i].push(options.reduce((x, y) => (y.cost < x.cost ? y : x)));
  }
}
const { cost, above, below } = best[a.length][b.length];
console.log([cost, above, below].join("\n"));
