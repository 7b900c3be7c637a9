const lines = require("fs").readFileSync(0, "utf8").trim().split("\n").slice(1);
const pad = (n) => String(n).padStart(2, "0");
for (const line of lines) {
  const [y, m, d, h, min, travel] = line.split(/[-: ]/).map(Number);
  const t = new Date(Date.UTC(y, m, d, h, min + travel));
  const date = `${t.getUTCFullYear()}-${pad(t.getUTCMonth())}-${pad(t.getUTCDate())}`;
  console.log(`${date} ${pad(t.getUTCHours())}:${pad(t.getUTCMinutes())}`);
}
