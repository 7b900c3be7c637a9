const words = require("fs").readFileSync(0, "utf8").split(/\s+/);
let at = 0;
const next = () => words[at++];
const teams = Number(next());
const matches = Number(next());
const table = new Map();
for (let i = 0; i < teams; i++) {
  const name = next();
  table.set(name, { name, points: 0, scored: 0, difference: 0 });
}

function record(name, scored, taken) {
  const row = table.get(name);
  row.points += scored > taken ? 3 : scored === taken ? 1 : 0;
  row.scored += scored;
  row.difference += scored - taken;
}

for (let i = 0; i < matches; i++) {
  const [a, b] = [next(), next()];
  const [x, y] = [Number(next()), Number(next())];
  record(a, x, y);
  record(b, y, x);
}
const rows = [...table.values()].sort(
  (p, q) =>
    q.points - p.points ||
    q.difference - p.difference ||
    q.scored - p.scored ||
    (p.name < q.name ? -1 : 1)
);
for (const row of rows) {
  console.log(row.name, row.points, row.difference, row.scored);
}
