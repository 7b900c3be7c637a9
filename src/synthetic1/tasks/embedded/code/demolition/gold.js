const lines = require("fs").readFileSync(0, "utf8").split("\n");
const [rows, columns, charges] = lines[0].split(" ").map(Number);
const plan = lines.slice(1, rows + 1);

function fewestSteps() {
  const most = plan.map(() => new Array(columns).fill(-1));
  const row = plan.findIndex((line) => line.includes("S"));
  let wave = [[row, plan[row].indexOf("S"), charges]];
  most[wave[0][0]][wave[0][1]] = charges;
  for (let steps = 0; wave.length > 0; steps++) {
    const next = [];
    for (const [r, c, left] of wave) {
      if (plan[r][c] === "E") return steps;
      for (const [y, x] of [[r + 1, c], [r - 1, c], [r, c + 1], [r, c - 1]]) {
        if (y < 0 || y >= rows || x < 0 || x >= columns) continue;
        const rest = plan[y][x] === "#" ? left - 1 : left;
        if (rest > most[y][x]) {
          most[y][x] = rest;
          next.push([y, x, rest]);
        }
      }
    }
    wave = next;
  }
  return -1;
}

console.log(fewestSteps());
