const [size, ...board] = require("fs").readFileSync(0, "utf8").trim().split(/\s+/);
const n = Number(size);
const queens = [];

function place(row, columns, rising, falling) {
  if (row === n) return true;
  for (let column = 0; column < n; column++) {
    const [up, down] = [row + column, row - column + n];
    const attacked = columns.has(column) || rising.has(up) || falling.has(down);
    if (board[row][column] === "#" || attacked) continue;
    queens[row] = column + 1;
    columns.add(column);
    rising.add(up);
    falling.add(down);
    if (place(row + 1, columns, rising, falling)) return true;
    columns.delete(column);
    rising.delete(up);
    falling.delete(down);
  }
  return false;
}

console.log(place(0, new Set(), new Set(), new Set()) ? queens.join(" ") : "impossible");
