const words = require("fs").readFileSync(0, "utf8").trim().split(/\s+/);
const height = Number(words[0]);
const floor = words.slice(2, 2 + height).map((row) => [...row]);
const commands = words[2 + height];
const steps = { U: [-1, 0], D: [1, 0], L: [0, -1], R: [0, 1] };

const cell = (row, column) => (floor[row] && floor[row][column]) || "#";
let r = floor.findIndex((row) => row.includes("R"));
let c = floor[r].indexOf("R");
for (const command of commands) {
  const [dr, dc] = steps[command];
  let ahead = cell(r + dr, c + dc);
  if (ahead === "C" && cell(r + 2 * dr, c + 2 * dc) === ".") {
    floor[r + 2 * dr][c + 2 * dc] = "C";
    ahead = ".";
  }
  if (ahead === ".") {
    floor[r][c] = ".";
    r += dr;
    c += dc;
    floor[r][c] = "R";
  }
}
console.log(floor.map((row) => row.join("")).join("\n"));
