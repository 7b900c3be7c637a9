const [size, ...board] = require("fs").readFileSync(0, "utf8").trim().split(/\s+/);
const n = Number(size);
const queens = [];
const columns = new Set();
const diagonals = new Set();
function place(row) {
  if (row === n) return true;
  for (let column = 0; column < n; column++) {
    if (board[row][column] === "#" || columns.has(column) || diagonals.has(row - column)) continue;
    columns.add(column);
    diagonals.add(row - column);
    queens[row] = column + 1;
    if (place(row + 1)) return true;
    columns.delete(column);
    diagonals.delete(row - column);
  }
  return false;
}
console.log(place(0) ? queens.join(" ") : "impossible");
