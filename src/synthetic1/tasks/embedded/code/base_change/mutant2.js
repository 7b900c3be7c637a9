const lines = require("fs").readFileSync(0, "utf8").trim().split("\n").slice(1);
for (const line of lines) {
  const [a, b, number] = line.split(" ");
  console.log(parseInt(number, Number(a)).toString(Number(b)));
}
