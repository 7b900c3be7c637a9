const [count, ...numbers] = require("fs").readFileSync(0, "utf8").trim().split(/\s+/).map(Number);
const films = [];
for (let i = 0; i < count; i++) films.push([numbers[2 * i], numbers[2 * i + 1]]);
films.sort((a, b) => a[1] - b[1]);
let seen = 0;
let freeFrom = 0;
for (const [start, end] of films) {
  if (start >= freeFrom) {
    seen++;
    freeFrom = end;
  }
}
console.log(seen);
