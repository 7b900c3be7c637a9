const [a, b] = require("fs").readFileSync(0, "utf8").trim().split(/\s+/);
const common = Array.from({ length: a.length + 1 }, () => new Array(b.length + 1).fill(0));
for (let i = 1; i <= a.length; i++)
  for (let j = 1; j <= b.length; j++)
    common[i][j] =
      a[i - 1] === b[j - 1] ? common[i - 1][j - 1] + 1 : Math.max(common[i - 1][j], common[i][j - 1]);
let [above, below, i, j] = ["", "", a.length, b.length];
while (i > 0 || j > 0) {
  if (i > 0 && j > 0 && a[i - 1] === b[j - 1]) {
    above = a[--i] + above;
    below = b[--j] + below;
  } else if (j === 0 || (i > 0 && common[i - 1][j] >= common[i][j - 1])) {
    above = a[--i] + above;
    below = "-" + below;
  } else {
    above = "-" + above;
    below = b[--j] + below;
  }
}
console.log(a.length + b.length - 2 * common[a.length][b.length]);
console.log(above);
console.log(below);
