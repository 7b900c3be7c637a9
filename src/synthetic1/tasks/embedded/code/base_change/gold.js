const lines = require("fs").readFileSync(0, "utf8").split("\n");
const count = Number(lines[0]);
for (let i = 1; i <= count; i++) {
  const [a, b, number] = lines[i].trim().split(" ");
  let value = 0n;
  for (const digit of number) value = value * BigInt(a) + BigInt(parseInt(digit, 36));
  console.log(value.toString(Number(b)));
}
