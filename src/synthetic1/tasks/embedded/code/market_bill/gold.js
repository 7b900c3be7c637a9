const lines = require("fs").readFileSync(0, "utf8").split("\n");
const [n, voucher] = lines[0].trim().split(/\s+/).map(BigInt);
let bill = 0n;
for (let i = 1; i <= Number(n); i++) {
  const [pieces, price] = lines[i].trim().split(/\s+/).map(BigInt);
  bill += pieces * price;
}
if (voucher >= bill) {
  console.log(`change ${voucher - bill}`);
} else {
  console.log(`short ${bill - voucher}`);
}
