const lines = require("fs").readFileSync(0, "utf8").split("\n");
const [n, voucher] = lines[0].trim().split(/\s+/).map(Number);
let bill = 0;
for (let i = 1; i <= Number(n); i++) {
  const [pieces, price] = lines[i].trim().split(/\s+/).map(Number);
  bill += pieces * price;
}
if (voucher >= bill) {
  console.log(`change ${voucher - bill}`);
} else {
  console.log(`short ${bill - voucher}`);
}
