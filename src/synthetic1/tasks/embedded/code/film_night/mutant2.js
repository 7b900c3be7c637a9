const lines = require("fs").readFileSync(0, "utf8").trim().split("\n").slice(1);
const films = lines.map((line) => line.split(" ").reverse());
films.sort();
let [seen, freeFrom] = [0, 0];
for (const [end, start] of films) {
  if (Number(start) >= freeFrom) {
    seen++;
    freeFrom = Number(end);
  }
}
console.log(seen);
